"""Stand-ins for Elasticsearch on loopback: one that is told what to answer, one that passes on until it is stopped.

Bodies and headers are those of a real 9.4.3.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web

Body = dict[str, Any]
Answer = Callable[[web.Request, bytes], Awaitable[web.Response]]

PRODUCT = {"X-elastic-product": "Elasticsearch"}
SHARDS = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
HIT: Body = {
    "_index": "askbox-passages.c.1",
    "_id": "p1",
    "_score": 1.5,
    "_source": {
        "document_id": "d1",
        "position": 0,
        "title": "A title",
        "headings": ["Above"],
        "text": "A text",
        "start": 0,
        "end": 6,
        "metadata": {"course": ["a", "b"]},
    },
}
REJECTED = {
    "type": "es_rejected_execution_exception",
    "reason": "rejected execution of TimedRunnable{original=…",
}
REFUSED = {"type": "document_parsing_exception", "reason": "[1:12] failed to parse: secret words of the document"}
BLOCKED = {"type": "cluster_block_exception", "reason": "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage …];"}
UNAUTHORIZED = {
    "type": "security_exception",
    "reason": "unable to authenticate user [elastic] for REST request [/x/_search]",
    "header": {"WWW-Authenticate": ['Basic realm="security", charset="UTF-8"', "ApiKey"]},
}


def failed(status: int, error: Body, **headers: str) -> web.Response:
    """An error as the server puts it."""
    body = {"error": {"root_cause": [error], **error}, "status": status}
    return web.json_response(body, status=status, headers=headers or PRODUCT)


def found(*hits: Body, **changed: Any) -> web.Response:
    """The answer of a search."""
    body = {"took": 1, "timed_out": False, "_shards": SHARDS, "hits": {"max_score": 1.5, "hits": list(hits)}}
    return web.json_response(body | changed, headers=PRODUCT)


class StubElasticsearch:
    """Takes every write, finds nothing, and answers `_bulk` and `_search` first with what was put in `answers`.

    An item of `answers[end of path]` is a response, an error for each `_id` of a bulk request, or seconds of silence.
    """

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[str, str, bytes]] = []
        self.answers: dict[str, deque[Any]] = {"_bulk": deque(), "_search": deque()}
        self.version = "9.4.3"
        self.asked = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 means any."""
        app = web.Application(client_max_size=2**27)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Hear no more."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def bulks(self) -> list[list[str]]:
        """The ids of each bulk request, in order."""
        return [_ids(body) for _, path, body in self.requests if path.endswith("/_bulk")]

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append((request.method, request.path, body))
        self.asked.set()
        end = request.path.rpartition("/")[2]
        waiting = self.answers.get(end)
        told = waiting.popleft() if waiting else None
        if isinstance(told, float):
            await asyncio.sleep(told)
            told = None
        if isinstance(told, web.Response):
            return told
        return self._answer(end, body, told or {})

    def _answer(self, end: str, body: bytes, errors: dict[str, tuple[int, Body]]) -> web.Response:
        if end == "_bulk":
            items = [_item(identifier, *errors.get(identifier, (201, None))) for identifier in _ids(body)]
            answer: Body = {"errors": bool(errors), "took": 0, "items": items}
        elif end == "_mget":
            answer = {"docs": [{"_index": "x", "_id": key, "found": False} for key in json.loads(body)["ids"]]}
        elif end == "_search":
            return found()
        elif end == "_alias":
            answer = {}
        elif end == "":
            answer = {"version": {"number": self.version}, "tagline": "You Know, for Search"}
        else:
            answer = {"acknowledged": True, "_shards": SHARDS}
        return web.json_response(answer, headers=PRODUCT)


class StoppableProxy:
    """Passes requests on to a real server; the request numbered `stop_at` never gets there, nor any after it."""

    def __init__(self, target: str, *, stop_at: int) -> None:
        self.url = ""
        self.seen = 0
        self.stopped = asyncio.Event()
        self._ended = asyncio.Event()
        self._target = target
        self._stop_at = stop_at

    async def __aenter__(self) -> "StoppableProxy":
        app = web.Application(client_max_size=2**27)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._session = aiohttp.ClientSession(skip_auto_headers=["Accept-Encoding"])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended.set()
        await self._runner.cleanup()
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.seen += 1
        if self.seen >= self._stop_at:
            self.stopped.set()
            await self._ended.wait()
            return web.Response(status=503)
        headers = {
            name: value for name, value in request.headers.items() if name.lower() not in ("host", "content-length")
        }
        async with self._session.request(
            request.method, f"{self._target}{request.path_qs}", data=body, headers=headers
        ) as answer:
            kept = {
                name: answer.headers[name] for name in ("Content-Type", "X-elastic-product") if name in answer.headers
            }
            return web.Response(body=await answer.read(), status=answer.status, headers=kept)


def _ids(body: bytes) -> list[str]:
    lines = iter(body.splitlines())
    ids = []
    for line in lines:
        [(action, target)] = json.loads(line).items()
        ids.append(target["_id"])
        if action != "delete":
            next(lines)
    return ids


def _item(identifier: str, status: int, error: Body | None) -> Body:
    item: Body = {"_index": "x", "_id": identifier, "status": status}
    return {"index": item | ({"error": error} if error else {"_seq_no": 1, "_primary_term": 1})}
