"""The passages of documents: how they are written down, found by document, and counted.

Knows the indices of passages only.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from askbox_api.domain import Passage
from askbox_api.stores.elasticsearch.bulk import Place
from askbox_api.stores.elasticsearch.client import Server
from askbox_api.stores.elasticsearch.mapping import Body, Layout
from askbox_api.stores.elasticsearch.records import Stored
from askbox_api.stores.facets import facets

_AT_ONCE = 400  # documents in one query; two clauses each stay below the least limit, 1,024
_PAGE = 5000


@dataclass(frozen=True, slots=True)
class Found:
    """A stored passage: whose it is, and its state."""

    place: Place
    document_id: str
    version: str


def passage_source(passage: Passage, *, version: str, now: str) -> Body:
    """A passage as it is stored. `version` is that of its document."""
    source: Body = {
        "id": passage.id,
        "document_id": passage.document_id,
        "version": version,
        "position": passage.position,
        "headings": passage.headings,
        "title": passage.title,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "metadata": dict(passage.metadata),
        "facets": facets(passage.metadata),
        "indexed_at": now,
    }
    if passage.vector is not None:
        source["vector"] = passage.vector
    return source


async def refresh(server: Server, alias: str) -> None:
    """Make all that was written until now searchable."""
    with server.errors():
        server.whole(await server.client.indices.refresh(index=alias))


async def other_passages(
    server: Server, layout: Layout, ids: Sequence[str], *, besides: Sequence[str], collection: str
) -> list[Found]:
    """The searchable passages of the documents of these ids, but for the passages whose ids are in `besides`."""
    query = {"bool": {"filter": {"terms": {"document_id": ids}}, "must_not": {"ids": {"values": besides}}}}
    return [found async for page in pages(server, layout.passages(collection), query) for found in page]


async def intact(server: Server, layout: Layout, stored: Mapping[str, Stored], *, collection: str) -> dict[str, str]:
    """The versions of those documents whose searchable passages are all of the recorded version, and all there."""
    whole: dict[str, str] = {}
    ids = list(stored)
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        counts = await _counts(server, layout.passages(collection), part)
        for identifier in part:
            state = stored[identifier]
            expected = {state.version: state.passages} if state.passages else {}
            if counts.get(identifier, {}) == expected:
                whole[identifier] = state.version
    return whole


async def pages(server: Server, alias: str, query: Body) -> AsyncIterator[list[Found]]:
    """All passages that a query finds, some thousands at a time."""
    after: list[Any] | None = None
    while True:
        with server.errors():
            answer = await server.client.search(
                index=alias,
                query=query,
                size=_PAGE,
                sort=[{"id": "asc"}],
                search_after=after,
                source_includes=["document_id", "version"],
                seq_no_primary_term=True,
                track_total_hits=False,
            )
        found = server.whole(answer)["hits"]["hits"]
        if found:
            yield [_found(hit) for hit in found]
        if len(found) < _PAGE:
            return
        after = found[-1]["sort"]


async def _counts(server: Server, alias: str, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    versions = {"versions": {"terms": {"field": "version", "size": 10}}}
    with server.errors():
        answer = await server.client.search(
            index=alias,
            size=0,
            query={"terms": {"document_id": ids}},
            aggs={"documents": {"terms": {"field": "document_id", "size": len(ids)}, "aggs": versions}},
        )
    return {
        bucket["key"]: {version["key"]: version["doc_count"] for version in bucket["versions"]["buckets"]}
        for bucket in server.whole(answer)["aggregations"]["documents"]["buckets"]
    }


def _found(hit: Any) -> Found:
    source = hit["_source"]
    place = Place(hit["_id"], hit["_seq_no"], hit["_primary_term"])
    return Found(place, source["document_id"], source["version"])
