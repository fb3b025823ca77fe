"""How many tokens a text is at most, without the model's own tokenizer; corrected by what its server counted."""

from collections import deque

FIRST_RATIO = 2.2
"""Bytes of ASCII a token before anything was counted: less than English, code and numbers need on common tokenizers."""

MESSAGE_TOKENS = 8
"""What a chat template puts around one message."""

RESERVE = 0.9
"""The estimate keeps a tenth below the leanest ratio seen."""

_LEANEST, _RICHEST = 1.0, 4.0


class TokenEstimator:
    """Estimates tokens from above: ASCII by a ratio of bytes, every other byte as a token (byte fallback does that).

    The ratio follows the leanest of the last prompts that the server counted.
    """

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=32)
        self._ratio = FIRST_RATIO

    def estimate(self, text: str) -> int:
        """Tokens of a text, from above."""
        ascii_bytes, other_bytes = _weigh(text)
        return int(ascii_bytes / self._ratio) + other_bytes + 1

    def correct(self, texts: tuple[str, ...], counted: int) -> None:
        """Learn from a prompt that the server read whole and counted as so many tokens."""
        weighed = [_weigh(text) for text in texts]
        own = counted - sum(other for _, other in weighed) - MESSAGE_TOKENS * len(texts)
        ascii_bytes = sum(ascii_bytes for ascii_bytes, _ in weighed)
        if own <= 0 or ascii_bytes < 200:
            return  # too little to tell the text from the template
        self._seen.append(min(max(ascii_bytes / own * RESERVE, _LEANEST), _RICHEST))
        self._ratio = min(self._seen)


def _weigh(text: str) -> tuple[int, int]:
    if text.isascii():
        return len(text), 0
    ascii_bytes = sum(1 for character in text if character < "\x80")
    return ascii_bytes, len(text.encode("utf-8", "surrogatepass")) - ascii_bytes
