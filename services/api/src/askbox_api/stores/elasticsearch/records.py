"""The records of documents: what is kept of each, how it is read, and in which state it was seen.

Knows the index of records only; passages are not its business.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from askbox_api.domain import ChunkedDocument, DocumentRecord, Filters
from askbox_api.errors import StoreUnavailable
from askbox_api.stores.elasticsearch.bulk import Place
from askbox_api.stores.elasticsearch.client import Server, error_type
from askbox_api.stores.elasticsearch.mapping import Body, Layout, record_id
from askbox_api.stores.elasticsearch.search import filter_clauses, metadata_of
from askbox_api.stores.facets import facets

_AT_ONCE = 1000
_STATE = ["id", "version", "passages", "created_at", "updated_at"]


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a document, as far as a writer must know it, and where."""

    place: Place
    version: str
    passages: int
    created_at: str
    updated_at: str


def record_source(chunked: ChunkedDocument, *, collection: str, now: str, before: Stored | None) -> Body:
    """The record of a document; one that is written anew under its old version keeps its times."""
    document = chunked.document
    same = before is not None and before.version == chunked.version
    return {
        "id": document.id,
        "collection": collection,
        "version": chunked.version,
        "title": document.title,
        "format": document.format,
        "headings": document.headings,
        "metadata": dict(document.metadata),
        "facets": facets(document.metadata),
        "passages": len(chunked.passages),
        "characters": len(document.text),
        "created_at": before.created_at if before else now,
        "updated_at": before.updated_at if before and same else now,
        "text": document.text,
    }


def record(source: Any) -> DocumentRecord:
    """The record that a stored source stands for; its text is None where it was not asked for."""
    return DocumentRecord(
        id=source["id"],
        collection=source["collection"],
        version=source["version"],
        title=source["title"],
        format=source["format"],
        headings=tuple(source["headings"]),
        metadata=metadata_of(source["metadata"]),
        passages=source["passages"],
        characters=source["characters"],
        created_at=datetime.fromisoformat(source["created_at"]),
        updated_at=datetime.fromisoformat(source["updated_at"]),
        text=source.get("text"),
    )


async def read_states(server: Server, layout: Layout, ids: Iterable[str], *, collection: str) -> dict[str, Stored]:
    """What is stored now of each of these documents; the newest state, also before it can be searched."""
    found: dict[str, Stored] = {}
    keys = [record_id(collection, identifier) for identifier in dict.fromkeys(ids)]
    for start in range(0, len(keys), _AT_ONCE):
        for answer in await _read(server, layout, keys[start : start + _AT_ONCE], _STATE):
            source = answer["_source"]
            place = Place(answer["_id"], answer["_seq_no"], answer["_primary_term"])
            found[source["id"]] = Stored(
                place, source["version"], source["passages"], source["created_at"], source["updated_at"]
            )
    return found


async def read_record(server: Server, layout: Layout, document_id: str, *, collection: str) -> DocumentRecord | None:
    """The whole record of a document, or None."""
    for answer in await _read(server, layout, [record_id(collection, document_id)], None):
        return record(answer["_source"])
    return None


def page_of(*, collection: str, filters: Filters, offset: int, limit: int) -> Body:
    """The arguments of a search for records in order of id."""
    return {
        "query": {"bool": {"filter": [{"term": {"collection": collection}}, *filter_clauses(filters)]}},
        "sort": [{"id": "asc"}],
        "from_": offset,
        "size": limit,
        "track_total_hits": True,
        "source_excludes": ["text", "facets"],
    }


async def _read(
    server: Server, layout: Layout, keys: Sequence[str], fields: list[str] | None
) -> list[Mapping[str, Any]]:
    with server.errors():
        answer = await server.client.mget(index=layout.documents, ids=keys, source_includes=fields)
    for item in answer["docs"]:
        if "error" in item and error_type(item) != "index_not_found_exception":
            raise StoreUnavailable(f"Elasticsearch at {server.address} could not read records ({error_type(item)})")
    return [item for item in answer["docs"] if item.get("found")]
