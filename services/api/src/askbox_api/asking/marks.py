"""Citation marks in a stream of text: `[1, 2]` and `【1】` become `[1][2]` and `[1]`; marks that point nowhere go."""

import re

MARK = re.compile(r"[\[【]\s?\d{1,3}(?:\s?[,;]\s?\d{1,3}){0,9}\s?[\]】]")
_OPEN = re.compile(r"[\[【][\d\s,;]*\Z")
_LONGEST = 61  # what MARK can match at most: a longer bracket is no mark


def numbers(mark: str) -> list[int]:
    """The hits that a mark names, counted from 1."""
    return [int(number) for number in re.findall(r"\d+", mark)]


class MarkFilter:
    """Cleans marks while text streams through; what it lets out adds up to the final answer.

    A mark is held back from its bracket until it closes. White space is held back with it, so that a mark that goes
    leaves no gap, and so is white space at the end; white space before the first word is dropped.
    """

    def __init__(self, *, hits: int) -> None:
        self._hits = hits
        self._held = ""
        self._begun = False

    def feed(self, text: str) -> str:
        """What may be shown now, given that `text` has arrived."""
        if not self._held and self._begun and not _needs_care(text):
            return text
        self._held += text
        return self._release(final=False)

    def finish(self) -> str:
        """What was still held back at the end."""
        return self._release(final=True)

    def _release(self, *, final: bool) -> str:
        held = MARK.sub(self._clean, self._held)
        held = re.sub(r"[ \t]*\0", "", held)
        keep = len(held.rstrip())
        opened = _OPEN.search(held)
        if opened and not final and len(held) - opened.start() <= _LONGEST:
            keep = len(held[: opened.start()].rstrip())
        out, self._held = held[:keep], "" if final else held[keep:]
        if not self._begun:
            out = out.lstrip()
            self._begun = bool(out)
        return out

    def _clean(self, mark: re.Match[str]) -> str:
        kept = [n for n in dict.fromkeys(numbers(mark.group())) if 1 <= n <= self._hits]
        return "".join(f"[{n}]" for n in kept) or "\0"


def _needs_care(text: str) -> bool:
    return "[" in text or "【" in text or "\0" in text or text[-1:].isspace()
