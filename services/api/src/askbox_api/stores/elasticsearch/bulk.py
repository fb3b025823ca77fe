"""Bulk requests: cut by size, repeated where the server is busy, and an answer for every single action.

Knows nothing of documents and passages; the lines come encoded.
"""

import asyncio
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from elastic_transport import ApiError

from askbox_api.stores.elasticsearch.client import Server, error_type
from askbox_api.stores.elasticsearch.mapping import Body

_MOST_BYTES = 5_000_000
# Few and large requests, one after the other: each costs the server a turn and a sync to disk, and requests side by
# side make a segment each.
_MOST_ACTIONS = 2000
_TURN = 50  # actions that are encoded before others have their turn
_TIMEOUT = 60.0  # seconds
_BUSY = (429, 502, 503, 504)


class Place(NamedTuple):
    """One stored document of Elasticsearch in exactly the state in which it was seen."""

    id: str
    seq_no: int
    primary_term: int


class Result(NamedTuple):
    """What became of one action: its HTTP status, the type of its error, and where the document now stands."""

    status: int
    error: str
    place: Place

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def blocked(self) -> bool:
        """Whether the index takes no writes."""
        return self.error == "cluster_block_exception" and self.status in (403, 429)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a busy server is asked again: `tries` in all, waiting `first` seconds, then twice as long, …"""

    tries: int = 8
    first: float = 0.1
    longest: float = 15.0
    in_all: float = 60.0

    def wait(self, attempt: int) -> float:
        """Seconds before attempt 1, 2, …; random, so that many writers do not come back together."""
        return min(self.longest, self.first * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def put(identifier: str, source: Body, *, place: Place | None = None) -> bytes:
    """Write a document whatever is there; with `place`, only if it is still in that state.

    Raises TypeError where the source cannot be JSON (lone surrogates, whole numbers beyond 64 bits).
    """
    return _line("index", identifier, place) + orjson.dumps(source) + b"\n"


def create(identifier: str, source: Body) -> bytes:
    """Write a document only if none of that id is there. Raises TypeError as `put` does."""
    return _line("create", identifier, None) + orjson.dumps(source) + b"\n"


def delete(place: Place) -> bytes:
    """Delete a document only if it is still in the state in which it was seen."""
    return _line("delete", place.id, place)


async def encoded(actions: Iterable[bytes]) -> list[bytes]:
    """All of the actions, which are made while they are asked for; the others of the event loop go on meanwhile."""
    lines: list[bytes] = []
    for action in actions:
        lines.append(action)
        if len(lines) % _TURN == 0:
            await asyncio.sleep(0)
    return lines


async def bulk(
    server: Server, index: str, actions: Sequence[bytes], *, patience: Patience | None = None
) -> list[Result]:
    """Do the actions on an alias, and say of each, in their order, what became of it.

    Actions refused as too many (429) are sent again, alone; so is a request that was refused as a whole. An
    action that fails does not stop the others. Raises what `Server.errors` raises when a request fails for good.
    """
    results: list[Result] = []
    for chunk in _chunks(actions):
        results += await _send_patiently(server, index, chunk, patience or Patience())
    return results


async def erase(server: Server, index: str, places: Sequence[Place]) -> None:
    """Delete each of these where it still is as it was seen; what changed since then is somebody else's.

    Raises StoreReadOnly where the index takes no writes, StoreUnavailable where it stayed too busy.
    """
    for result in await bulk(server, index, [delete(place) for place in places]):
        if result.blocked:
            raise server.read_only()
        if not result.ok and result.status not in (404, 409):
            raise server.refusal(result.status, {"error": {"type": result.error}})


async def _send_patiently(server: Server, index: str, chunk: list[bytes], patience: Patience) -> list[Result]:
    done: dict[int, Result] = {}
    pending = list(range(len(chunk)))
    end = time.monotonic() + patience.in_all
    for attempt in range(1, patience.tries + 1):
        if attempt > 1:
            await asyncio.sleep(patience.wait(attempt - 1))
        answers = await _send(server, index, [chunk[number] for number in pending], last=attempt == patience.tries)
        done.update(zip(pending, answers, strict=False))
        pending = [number for number in pending if number not in done or _worth_repeating(done[number])]
        if not pending or (len(done) == len(chunk) and time.monotonic() > end):
            break
    return [done[number] for number in range(len(chunk))]


async def _send(server: Server, index: str, lines: list[bytes], *, last: bool) -> list[Result]:
    """One request; empty where it was refused as a whole and may be sent again."""
    client = server.client.options(request_timeout=_TIMEOUT)
    with server.errors():
        try:
            answer = await client.bulk(
                index=index,
                operations=lines,  # type: ignore[arg-type]  # encoded lines pass, as in the client's own helpers
                require_alias=True,
            )
        except ApiError as error:
            blocked = error_type(error.body) == "cluster_block_exception" and error.meta.status != 503
            if last or blocked or error.meta.status not in _BUSY:
                raise
            return []
    return [_result(next(iter(item.values()))) for item in answer["items"]]


def _worth_repeating(result: Result) -> bool:
    return result.status in _BUSY and not result.blocked


def _result(item: Any) -> Result:
    place = Place(item.get("_id", ""), item.get("_seq_no", -1), item.get("_primary_term", -1))
    return Result(item["status"], error_type(item) if "error" in item else "", place)


def _line(action: str, identifier: str, place: Place | None) -> bytes:
    target: Body = {"_id": identifier}
    if place:
        target |= {"if_seq_no": place.seq_no, "if_primary_term": place.primary_term}
    return orjson.dumps({action: target}) + b"\n"


def _chunks(actions: Sequence[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for action in actions:
        if chunk and (len(chunk) == _MOST_ACTIONS or size + len(action) > _MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(action)
        size += len(action)
    if chunk:
        yield chunk
