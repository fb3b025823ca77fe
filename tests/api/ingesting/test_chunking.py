"""Passages: exact spans that lose nothing, cut no word, and know the headings above them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askbox_api.domain import TextFormat
from askbox_api.ingesting.chunking import Section, chunk, first_heading

LINES = st.sampled_from(
    [
        *("# One", "## Two ##", "### Three", "#", "#no", "```", "~~~", "text", "", "  "),
        "A sentence. Another one! And 3.5?",
        "word " * 30,
        "x" * 90,
        "- item",
        "\t# code?",
        "   # Four",
        "文。字！",
        '"quoted" (so)',
        "```python",
        "a\x0bb",
        "c\u2028d",
    ]
)
MARKDOWN = st.lists(LINES, max_size=25).map("\n".join) | st.lists(LINES, max_size=8).map("\r\n".join)
TEXTS = MARKDOWN | st.text(max_size=80)


def cut(text: str, *, format: TextFormat = "markdown", size: int = 200) -> list[tuple[tuple[str, ...], str]]:
    return [(section.headings, text[section.start : section.end]) for section in chunk(text, format=format, size=size)]


@settings(deadline=None, max_examples=300)
@given(text=TEXTS, format=st.sampled_from(["plain", "markdown"]), size=st.integers(1, 120))
def test_spans_are_in_order_trimmed_and_small_enough(text: str, format: TextFormat, size: int) -> None:
    sections = list(chunk(text, format=format, size=size))

    edges = [edge for section in sections for edge in (section.start, section.end)]
    assert edges == sorted(edges)
    assert all(0 < section.end - section.start <= size for section in sections)
    spans = [text[section.start : section.end] for section in sections]
    assert spans == [span.strip() for span in spans]
    assert bool(sections) == bool(text.strip())


@settings(deadline=None, max_examples=300)
@given(text=TEXTS, size=st.integers(1, 120))
def test_a_plain_text_loses_no_letter(text: str, size: int) -> None:
    spans = "".join(span for _, span in cut(text, format="plain", size=size))

    assert "".join(spans.split()) == "".join(text.split())


@settings(deadline=None, max_examples=300)
@given(text=TEXTS, size=st.integers(1, 120))
def test_a_markdown_text_loses_only_heading_lines(text: str, size: int) -> None:
    sections = list(chunk(text, format="markdown", size=size))

    covered = {at for section in sections for at in range(section.start, section.end)}
    position = 0
    for line in text.splitlines(keepends=True):
        lost = [at for at in range(position, position + len(line)) if at not in covered and not text[at].isspace()]
        assert not lost or re.match(" {0,3}#{1,6}([ \t]|$)", line.rstrip("\r\n")), line
        position += len(line)


@settings(deadline=None, max_examples=300)
@given(text=TEXTS, format=st.sampled_from(["plain", "markdown"]), size=st.integers(1, 120))
def test_no_word_is_cut_unless_it_is_longer_than_a_passage(text: str, format: TextFormat, size: int) -> None:
    # CJK full stops end a sentence without white space, so they end a word too.
    starts = {section.start for section in chunk(text, format=format, size=size)}

    for word in re.finditer(r"[^\s。！？]+", text):
        if len(word.group()) <= size:
            assert not starts & set(range(word.start() + 1, word.end()))


def test_headings_are_the_path_above_a_passage() -> None:
    text = "before\n# A\na\n### C\nc\n## B\nb\n# D\nd\n"

    assert cut(text) == [
        ((), "before"),
        (("A",), "a"),
        (("A", "C"), "c"),
        (("A", "B"), "b"),
        (("D",), "d"),
    ]


@pytest.mark.parametrize(
    ("line", "headings"),
    [
        ("# Title", ("Title",)),
        ("   # Title", ("Title",)),
        ("#\tTitle\t", ("Title",)),
        ("# Title ##", ("Title",)),
        ("# Title #  ", ("Title",)),
        ("# C#", ("C#",)),
        ("# Title # more", ("Title # more",)),
        ("###### Title", ("Title",)),
        ("# ", ()),
        ("#", ()),
        ("## ##", ()),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_a_heading_looks_like(line: str, headings: tuple[str, ...], end: str) -> None:
    assert cut(f"{line}{end}text") == [(headings, "text")]


@pytest.mark.parametrize("line", ["#hashtag", "    # code", "####### seven", "\\# not", "a # b", "Title\n====="])
def test_what_no_heading_looks_like(line: str) -> None:
    assert cut(f"{line}\ntext") == [((), f"{line.strip()}\ntext")]


@pytest.mark.parametrize(
    "code",
    [
        "```\n# comment\n```",
        "~~~\n# comment\n```\n# comment\n~~~",
        "````\n```\n# comment\n````",
        "```markdown\n```python\n# comment\n```",
        "```\n# comment",
        "  ```sh\n# comment\n```",
    ],
)
def test_in_fenced_code_nothing_is_a_heading(code: str) -> None:
    assert [headings for headings, _ in cut(f"# A\n{code}")] == [("A",)]


def test_a_fence_ends_and_code_in_a_line_is_no_fence() -> None:
    assert [headings for headings, _ in cut("```\n#\n```\n# A\na")] == [(), ("A",)]
    assert [headings for headings, _ in cut("```code``` in a line\n# A\na")] == [(), ("A",)]


def test_in_plain_text_nothing_is_a_heading() -> None:
    assert cut("# A\ntext", format="plain") == [((), "# A\ntext")]


def test_a_text_of_nothing_but_headings_is_one_passage() -> None:
    assert cut("# A\n## B\n") == [((), "# A\n## B")]


def test_empty_sections_give_no_passage() -> None:
    assert cut("# A\n\n## B\n \n# C\ntext") == [(("C",), "text")]


def test_paragraphs_stay_together_while_they_fit_and_never_across_headings() -> None:
    text = "one\n\ntwo\n\n" + "three " * 20 + "\n# A\nfour"

    assert cut(text, size=60)[0] == ((), "one\n\ntwo")
    assert cut(text, size=60)[-1] == (("A",), "four")


def test_a_paragraph_too_large_is_cut_at_sentences() -> None:
    text = "First sentence here. Second sentence here. Third one."

    assert [span for _, span in cut(text, size=45)] == ["First sentence here. Second sentence here.", "Third one."]


def test_words_are_taken_while_they_fit_exactly() -> None:
    assert [span for _, span in cut("aa bb cc dd", format="plain", size=5)] == ["aa bb", "cc dd"]


def test_a_giant_word_is_cut_and_only_that_one() -> None:
    assert [span for _, span in cut(f"ab {'x' * 25} cd", format="plain", size=10)] == [
        "ab",
        "x" * 10,
        "x" * 10,
        "xxxxx cd",
    ]


@pytest.mark.parametrize("text", ["# a" + " " * 200_000 + "b", "." * 300_000, "\n" + " " * 300_000, "#" * 300_000])
def test_hostile_texts_cost_no_more_than_their_length(text: str) -> None:
    # With backtracking these took minutes.
    sections = list(chunk(f"{text}\ntext", format="markdown", size=1_200))

    assert sections[-1].end == len(text) + 5


def test_the_first_heading_is_the_first_that_says_something() -> None:
    assert first_heading("text\n#\n## B\n# A") == "B"
    assert first_heading("```\n# code\n```\ntext") == ""
    assert first_heading("") == ""


def test_a_section_is_a_value() -> None:
    assert list(chunk("text", format="plain", size=200)) == [Section(0, 4, ())]
