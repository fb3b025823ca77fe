"""Folders and files: which are read, in which order, and what becomes of the others."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from askbox.reading.files import read
from askbox.reading.findings import Failure, Record, Skipped

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(name: str, content: bytes | str = "text") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return file


def ids(findings: list[object]) -> list[str | None]:
    return [finding.document.id for finding in findings if isinstance(finding, Record)]


def test_a_folder_is_read_with_all_below_it_in_order_of_name(tmp_path: Path, write: Write) -> None:
    for name in ("b.txt", "a.md", "sub/z.txt", "sub/deep/y.markdown", "another/x.TXT"):
        write(name)

    assert ids(list(read([tmp_path]))) == ["a.md", "b.txt", "another/x.TXT", "sub/z.txt", "sub/deep/y.markdown"]


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path, write: Write) -> None:
    for name in (".hidden.md", ".git/a.md", "seen.md"):
        write(name)

    assert ids(list(read([tmp_path]))) == ["seen.md"]


def test_files_of_other_kinds_are_skipped_in_a_folder_and_fail_where_they_are_named(
    tmp_path: Path, write: Write
) -> None:
    pdf = write("a.pdf")
    bare = write("Makefile")

    assert list(read([tmp_path])) == [Skipped(str(bare), ""), Skipped(str(pdf), ".pdf")]
    (failure,) = read([pdf])
    assert isinstance(failure, Failure)
    assert ".jsonl" in failure.reason


def test_links_that_go_in_circles_end(tmp_path: Path, write: Write) -> None:
    write("sub/a.md")
    (tmp_path / "sub" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")
    (tmp_path / "broken.md").symlink_to(tmp_path / "nowhere")

    assert ids(list(read([tmp_path]))) == ["sub/a.md"]


def test_a_linked_folder_is_read_once(tmp_path: Path, write: Write) -> None:
    write("elsewhere/a.md")
    root = tmp_path / "root"
    root.mkdir()
    for name in ("one", "two"):
        (root / name).symlink_to(tmp_path / "elsewhere", target_is_directory=True)

    assert ids(list(read([root]))) == ["one/a.md"]


def test_a_pipe_with_the_name_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jsonl")

    assert list(read([tmp_path])) == []
    assert list(read([tmp_path / "a.jsonl"])) == [Failure(str(tmp_path / "a.jsonl"), "is no file")]


def test_a_file_that_is_gone_is_a_failure(tmp_path: Path) -> None:
    assert list(read([tmp_path / "gone.md"])) == [Failure(str(tmp_path / "gone.md"), "does not exist")]


def test_a_folder_that_cannot_be_listed_is_a_failure(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.md")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)

    assert list(read([tmp_path])) == [Failure(str(tmp_path), "cannot be read: Permission denied")]


def test_a_name_that_is_not_utf8_is_a_failure(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))
    path.write_text("text")

    (failure,) = read([tmp_path])

    assert failure == Failure(str(path), "its name is not UTF-8: rename it")


def test_a_very_deep_folder_is_no_danger(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(300):
        folder = folder / "d"
        folder.mkdir()
    (folder / "a.md").write_text("deep")

    (found,) = read([tmp_path])

    assert isinstance(found, Failure)
    assert found.reason.startswith("id: ")


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path, write: Write) -> None:
    write("a.md", b"\xff\xfe\xff")
    write("b.json", "{")
    write("c.csv", b"text\n\xff\n")
    write("d.txt", "good")

    findings = list(read([tmp_path]))

    assert [type(finding) for finding in findings] == [Failure, Failure, Failure, Record]
