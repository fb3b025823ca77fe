"""From the bytes of an OpenAI-shaped event stream to pieces of text and the usage. Knows no connection."""

from dataclasses import dataclass
from typing import Any

import orjson

from askbox_api.domain import Usage

LONGEST_LINE = 8 * 1024 * 1024
"""Bytes of one line above which a server does not speak this protocol."""


class BadStream(Exception):
    """What the server sent is not such a stream, or says that something failed; the text is safe to show."""


@dataclass(slots=True)
class StreamReader:
    """Reads one stream. `finished` is true once the server said that the answer is whole."""

    finished: bool = False
    usage: Usage | None = None
    _rest: bytes = b""

    def feed(self, data: bytes) -> str:
        """The text in what has arrived; pieces that arrive together come out together.

        Raises BadStream where the server reports an error or sends what cannot be read.
        """
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > LONGEST_LINE:
            raise BadStream(f"a line of more than {LONGEST_LINE} bytes")
        return "".join([self._text(line[5:]) for line in lines if line.startswith(b"data:")])

    def _text(self, data: bytes) -> str:
        data = data.strip()
        if data == b"[DONE]":
            self.finished = True
            return ""
        event = _parsed(data)
        if event.get("error"):
            raise BadStream("the server reports an error in its stream")
        if isinstance(usage := event.get("usage"), dict):
            self.usage = _usage(usage)
        choices = event.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return ""
        if choices[0].get("finish_reason"):
            self.finished = True
        delta = choices[0].get("delta")
        text = delta.get("content") if isinstance(delta, dict) else None
        return text if isinstance(text, str) else ""


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        try:  # a token cut within a character: broken bytes become U+FFFD, as browsers do it
            event = orjson.loads(data.decode("utf-8", "replace"))
        except orjson.JSONDecodeError:
            raise BadStream("an event that is not JSON") from None
    if not isinstance(event, dict):
        raise BadStream("an event that is not a JSON object")
    return event


def _usage(usage: dict[str, Any]) -> Usage | None:
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if isinstance(prompt, int) and isinstance(completion, int) and min(prompt, completion) >= 0:
        return Usage(prompt_tokens=prompt, completion_tokens=completion)
    return None
