"""From a document's text to the spans of its passages: along headings, paragraphs and sentences. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from askbox_api.domain import TextFormat
from askbox_api.sentences import sentences

CHUNKING = 1
"""Changes with every change of this file that moves a passage's edge, so that documents are cut anew."""

_HEADING = re.compile(r"[ ]{0,3}(#{1,6})(?:[ \t]+(.*))?")
_FENCE = re.compile(r"[ ]{0,3}(`{3,}(?=[^`]*\Z)|~{3,})\s*(\S?)")
_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of text `[start, end)` and the path of headings above it, outermost first."""

    start: int
    end: int
    headings: tuple[str, ...]


def chunk(text: str, *, format: TextFormat, size: int) -> Iterator[Section]:
    """The spans of the passages, each of at most `size` characters, trimmed, in order and without overlap.

    Never cuts a word, unless the word alone is longer than `size`. Heading lines stand in `headings`, not in the
    spans; a text that is nothing but headings is one passage.
    """
    found = False
    for section in _sections(text) if format == "markdown" else (Section(0, len(text), ()),):
        for start, end in _merged(_units(text, section, size), size):
            found = True
            yield Section(start, end, section.headings)
    if not found:
        yield from (Section(start, end, ()) for start, end in _cut_words(text, *_trim(text, 0, len(text)), size))


def first_heading(text: str) -> str:
    """The text of the first heading that has any; empty where there is none."""
    return next((title for section in _sections(text) for title in section.headings), "")


def _sections(text: str) -> Iterator[Section]:
    path: list[tuple[int, str]] = []
    fence = ""
    start = position = 0
    for line in text.splitlines(keepends=True):
        opened = _FENCE.match(line)
        if opened and not fence:
            fence = opened.group(1)
        elif opened and opened.group(1).startswith(fence) and not opened.group(2):
            fence = ""
        heading = None if fence or opened else _HEADING.fullmatch(line.rstrip("\r\n"))
        if heading:
            yield Section(start, position, tuple(title for _, title in path if title))
            level = len(heading.group(1))
            path = [*(above for above in path if above[0] < level), (level, _title(heading.group(2) or ""))]
            start = position + len(line)
        position += len(line)
    yield Section(start, len(text), tuple(title for _, title in path if title))


def _title(heading: str) -> str:
    """What a heading says, without the # that may close it."""
    said = heading.strip()
    bare = said.rstrip("#")
    return said if bare and not bare[-1].isspace() else bare.rstrip()


def _units(text: str, section: Section, size: int) -> Iterator[tuple[int, int]]:
    """Paragraphs where they fit, else their sentences, else runs of whole words."""
    for start, end in _paragraphs(text, section.start, section.end):
        if end - start <= size:
            yield start, end
            continue
        for first, last in sentences(text[start:end]):
            if last - first <= size:
                yield start + first, start + last
            else:
                yield from _cut_words(text, start + first, start + last, size)


def _paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for blank in _BLANK.finditer(text, start, end):
        yield from _filled(text, begin, blank.start())
        begin = blank.end()
    yield from _filled(text, begin, end)


def _merged(units: Iterable[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Neighbours joined as long as they fit."""
    start = end = -1
    for unit_start, unit_end in units:
        if start >= 0 and unit_end - start <= size:
            end = unit_end
            continue
        if start >= 0:
            yield start, end
        start, end = unit_start, unit_end
    if start >= 0:
        yield start, end


def _cut_words(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    while end - start > size:
        cut = next((at for at in range(start + size, start, -1) if text[at].isspace()), start + size)
        yield from _filled(text, start, cut)
        start = next((at for at in range(cut, end) if not text[at].isspace()), end)
    yield from _filled(text, start, end)


def _filled(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    start, end = _trim(text, start, end)
    if start < end:
        yield start, end


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    lead = len(piece) - len(piece.lstrip())
    return start + lead, start + max(lead, len(piece.rstrip()))
