"""The way of a batch of documents into Elasticsearch, safe beside other writers and when killed at any moment.

For each batch: read the records' states; write the new passages and make them searchable; look up the older
passages; write each record on condition that its state is still the one read (the moment at which the new version
holds); remove the older passages. After the last batch the records are made searchable. Whatever is removed is removed
only in the exact state in which it was seen, and all of it was seen before the record was written: a writer who is
still busy then will find the record changed, and removes its own passages; one that comes later writes passages anew,
which changes their state.
"""

import asyncio
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from askbox_api.domain import ChunkedDocument, WriteOutcome, WriteStatus
from askbox_api.stores.elasticsearch import bulk as bulking
from askbox_api.stores.elasticsearch.bulk import Place, Result, bulk, encoded, erase
from askbox_api.stores.elasticsearch.client import Server
from askbox_api.stores.elasticsearch.collections import Collections
from askbox_api.stores.elasticsearch.mapping import Layout, record_id
from askbox_api.stores.elasticsearch.passages import Found, intact, other_passages, passage_source, refresh
from askbox_api.stores.elasticsearch.records import Stored, read_states, record_source

# What the API takes in one request (askbox.schemas.MAX_BATCH) is one batch: each costs two refreshes and a search.
_MOST_DOCUMENTS = 1000
_MOST_PASSAGES = 2000
_CHANGED = "it changed at the same time; send it again"


@dataclass(slots=True)
class _Attempt:
    """One document on its way: the state before, what was written of it, and why it failed, if it did."""

    chunked: ChunkedDocument
    before: Stored | None
    written: list[Place] = field(default_factory=list)
    failure: str = ""
    overtaken: bool = False

    @property
    def id(self) -> str:
        return self.chunked.document.id

    @property
    def repair(self) -> bool:
        return self.before is not None and self.before.version == self.chunked.version

    @property
    def leaves_nothing(self) -> bool:
        """Whether what was written must go; a repair that fails leaves it, for its version still holds."""
        return bool(self.failure) and (self.overtaken or not self.repair)

    def outcome(self) -> WriteOutcome:
        if self.failure:
            return WriteOutcome(self.id, WriteStatus.FAILED, reason=self.failure)
        status = WriteStatus.REPLACED if self.before else WriteStatus.CREATED
        if self.repair or self.overtaken:
            status = WriteStatus.UNCHANGED
        return WriteOutcome(self.id, status, version=self.chunked.version)


class Writer:
    """Writes documents into the collections of one server."""

    def __init__(self, server: Server, layout: Layout, collections: Collections) -> None:
        self._server = server
        self._layout = layout
        self._collections = collections

    async def write(self, documents: Sequence[ChunkedDocument], *, collection: str) -> list[WriteOutcome]:
        """As PassageStore.write."""
        reasons = [_unstorable(chunked) for chunked in documents]
        storable = [chunked for chunked, reason in zip(documents, reasons, strict=True) if not reason]
        if storable:
            await self._collections.ensure(collection)
        outcomes: list[WriteOutcome] = []
        for batch in _batches(storable):
            outcomes += await self._write_batch(batch, collection)
        if outcomes:
            # For unchanged ones too: who wrote them may have been killed before it came to this.
            await refresh(self._server, self._layout.documents)
        written = iter(outcomes)
        return [
            WriteOutcome(chunked.document.id, WriteStatus.FAILED, reason=reason) if reason else next(written)
            for chunked, reason in zip(documents, reasons, strict=True)
        ]

    async def _write_batch(self, batch: list[ChunkedDocument], collection: str) -> list[WriteOutcome]:
        ids = [chunked.document.id for chunked in batch]
        stored = await read_states(self._server, self._layout, ids, collection=collection)
        whole = await intact(self._server, self._layout, stored, collection=collection) if stored else {}
        attempts = [_Attempt(chunked, stored.get(chunked.document.id)) for chunked in batch]
        changed = [attempt for attempt in attempts if whole.get(attempt.id) != attempt.chunked.version]
        if changed:
            await self._write_changed(changed, collection)
        return [attempt.outcome() for attempt in attempts]

    async def _write_changed(self, attempts: list[_Attempt], collection: str) -> None:
        passages = self._layout.passages(collection)
        await self._write_passages(attempts, passages)
        good = [attempt for attempt in attempts if not attempt.failure]
        now = datetime.now(UTC).isoformat()
        # The records are encoded while the server is busy.
        _, lines = await asyncio.gather(
            refresh(self._server, passages), encoded(_record_line(attempt, collection, now) for attempt in good)
        )
        found = await self._older_passages(good, collection)
        blocked = await self._write_records(good, lines)
        await self._yield_to_others(good, collection)
        held = {attempt.id for attempt in good if not attempt.failure and not attempt.overtaken}
        doomed = [older.place for older in found if older.document_id in held]
        doomed += [place for attempt in attempts if attempt.leaves_nothing for place in attempt.written]
        if doomed:
            await erase(self._server, passages, doomed)
            await refresh(self._server, passages)
        if blocked:
            raise self._server.read_only()

    async def _write_passages(self, attempts: list[_Attempt], alias: str) -> None:
        now = datetime.now(UTC).isoformat()
        owned = [(attempt, passage) for attempt in attempts for passage in attempt.chunked.passages]
        lines = await encoded(
            bulking.put(passage.id, passage_source(passage, version=attempt.chunked.version, now=now))
            for attempt, passage in owned
        )
        blocked = False
        for (attempt, passage), result in zip(owned, await bulk(self._server, alias, lines), strict=True):
            blocked = blocked or result.blocked
            if result.ok:
                attempt.written.append(result.place)
            elif not attempt.failure:
                attempt.failure = f"Elasticsearch refused its passage {passage.position} ({_why(result)})"
        if blocked:
            raise self._server.read_only()

    async def _older_passages(self, attempts: list[_Attempt], collection: str) -> list[Found]:
        ids = [attempt.id for attempt in attempts]
        written = [place.id for attempt in attempts for place in attempt.written]
        return await other_passages(self._server, self._layout, ids, besides=written, collection=collection)

    async def _write_records(self, attempts: list[_Attempt], lines: list[bytes]) -> bool:
        """Write the records on condition of their state; whether the index took no writes."""
        blocked = False
        for attempt, result in zip(attempts, await bulk(self._server, self._layout.documents, lines), strict=True):
            blocked = blocked or result.blocked
            if result.status == 409:
                attempt.overtaken = True
            elif not result.ok:
                attempt.failure = f"Elasticsearch refused its record ({_why(result)})"
        return blocked

    async def _yield_to_others(self, attempts: list[_Attempt], collection: str) -> None:
        """Another writer was faster: well if it wrote the same version, else ours has failed."""
        overtaken = [attempt for attempt in attempts if attempt.overtaken]
        if not overtaken:
            return
        ids = [attempt.id for attempt in overtaken]
        stored = await read_states(self._server, self._layout, ids, collection=collection)
        for attempt in overtaken:
            holds = stored.get(attempt.id)
            if holds is None or holds.version != attempt.chunked.version:
                attempt.failure = _CHANGED


def _batches(documents: Sequence[ChunkedDocument]) -> Iterator[list[ChunkedDocument]]:
    """Parts of bounded size, in order, none with the same document twice."""
    batch: dict[str, ChunkedDocument] = {}
    passages = 0
    for chunked in documents:
        full = len(batch) == _MOST_DOCUMENTS or passages + len(chunked.passages) > _MOST_PASSAGES
        if batch and (full or chunked.document.id in batch):
            yield list(batch.values())
            batch, passages = {}, 0
        batch[chunked.document.id] = chunked
        passages += len(chunked.passages)
    if batch:
        yield list(batch.values())


def _unstorable(chunked: ChunkedDocument) -> str:
    """Why a document cannot be sent at all; empty where it can."""
    document = chunked.document
    values = [
        value for given in document.metadata.values() for value in (given if isinstance(given, tuple) else [given])
    ]
    if not all(math.isfinite(value) for value in values if isinstance(value, float)):
        return "its metadata holds a number that is not finite"
    try:
        orjson.dumps([document.id, document.title, document.text, document.headings, dict(document.metadata)])
        orjson.dumps(
            [[passage.title, passage.text, passage.headings, dict(passage.metadata)] for passage in chunked.passages]
        )
    except TypeError as error:
        return f"it cannot be stored as JSON ({error})"
    return ""


def _record_line(attempt: _Attempt, collection: str, now: str) -> bytes:
    source = record_source(attempt.chunked, collection=collection, now=now, before=attempt.before)
    if attempt.before:
        return bulking.put(attempt.before.place.id, source, place=attempt.before.place)
    return bulking.create(record_id(collection, attempt.id), source)


def _why(result: Result) -> str:
    return f"{result.status} {result.error}"
