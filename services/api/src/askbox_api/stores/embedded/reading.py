"""What is asked of the embedded store: passages, documents, collections.

Knows the statements; changes nothing. Several threads at a time.
"""

import json
from collections.abc import Mapping, Sequence

from askbox_api.domain import Collection, DocumentPage, DocumentRecord, Filters, Hit, Passage
from askbox_api.errors import InvalidInput, StoreUnavailable
from askbox_api.stores.embedded.deriving import OpenCollection
from askbox_api.stores.embedded.failures import collection_not_found, document_not_found
from askbox_api.stores.embedded.index import PassageIndex
from askbox_api.stores.embedded.rows import (
    COUNT_DOCUMENTS,
    SELECT_DOCUMENT,
    SELECT_DOCUMENTS,
    SELECT_PASSAGES,
    as_passage,
    as_record,
    is_unicode,
)
from askbox_api.stores.embedded.sqlite import ReadingConnections
from askbox_api.stores.facets import facet

_MOST_FILTER_VALUES = 10_000
_ATTEMPTS = 3
_MOST_RECENT = 1_000  # passages kept in memory between writes: some 2 MB
_SELECT_VERSION = """
SELECT d.version FROM documents d JOIN collections c ON c.key = d.collection
WHERE c.key = ? AND d.id = ? AND d.change <= c.applied
"""
_LARGEST = 2**62  # what SQLite takes as a number


class EmbeddedReader:
    """The reading side. Raises sqlite3.Error and IndexFailed as they come."""

    def __init__(self, connections: ReadingConnections, collections: Mapping[str, OpenCollection]) -> None:
        self._connections = connections
        self._collections = collections
        self._recent: dict[int, Passage] = {}

    def passages(self, collection: str) -> int:
        """How many passages a search of this collection looks through."""
        return self._index(collection).passages

    def search(self, query: str, *, collection: str, filters: Filters, top_k: int) -> list[Hit]:
        """See PassageStore.search."""
        index = self._index(collection)
        terms, facets = index.terms(query), _facets(filters)
        if not terms or top_k < 1 or not all(facets):
            return []
        for attempt in range(_ATTEMPTS):
            keys = index.search(terms, facets=facets, limit=top_k)
            passages = self._passages([key for key, _ in keys])
            # A passage replaced since the search is missing here: its successor is in the index by now.
            if len(passages) == len(keys) or attempt == _ATTEMPTS - 1:
                break
        scored = [(score, passages[key]) for key, score in keys if key in passages]
        scored.sort(key=lambda hit: (-hit[0], hit[1].id))
        return [
            Hit(passage=passage, score=score, ranks={"text": rank})
            for rank, (score, passage) in enumerate(scored[:top_k], start=1)
        ]

    def versions(self, ids: Sequence[str], *, collection: str) -> dict[str, str]:
        """See PassageStore.versions; a version counts as stored once it is searchable."""
        opened = self._collections.get(collection)
        if opened is None:
            return {}
        stored = {}
        with self._connections.lend() as db:
            for id_ in filter(is_unicode, ids):
                row = db.execute(_SELECT_VERSION, (opened.key, id_)).fetchone()
                if row is not None:
                    stored[id_] = row[0]
        return stored

    def get_document(self, document_id: str, *, collection: str) -> DocumentRecord:
        """See PassageStore.get_document."""
        opened = self._opened(collection)
        with self._connections.lend() as db:
            id_ = document_id if is_unicode(document_id) else None
            row = db.execute(SELECT_DOCUMENT, (opened.key, id_)).fetchone()
        if row is None:
            raise document_not_found(document_id, collection=collection)
        return as_record(row, collection=collection)

    def list_documents(self, *, collection: str, filters: Filters, offset: int, limit: int) -> DocumentPage:
        """See PassageStore.list_documents."""
        of = (self._opened(collection).key, json.dumps(_facets(filters)))
        part = (min(max(limit, 0), _LARGEST), min(max(offset, 0), _LARGEST))
        with self._connections.lend() as db:
            total = db.execute(COUNT_DOCUMENTS, of).fetchone()[0]
            rows = db.execute(SELECT_DOCUMENTS, (*of, *part)).fetchall()
        return DocumentPage(tuple(as_record(row, collection=collection) for row in rows), total)

    def collections(self) -> list[Collection]:
        """See PassageStore.collections."""
        query = """SELECT c.name, count(d.key), coalesce(sum(d.passages), 0)
                   FROM collections c LEFT JOIN documents d ON d.collection = c.key
                   GROUP BY c.key ORDER BY c.name"""
        with self._connections.lend() as db:
            return [Collection(*row) for row in db.execute(query)]

    def forget(self) -> None:
        """Keep no passage in memory: something was written, and what was removed must leave no trace."""
        self._recent = {}

    def _passages(self, keys: Sequence[int]) -> dict[int, Passage]:
        # A key is never used twice, so what was read once holds as long as nothing is written.
        recent = self._recent
        if not all(key in recent for key in keys):
            with self._connections.lend() as db:
                read = {row[0]: as_passage(row) for row in db.execute(SELECT_PASSAGES, (json.dumps(keys),))}
            if len(recent) + len(read) > _MOST_RECENT:
                recent.clear()
            recent |= read
            return read
        return {key: recent[key] for key in keys}

    def _opened(self, collection: str) -> OpenCollection:
        opened = self._collections.get(collection)
        if opened is None:
            raise collection_not_found(collection)
        return opened

    def _index(self, collection: str) -> PassageIndex:
        index = self._opened(collection).index
        if index is None:
            remedy = "Free space in the data folder, then write a document or restart the API."
            raise StoreUnavailable(f"the index of collection {collection!r} is not built yet", remedy=remedy)
        return index


def _facets(filters: Filters) -> list[list[str]]:
    if len(filters) + sum(map(len, filters.values())) > _MOST_FILTER_VALUES:
        detail = f"filters may name {_MOST_FILTER_VALUES:,} fields and values at most"
        raise InvalidInput(detail, remedy="Name fewer.")
    return [[facet(field, value) for value in values] for field, values in filters.items()]
