"""Marks in a stream: cleaned, never lost, and the same however the stream is cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askbox_api.asking.marks import MARK, MarkFilter, numbers

MARKISH = st.text(alphabet="[]【】0123456789 ,;\n\tab.é\0", max_size=60)


def filtered(*pieces: str, hits: int = 3) -> str:
    marks = MarkFilter(shown=range(1, hits + 1))
    return "".join([marks.feed(piece) for piece in pieces]) + marks.finish()


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(edges)]


@settings(deadline=None, max_examples=400)
@given(text=MARKISH | st.text(max_size=40), cuts=st.lists(st.integers(0, 1_000), max_size=12))
def test_however_a_text_is_cut_the_answer_is_the_same(text: str, cuts: list[int]) -> None:
    assert filtered(*pieces_of(text, cuts)) == filtered(text)


@settings(deadline=None, max_examples=200)
@given(text=MARKISH)
def test_letter_by_letter_is_the_same_as_at_once(text: str) -> None:
    assert filtered(*text) == filtered(text)


@settings(deadline=None, max_examples=200)
@given(
    parts=st.lists(
        st.lists(st.integers(1, 999), min_size=1, max_size=10)
        | st.text(alphabet="ab. \n", min_size=1, max_size=5).filter(str.strip)
    ),
    hits=st.integers(1, 9),
)
def test_only_marks_of_real_hits_remain(parts: list[list[int] | str], hits: int) -> None:
    text = "".join(part if isinstance(part, str) else str(part) for part in parts)

    answer = filtered(text, hits=hits)

    left = [n for mark in MARK.finditer(answer) for n in numbers(mark.group())]
    assert all(1 <= n <= hits for n in left)
    given_marks = [dict.fromkeys(n for n in part if n <= hits) for part in parts if not isinstance(part, str)]
    assert left == [n for mark in given_marks for n in mark]


@settings(deadline=None, max_examples=200)
@given(st.text().filter(lambda text: not set("[【") & set(text)))
def test_text_without_brackets_passes_but_for_the_white_space_around_it(text: str) -> None:
    assert filtered(text) == text.strip()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("So it is [1, 2].", "So it is [1][2]."),
        ("So it is [1; 2].", "So it is [1][2]."),
        ("So it is [ 2 ].", "So it is [2]."),
        ("So it is 【1】.", "So it is [1]."),
        ("So it is [1】.", "So it is [1]."),
        ("So it is [2, 2, 1].", "So it is [2][1]."),
        ("So it is [1][2].", "So it is [1][2]."),
        ("So it is [ 100 , 2 , 300 , 400 , 500 , 600 , 700 , 800 , 900 , 999 ].", "So it is [2]."),
        ("So it is [9].", "So it is."),
        ("So it is \t [9].", "So it is."),
        ("So [9] it is", "So it is"),
        ("So it is [9] [8][7]. Yes.", "So it is. Yes."),
        ("So it is [9, 1].", "So it is [1]."),
        ("One.\n[9]\nTwo.", "One.\n\nTwo."),
        ("[9] So it is", "So it is"),
        ("So it is [9]", "So it is"),
        ("[9]", ""),
        ("Say a[0] or [0, 1] or [ ] or [] or [x].", "Say a[0] or [0, 1] or [ ] or [] or [x]."),
        ("See [text](http://x/[y]) of [2023].", "See [text](http://x/[y]) of [2023]."),
        ("- [ ] to do\n- [x] done", "- [ ] to do\n- [x] done"),
        ("open [1", "open [1"),
        ("open [1, ", "open [1,"),
    ],
)
def test_marks_come_out_clean(said: str, shown: str) -> None:
    assert filtered(said) == filtered(*said) == shown


def test_a_bracket_that_can_be_no_mark_is_released_at_once() -> None:
    marks = MarkFilter(shown=(1, 2, 3))

    assert marks.feed("see [") == "see"
    assert marks.feed("1") == ""
    assert marks.feed("a") == " [1a"
    assert marks.feed(" [" + "1 " * 40 + "1") == " [" + "1 " * 40 + "1"


def test_text_after_text_is_not_held_back() -> None:
    marks = MarkFilter(shown=(1, 2, 3))

    assert [marks.feed(piece) for piece in ("Llama", " 7B", " is", ".", " [1]")] == ["Llama", " 7B", " is", ".", " [1]"]


def test_a_model_that_writes_white_space_without_end_costs_little() -> None:
    marks = MarkFilter(shown=(1, 2, 3))

    # With a search over all that is held for each piece this would take minutes.
    assert {marks.feed(" ") for _ in range(30_000)} == {""}
    assert marks.feed("a") == "a"
