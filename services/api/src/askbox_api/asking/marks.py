"""Citation marks in a stream of text: `[1, 2]` and `【1】` become `[1][2]` and `[1]`; marks that point nowhere go."""

import re
from collections.abc import Collection

# Hits are counted from 1, so [0] and [0, 1] are no marks: indices and intervals stay as they are.
MARK = re.compile(r"[\[【]\s?(?!0)\d{1,3}(?:\s?[,;]\s?(?!0)\d{1,3}){0,9}\s?[\]】]")
_OPEN = re.compile(r"[\[【][\d\s,;]*\Z")
_LONGEST = 61  # what MARK can match at most: a longer bracket is no mark


def numbers(mark: str) -> list[int]:
    """The hits that a mark names, counted from 1."""
    return [int(number) for number in re.findall(r"\d+", mark)]


class MarkFilter:
    """Cleans marks while text streams through; what it lets out adds up to the final answer.

    A mark is held back from its bracket until it closes. White space is held back with it, so that a mark that goes
    leaves no gap, and so is white space at the end; white space before the first word is dropped.

    `shown` are the numbers of the hits that the model has read: a mark with another number points nowhere.
    """

    def __init__(self, *, shown: Collection[int]) -> None:
        self._shown = shown
        self._held = ""
        self._begun = False

    def feed(self, text: str) -> str:
        """What may be shown now, given that `text` has arrived."""
        if not self._held and self._begun and not _needs_care(text):
            return text
        self._held += text
        return "" if text.isspace() else self._release(final=False)

    def finish(self) -> str:
        """What was still held back at the end."""
        return self._release(final=True)

    def _release(self, *, final: bool) -> str:
        cleaned, end = self._cleaned(self._held)
        rest = self._held[end:]
        opened = None if final else _OPEN.search(rest)
        if opened and len(rest) - opened.start() <= _LONGEST:
            keep = len((cleaned + rest[: opened.start()]).rstrip())
        else:
            keep = len((cleaned + rest).rstrip())
        out, self._held = (cleaned + rest)[:keep], "" if final else (cleaned + rest)[keep:]
        if not self._begun:
            out = out.lstrip()
            self._begun = bool(out)
        return out

    def _cleaned(self, text: str) -> tuple[str, int]:
        """The text up to the end of its last mark, with clean marks, and where that end is."""
        parts, end = [], 0
        for mark in MARK.finditer(text):
            before = text[end : mark.start()]
            kept = [n for n in dict.fromkeys(numbers(mark.group())) if n in self._shown]
            parts.append(before + "".join(f"[{n}]" for n in kept) if kept else before.rstrip(" \t"))
            end = mark.end()
        return "".join(parts), end


def _needs_care(text: str) -> bool:
    return "[" in text or "【" in text or text[-1:].isspace()
