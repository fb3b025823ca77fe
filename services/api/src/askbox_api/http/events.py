"""An answer as server-sent events: `hits`, `token`*, then `answer` or `error`. Holds the slot until the end."""

import asyncio
import logging

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from askbox_api.asking.answering import Asking, OpenQuestion
from askbox_api.domain import Answer, Question
from askbox_api.errors import AskboxError, Stopping
from askbox_api.http import problems, wire
from askbox_api.http.leaving import ClientLeft, unless_client_leaves
from askbox_api.http.observing import observe_answer, observe_failure, observe_left

log = logging.getLogger(__name__)


class AnswerStream(Response):
    """Opens the question, so that what is refused is a real status code; from then on every failure is an event.

    A client that leaves ends the generation. A reader that takes nothing for `stall` seconds, or so little that the
    whole takes longer than `patience` seconds, is cut off: it holds a slot that others wait for.
    """

    media_type = "text/event-stream"

    def __init__(self, asking: Asking, question: Question, *, request_id: str, patience: float, stall: float) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._asking = asking
        self._question = question
        self._request_id = request_id
        self._patience = patience
        self._stall = stall
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI wants it."""
        try:
            async with unless_client_leaves(receive):
                opened = await self._asking.open(self._question)
                try:
                    async with asyncio.timeout(self._patience):
                        await self._send(opened, scope, send)
                finally:
                    await opened.close()
        except ClientLeft:
            observe_left(scope)
        except asyncio.CancelledError:
            if not self._begun:
                raise
            observe_failure(scope, stopping := Stopping())
            await _last(send, self._error(stopping))
        except TimeoutError:
            log.warning("a reader was too slow and was cut off", extra={"request_id": self._request_id})

    async def _send(self, opened: OpenQuestion, scope: Scope, send: Send) -> None:
        self._begun = True
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        hits = wire.hits_json(opened.hits)
        await self._write(send, event("hits", orjson.dumps({"hits": hits})))
        try:
            while not isinstance(piece := await opened.next(), Answer):
                await self._write(send, event("token", orjson.dumps({"text": piece})))
            observe_answer(scope, piece)
            last = event("answer", wire.answer_json(piece, hits))
        except AskboxError as error:
            observe_failure(scope, error)
            last = self._error(error)
        except (asyncio.CancelledError, TimeoutError):
            raise
        except Exception:  # the edge: the status line is sent, so the failure must be an event
            log.exception("unexpected error in a stream", extra={"request_id": self._request_id})
            last = event("error", orjson.dumps(problems.unexpected(self._request_id)))
        await _last(send, last)

    async def _write(self, send: Send, body: bytes) -> None:
        async with asyncio.timeout(self._stall):
            await send({"type": "http.response.body", "body": body, "more_body": True})

    def _error(self, error: AskboxError) -> bytes:
        return event("error", orjson.dumps(problems.of_error(error, self._request_id)))


def event(name: str, data: bytes) -> bytes:
    """One event; JSON has no raw line breaks, so it is one line whatever the text holds."""
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


async def _last(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": False})
