"""Nothing that a document or a model says can steer a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askbox.cli.printing import safe, safe_line, say_table


@given(text=st.text(st.characters()))
def test_no_text_keeps_a_character_that_steers(text: str) -> None:
    printed = safe(text)

    assert not [each for each in printed if unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t"]
    assert not set(printed) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u2028\u2029"
    )
    assert safe(printed) == printed


@given(text=st.text(st.characters()))
def test_a_line_stays_one_line(text: str) -> None:
    assert len(safe_line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("good\rbad\r\nnext", "good\nbad\nnext"),
        ("\x9b31m\u202eabc", "\\x9b31m\\u202eabc"),
        ("[bold]x[/bold] :smile:", "[bold]x[/bold] :smile:"),
        ("日本\té 👩‍👩‍👧", "日本\té 👩‍👩‍👧"),
    ],
)
def test_what_steers_is_shown_and_all_else_stays(text: str, printed: str) -> None:
    assert safe(text) == printed


def test_columns_are_aligned_by_what_a_terminal_shows(capsys: pytest.CaptureFixture[str]) -> None:
    say_table([("日本", "a", "x"), ("b", "[red]c", "")])

    assert capsys.readouterr().out == "日本  a       x\nb     [red]c\n"
