"""The last edge: a defect of ours is one line, without what a document says."""

import pytest

from askbox.cli import running
from askbox.cli.running import run


def test_a_defect_is_one_line_that_names_its_place_and_not_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(app: object) -> None:
        raise LookupError("the text of a document")

    monkeypatch.setattr(running.typer.main, "get_command", broken)

    code = run(["version"])

    captured = capsys.readouterr()
    assert (code, captured.out) == (1, "")
    assert captured.err.startswith("error: unexpected LookupError at running.py:")
    assert "text of a document" not in captured.err


def test_every_command_has_a_help(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [
        [], ["ask"], ["search"], ["ingest"], ["health"], ["version"], ["documents"], ["documents", "list"],
        ["documents", "show"], ["documents", "delete"], ["collections"], ["collections", "list"],
        ["collections", "delete"],
    ]  # fmt: skip

    for command in commands:
        assert run([*command, "--help"]) == 0
        assert "Usage: askbox" in capsys.readouterr().out
