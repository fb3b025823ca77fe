"""Where sentences begin and end, and which words carry their meaning. Pure; shared by asking and ingesting."""

import re
from collections.abc import Iterator

# A sentence ends after . ! ? … (with closing quotes or brackets and marks like [1]) before white space and something
# that can open a sentence; after 。！？ and at each line break it ends anyway: lists and code are lines, not prose.
# The pattern begins with one class of characters, so that the search for it runs in C.
_STOP = re.compile(r"""[.!?…。！？\n](?:(?<!\n)[.!?…。！？]*["'”’)\]」』）]*(?:\s*[\[【]\d[\d,\s]*[\]】])*)?""")
_SURE = re.compile(r"[。！？\n]")
_OPENING = re.compile(r"""\s+["'“‘(\[]?[^\Wa-z_]""")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:e\.g|i\.e|etc|cf|vs|approx|Mr|Mrs|Ms|Dr|Prof|St|al|[A-Z])\.$",
    re.IGNORECASE,
)
# Only before a number: "Fig. 3", but "No. It is."
_COUNTED = re.compile(r"(?:^|[\s(\[])(?:No|Fig|Eq|Sec)\.$", re.IGNORECASE)
_CJK = r"\u3040-\u30ff\u3400-\u9fff"  # written without white space: each character is a word
_WORD = re.compile(rf"[^\W_{_CJK}]+(?:['.][^\W_{_CJK}]+)*|[{_CJK}]")

STOP_WORDS = frozenset(
    """a about an and any are as at be been but by can could did do does for from had has have how i if in into is it
    its may me my no not of on or our shall should so such than that the their then there these they this to us was we
    were what when where which while who why will with would you your""".split()
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Character spans `[start, end)` of the sentences of a text, without the white space around them."""
    begin = 0
    for stop in _STOP.finditer(text):
        if _SURE.search(stop.group()) or _ends(text, stop):
            yield from _trimmed(text, begin, stop.end())
            begin = stop.end()
    yield from _trimmed(text, begin, len(text))


def content_words(text: str) -> list[str]:
    """The words of a text that carry meaning: lower case, no stop words, plural and tense endings cut off.

    Cruder than a stemmer, and the same on both sides of every comparison it is used for.
    """
    words = _WORD.findall(text.lower().replace("’", "'"))
    return [_stem(word) for word in words if word not in STOP_WORDS]


def _ends(text: str, stop: re.Match[str]) -> bool:
    if not _OPENING.match(text, stop.end()):
        return False
    if stop.group()[0] != ".":
        return True
    before = text[max(0, stop.start() - 8) : stop.start() + 1]
    return not (_ABBREVIATION.search(before) or (_COUNTED.search(before) and text[stop.end() :].lstrip()[:1].isdigit()))


def _trimmed(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[begin:end]
    stripped = piece.strip()
    if stripped:
        start = begin + len(piece) - len(piece.lstrip())
        yield start, start + len(stripped)


def _stem(word: str) -> str:
    if word[-1] not in "gds":
        return word
    word = word.removesuffix("'s")
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
