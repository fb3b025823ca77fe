"""Markdown and plain text → one document a file. The text stays as it is; the API cuts it."""

import re
from collections.abc import Iterator
from typing import Literal

from askbox.reading.decoding import read_text
from askbox.reading.findings import Failure, Record, Source
from askbox.reading.records import checked
from askbox.schemas import MAX_TEXT

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*$")
_LONGEST_TITLE = 1_000


def read_markdown(source: Source) -> Iterator[Record | Failure]:
    """The file as one document, titled by its first `# ` heading."""
    yield _document(source, format="markdown")


def read_plain(source: Source) -> Iterator[Record | Failure]:
    """The file as one document, titled by its name."""
    yield _document(source, format="plain")


def first_heading(text: str) -> str:
    """The first `# ` heading of Markdown outside front matter and fenced code, or an empty string."""
    lines = iter(text.splitlines())
    fence = ""
    for number, line in enumerate(lines):
        if number == 0 and line.rstrip() == "---":
            fence = "---"
        elif fence:
            fence = "" if _closes(line, fence) else fence
        elif opening := _FENCE.match(line):
            fence = opening[1]
        elif heading := _HEADING.match(line):
            return heading[1].strip()
    return ""


def _closes(line: str, fence: str) -> bool:
    mark = line.strip()
    if fence == "---":
        return mark in ("---", "...")
    return mark.startswith(fence) and not mark.strip(fence[0])


def _document(source: Source, *, format: Literal["plain", "markdown"]) -> Record | Failure:
    if not _is_unicode(source.name):
        return Failure(source.place, "its name is not UTF-8: rename it")
    text = read_text(source.path, most=MAX_TEXT)
    if not text.strip():
        return Failure(source.place, "holds no text")
    heading = first_heading(text) if format == "markdown" else ""
    title = heading if 0 < len(heading) <= _LONGEST_TITLE else source.path.stem
    values = {"id": source.name, "title": title, "text": text, "format": format}
    return checked(source.place, values | {"metadata": {"source": source.name}})


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
