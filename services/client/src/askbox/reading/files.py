"""Paths → findings: walks folders, and gives each file to the reader of its kind. Sends nothing."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from askbox.reading.csv_files import read_csv
from askbox.reading.decoding import NotText
from askbox.reading.findings import Failure, Finding, Skipped, Source
from askbox.reading.json_files import read_json, read_json_lines
from askbox.reading.text_files import read_markdown, read_plain

READERS: dict[str, Callable[[Source], Iterator[Finding]]] = {
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_csv,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_plain,
}


def read(paths: Iterable[Path]) -> Iterator[Finding]:
    """What the files hold, and the folders with all below them, in order of name.

    Hidden files are passed over; a file of another kind is `Skipped` in a folder and a `Failure` where it was
    named itself. Nothing is raised for a file that cannot be read: it is a `Failure`.
    """
    for path in paths:
        if path.is_dir():
            yield from _read_folder(path)
        elif path.suffix.lower() not in READERS:
            yield Failure(str(path), f"is of no kind that can be read ({', '.join(READERS)})")
        else:
            yield from _read_file(Source(path, path.name))


def _read_folder(root: Path) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield Failure(str(folder), _why(error))
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        shown = [Path(entry.path) for entry in entries if not entry.name.startswith(".")]
        for path in shown:
            if path.is_file():
                yield from _read_found(path, root=root)
        waiting += [path for path in reversed(shown) if path.is_dir()]


def _read_found(path: Path, *, root: Path) -> Iterator[Finding]:
    if path.suffix.lower() in READERS:
        yield from _read_file(Source(path, path.relative_to(root).as_posix()))
    else:
        yield Skipped(str(path), path.suffix.lower())


def _read_file(source: Source) -> Iterator[Finding]:
    place, path = source.place, source.path
    if not path.is_file():
        yield Failure(place, "is no file" if path.exists() else "does not exist")
        return
    try:
        yield from READERS[path.suffix.lower()](source)
    except NotText as error:
        yield Failure(place, str(error))
    except UnicodeDecodeError as error:
        yield Failure(place, f"is not {error.encoding.upper()}: {error.reason}; what follows was not read")
    except OSError as error:
        yield Failure(place, _why(error))


def _why(error: OSError) -> str:
    return f"cannot be read: {error.strerror or type(error).__name__}"
