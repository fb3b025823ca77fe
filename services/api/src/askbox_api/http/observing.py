"""Around every request: its id, its line in the log, its place in the metrics. Never what the user sent."""

import asyncio
import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from askbox_api.domain import Answer, WriteOutcome
from askbox_api.errors import AskboxError
from askbox_api.http.metrics import Metrics, outcome, stages

log = logging.getLogger("askbox_api.requests")

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_NOT_BEGUN = 499  # no answer was begun: the client left before
_QUIET = {"/health/live", "/health/ready", "/metrics"}


class Observing:
    """ASGI middleware: gives each request an id (the client's own where it is sane) and records how it went."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        slow_seconds: float,
        unexpected: Callable[[str], Response],
        stopping: Callable[[str], Response],
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._unexpected = unexpected
        self._stopping = stopping
        self._slow_ms = slow_seconds * 1000

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        state: dict[str, Any] = scope.setdefault("state", {})
        request_id = state["request_id"] = _request_id(scope)
        header = (b"x-request-id", request_id.encode())
        status = _NOT_BEGUN

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except asyncio.CancelledError:  # the process ends now; the client shall know that it may try again
            if status != _NOT_BEGUN:
                raise
            await self._stopping(request_id)(scope, receive, sending)
        except Exception:  # the edge of a request: whatever it is, the log has it and the client gets an answer
            log.exception("unexpected error", extra={"request_id": request_id})
            if status != _NOT_BEGUN:
                raise
            await self._unexpected(request_id)(scope, receive, sending)
        finally:
            self._record(scope, state, status, time.perf_counter() - begun)

    def _record(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")
        _count(self._metrics, state, route, status, seconds)
        if route in _QUIET and status < 400:
            return
        fields = {
            "request_id": state["request_id"],
            "method": scope["method"],
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        }
        answer: Answer | None = state.get("answer")
        if answer:
            fields |= {"outcome": outcome(answer), "degraded": [notice.code for notice in answer.degraded]}
        if documents := state.get("documents"):
            fields |= documents
        if failure := state.get("failure"):
            fields["failure"] = failure
        log.info("request", extra={"fields": fields})
        if answer and answer.timings.total_ms >= self._slow_ms:
            log.warning(
                "slow question", extra={"fields": {"request_id": state["request_id"], "stages_ms": stages(answer)}}
            )


def observe_answer(scope: Scope, answer: Answer) -> None:
    """Note the answer of this request."""
    scope["state"]["answer"] = answer


def observe_documents(scope: Scope, outcomes: Sequence[WriteOutcome]) -> None:
    """Note what became of this request's documents."""
    scope["state"]["documents"] = Counter(str(outcome.status) for outcome in outcomes)


def observe_failure(scope: Scope, error: AskboxError) -> None:
    """Note that this request's stream ended with an error."""
    scope["state"]["failure"] = error.code


def observe_left(scope: Scope) -> None:
    """Note that the client of this request left."""
    scope["state"]["failure"] = "client_left"


def request_id_of(request: Request) -> str:
    """The id that this request was given."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def _count(metrics: Metrics, state: dict[str, Any], route: str, status: int, seconds: float) -> None:
    metrics.requested(route=route, status=status, seconds=seconds)
    for status, count in state.get("documents", {}).items():
        metrics.documents.labels(status).inc(count)
    if "answer" not in state and route in ("/ask", "/ask/stream"):
        metrics.failed()
    elif answer := state.get("answer"):
        metrics.answered(answer)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)
