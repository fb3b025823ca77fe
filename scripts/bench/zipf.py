"""A corpus out of thin air: words as frequent as Zipf's law has it, in short passages; the same for the same seed."""

import hashlib
import random
from collections.abc import Iterator
from itertools import accumulate, islice, product

from askbox_api.domain import ChunkedDocument, Document, Passage

WORDS = 50_000
TOPICS = 10
_LENGTH = (20, 40)  # words of a passage
_SYLLABLES = ["".join(pair) for pair in product("bcdfghklmnprstvz", "aeiou")]


class Corpus:
    """Passages of 20 to 40 words, each with one of ten topics as metadata; made anew whenever they are read."""

    def __init__(self, *, seed: int = 20261125) -> None:
        self._seed = seed
        words = ["".join(syllables) for syllables in islice(product(_SYLLABLES, repeat=3), WORDS)]
        random.Random(seed).shuffle(words)
        self._words = words
        self._weights = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))

    def texts(self) -> Iterator[str]:
        """Texts without end."""
        chance = random.Random(self._seed)
        while True:
            yield " ".join(chance.choices(self._words, cum_weights=self._weights, k=chance.randint(*_LENGTH)))

    def batches(self, count: int, *, size: int) -> Iterator[list[ChunkedDocument]]:
        """The first `count` documents of one passage each, `size` at a time."""
        documents = (one_passage(f"d{number}", text, topic(number)) for number, text in enumerate(self.texts()))
        wanted = islice(documents, count)
        while batch := list(islice(wanted, size)):
            yield batch

    def queries(self, count: int) -> list[str]:
        """Three words each that stand in one passage."""
        chance = random.Random(self._seed + 1)
        return [" ".join(chance.sample(text.split(), 3)) for text in islice(self.texts(), count)]


def topic(number: int) -> str:
    """The topic of a document."""
    return f"topic-{number % TOPICS}"


def one_passage(id_: str, text: str, about: str) -> ChunkedDocument:
    """A document that is a single passage."""
    version = hashlib.blake2b(f"{id_} {text}".encode(), digest_size=16).hexdigest()
    document = Document(id_, text, metadata={"topic": about})
    return ChunkedDocument(
        document, version, (Passage(version, id_, 0, "", (), text, 0, len(text), metadata=document.metadata),)
    )
