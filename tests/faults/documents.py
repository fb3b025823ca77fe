"""Numbered documents that are new, replaced and unchanged, and a ledger of which version was acknowledged.

Every passage of a document holds two words of its own: one for the document, one for its version.
"""

import random
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

COLLECTION = "numbered"


def document(number: int, version: int) -> dict[str, Any]:
    """Version `version` of document `number`: one to three passages, another number in each version."""
    word = word_of(number)
    paragraph = f"This passage belongs to {word} and was written as {word}v{version} by the test. " + "filler " * 12
    return {"id": f"doc-{number}", "text": "\n\n".join([paragraph.strip()] * (1 + (number + version) % 3))}


def word_of(number: int) -> str:
    """The word that stands in every passage of this document, and in none of another."""
    return f"number{number}"


def versions_in(text: str) -> set[str]:
    """The words of versions in a text, as `number7v2`."""
    return set(re.findall(r"number\d+v\d+", text))


@dataclass
class _Entry:
    sent: int
    acknowledged: int = 0


class Ledger:
    """What was sent of each document, and what of it was acknowledged."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self.acknowledgements = 0
        self.statuses: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def numbers(self) -> list[int]:
        return list(self._entries)

    @property
    def acknowledged(self) -> list[int]:
        """The documents of which some version was acknowledged."""
        return [number for number, entry in self._entries.items() if entry.acknowledged]

    def versions(self, number: int) -> range:
        """The versions that may be stored: the one acknowledged last, and any sent since; 0 stands for none."""
        entry = self._entries[number]
        return range(entry.acknowledged, entry.sent + 1)

    def latest(self, numbers: list[int]) -> dict[int, int]:
        """The last version sent of each of these."""
        return {number: self._entries[number].sent for number in numbers}

    def next_batch(self, chance: random.Random) -> dict[int, int]:
        """Six new documents, two replaced ones and two unchanged ones, as versions by number."""
        settled = [number for number, entry in self._entries.items() if entry.acknowledged == entry.sent]
        known = chance.sample(settled, min(4, len(settled)))
        fresh = range(len(self._entries), len(self._entries) + 6)
        batch = dict.fromkeys(fresh, 1)
        batch |= {number: self._entries[number].sent + (place < 2) for place, number in enumerate(known)}
        for number, version in batch.items():
            self._entries.setdefault(number, _Entry(version)).sent = version
        return batch

    def acknowledge(self, batch: dict[int, int], outcomes: list[dict[str, Any]]) -> None:
        """Note a 201."""
        for (number, version), outcome in zip(batch.items(), outcomes, strict=True):
            assert outcome["status"] != "failed", outcome
            self._entries[number].acknowledged = version
            self.statuses[outcome["status"]] += 1
        self.acknowledgements += len(batch)
