"""Which sentence of which passage stands behind each sentence of an answer. Pure; `marks` knows how marks look."""

from collections.abc import Iterator, Sequence

from askbox_api.asking.marks import MARK, numbers
from askbox_api.domain import Citation, NumberedHit, Passage
from askbox_api.sentences import content_words, sentences

CONTAINMENT = 0.5
"""Share of an unmarked answer sentence's words that a passage sentence must hold to be cited (docs/decisions/0006)."""

MIN_WORDS = 3
"""Sentences with fewer words that carry meaning are matched by chance, so they are not cited by themselves."""


def cite(answer: str, shown: Sequence[NumberedHit]) -> tuple[Citation, ...]:
    """The citations of an answer: one for each mark, or matched by words where the model set no mark at all.

    `shown` are the hits that the model has read. The same sentence of a passage is cited once.
    """
    quoted = _QuotedHits(shown)
    claims = [answer[start:end] for start, end in sentences(answer)]
    marked = [
        quoted.best(claim, n, inferred=False) for sentence in claims for claim, n in _marked(sentence) if n in quoted
    ]
    found = marked or [citation for claim in claims if (citation := quoted.infer(claim)) is not None]
    return tuple(dict.fromkeys(found))


def _marked(sentence: str) -> Iterator[tuple[str, int]]:
    if "[" not in sentence and "【" not in sentence:
        return
    claim = MARK.sub(" ", sentence)
    for mark in MARK.finditer(sentence):
        for n in numbers(mark.group()):
            yield claim, n


class _QuotedHits:
    """The sentences of the hits with their words, cut when first looked at."""

    def __init__(self, shown: Sequence[NumberedHit]) -> None:
        self._passages = {numbered.n: numbered.hit.passage for numbered in shown}
        self._letters = {n: _letters(passage) for n, passage in self._passages.items()}
        self._all_letters = "\n".join(self._letters.values())
        self._cut: dict[int, list[tuple[int, int, frozenset[str]]]] = {}

    def __contains__(self, n: int) -> bool:
        return n in self._passages

    def best(self, claim: str, n: int, *, inferred: bool) -> Citation:
        """The sentence of hit `n` that holds most of the claim's words; the first one where none holds any."""
        words = frozenset(content_words(claim))
        start, end, _ = max(self._sentences(n), key=lambda sentence: len(words & sentence[2]))
        return self._citation(n, start, end, inferred=inferred)

    def infer(self, claim: str) -> Citation | None:
        """The sentence of any hit that holds the claim best, if it holds enough of it."""
        words = frozenset(content_words(claim))
        if len(words) < MIN_WORDS:
            return None
        score, n, (start, end, _) = max(
            (
                (len(words & sentence[2]) / len(words), -n, sentence)
                for n in self._holding(words, CONTAINMENT)
                for sentence in self._sentences(n)
            ),
            key=lambda found: found[:2],
            default=(0.0, 0, (0, 0, words)),
        )
        return self._citation(-n, start, end, inferred=True) if score >= CONTAINMENT else None

    def _holding(self, words: frozenset[str], share: float) -> list[int]:
        """The hits that may hold this share of the words: to look for letters costs less than to cut sentences."""
        may_miss = (1 - share) * len(words)
        there = []
        for looked, word in enumerate(words, start=1):
            if word in self._all_letters:
                there.append(word)
            elif looked - len(there) > may_miss:
                return []
        needed = len(words) - may_miss
        return [n for n, own in self._letters.items() if sum(word in own for word in there) >= needed]

    def _sentences(self, n: int) -> list[tuple[int, int, frozenset[str]]]:
        if n not in self._cut:
            passage = self._passages[n]
            above = frozenset(content_words(passage.title))
            self._cut[n] = [
                (start, end, above | frozenset(content_words(passage.text[start:end])))
                for start, end in sentences(passage.text)
            ] or [(0, len(passage.text), above)]
        return self._cut[n]

    def _citation(self, n: int, start: int, end: int, *, inferred: bool) -> Citation:
        passage = self._passages[n]
        return Citation(
            n=n,
            document_id=passage.document_id,
            passage_id=passage.id,
            title=passage.title,
            headings=passage.headings,
            start=passage.start + start,
            end=passage.start + end,
            quote=passage.text[start:end],
            inferred=inferred,
        )


def _letters(passage: Passage) -> str:
    return f"{passage.title}\n{passage.text}".lower().replace("’", "'")
