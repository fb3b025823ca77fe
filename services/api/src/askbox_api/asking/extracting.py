"""An answer without a model: the best passage's own words. Pure; what says that no model wrote it is the caller."""

from collections.abc import Sequence

from askbox_api.domain import Citation, Hit
from askbox_api.sentences import content_words, sentences

LONGEST = 600
"""Characters of a passage that are quoted at most."""


def extract(question: str, hits: Sequence[Hit]) -> tuple[str, tuple[Citation, ...]]:
    """The sentences of the first hit around the one that shares most words with the question, and their citation.

    `hits` holds at least one hit. The text is the quote followed by its mark.
    """
    passage = hits[0].passage
    start, end = _span(question, passage.text)
    quote = passage.text[start:end]
    citation = Citation(
        n=1,
        document_id=passage.document_id,
        passage_id=passage.id,
        title=passage.title,
        headings=passage.headings,
        start=passage.start + start,
        end=passage.start + end,
        quote=quote,
    )
    return f"{quote} [1]", (citation,)


def _span(question: str, text: str) -> tuple[int, int]:
    if len(text) <= LONGEST:
        return 0, len(text)
    asked = frozenset(content_words(question))
    spans = list(sentences(text)) or [(0, len(text))]
    best = max(range(len(spans)), key=lambda index: len(asked & frozenset(content_words(text[slice(*spans[index])]))))
    start = end = spans[best][0]
    for _, stop in spans[best:]:
        if end > start and stop - start > LONGEST:
            break
        end = stop
    return start, _whole_words(text, start, end)


def _whole_words(text: str, start: int, end: int) -> int:
    if end - start <= LONGEST:
        return end
    cut = text.rfind(" ", start, start + LONGEST)
    return cut if cut > start else start + LONGEST
