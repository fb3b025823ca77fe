"""Server-sent events: bytes in any pieces → named events → the contract's events.

Follows the parsing rules of the HTML standard (https://html.spec.whatwg.org/multipage/server-sent-events.html);
knows nothing of connections. `id` and `retry` are not used: a question is never asked again by itself.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from askbox.schemas import AnswerEvent, AskResponse, ErrorEvent, Event, HitsEvent, Problem, TokenEvent

MAX_EVENT_BYTES = 64 * 2**20
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One event: its name (`message` where none was given) and its data, lines joined by newlines."""

    name: str
    data: str


class EventParser:
    """Takes the bytes of a stream as they come. An event is out as soon as its empty line is in."""

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._after_carriage_return = False
        self._at_start = True
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """The events that `chunk` completes. Raises `ValueError` for one of more than `MAX_EVENT_BYTES`."""
        self._size += len(chunk)
        for line in self._lines(chunk):
            if line:
                self._take(line)
            else:
                yield from self._event()
        if self._size > MAX_EVENT_BYTES:
            raise ValueError(f"an event of more than {MAX_EVENT_BYTES} bytes")

    def _lines(self, chunk: bytes) -> Iterator[str]:
        if self._after_carriage_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_carriage_return = False
        if not chunk:
            return
        self._after_carriage_return = chunk.endswith(b"\r")
        *complete, rest = _LINE_END.split(chunk)
        for piece in complete:
            yield self._decoded(b"".join([*self._line, piece]))
            self._line = []
        if rest:
            self._line.append(rest)

    def _decoded(self, line: bytes) -> str:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        return line.decode("utf-8", errors="replace")

    def _take(self, line: str) -> None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)

    def _event(self) -> Iterator[ServerSentEvent]:
        if self._data:
            yield ServerSentEvent(self._name or "message", "\n".join(self._data))
        self._name, self._data, self._size = "", [], 0


def contract_event(sent: ServerSentEvent) -> Event | None:
    """The contract's event, or None for a name it does not know. Raises `ValueError` if the data do not fit."""
    match sent.name:
        case "hits":
            return HitsEvent.model_validate_json(sent.data)
        case "token":
            return TokenEvent.model_validate_json(sent.data)
        case "answer":
            return AnswerEvent(answer=AskResponse.model_validate_json(sent.data))
        case "error":
            return ErrorEvent(problem=Problem.model_validate_json(sent.data))
        case _:
            return None
