"""What changes the embedded store: a batch written, a document or a collection removed.

Knows the statements; first SQLite commits, then the index follows. One thread at a time.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from askbox_api.domain import ChunkedDocument, WriteOutcome, WriteStatus
from askbox_api.stores.embedded.deriving import DerivedIndexes, OpenCollection
from askbox_api.stores.embedded.failures import collection_not_found, document_not_found
from askbox_api.stores.embedded.rows import DocumentRows, NotStorable, as_rows, is_unicode
from askbox_api.stores.embedded.sqlite import transaction

_INSERT_DOCUMENT = """
INSERT INTO documents (title, format, headings, metadata, passages, characters, text,
                       collection, id, version, change, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_REPLACE_DOCUMENT = """
UPDATE documents SET title = ?, format = ?, headings = ?, metadata = ?, passages = ?, characters = ?, text = ?,
                     version = ?, change = ?, updated_at = ?
WHERE key = ?
"""
_INSERT_PASSAGE = """
INSERT INTO passages (collection, document, added, id, position, title, headings, start, "end", metadata, text)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DELETE_COLLECTION = (
    "DELETE FROM facets WHERE document IN (SELECT key FROM documents WHERE collection = ?)",
    "DELETE FROM passages WHERE collection = ?",
    "DELETE FROM documents WHERE collection = ?",
    "DELETE FROM collections WHERE key = ?",
)
_REMOVE_PASSAGES = "UPDATE passages SET removed = ? WHERE document = ? AND removed IS NULL"


class EmbeddedWriter:
    """The writing side. Raises sqlite3.Error, IndexFailed and OSError as they come."""

    def __init__(self, db: sqlite3.Connection, indexes: DerivedIndexes) -> None:
        self._db = db
        self._indexes = indexes

    def write(self, documents: Sequence[ChunkedDocument], *, collection: str) -> list[WriteOutcome]:
        """See PassageStore.write."""
        prepared = [_prepare(document) for document in documents]
        storable = [rows for rows in prepared if isinstance(rows, DocumentRows)]
        if not storable:
            return [outcome for outcome in prepared if isinstance(outcome, WriteOutcome)]
        known = self._indexes.by_name.get(collection)
        if known is not None:
            self._indexes.catch_up(known)  # what an earlier, failed write left behind
        with transaction(self._db):
            key = known.key if known else self._make_collection(collection)
            written = iter(self._write_rows(storable, collection=key))
        self._indexes.catch_up(self._indexes.add(key, collection))
        return [next(written) if isinstance(rows, DocumentRows) else rows for rows in prepared]

    def delete_document(self, document_id: str, *, collection: str) -> None:
        """See PassageStore.delete_document."""
        opened = self._opened(collection)
        with transaction(self._db):
            document = self._document_key(document_id, collection=opened)
            change = self._next_change(opened.key)
            self._db.execute(_REMOVE_PASSAGES, (change, document))
            self._db.execute("DELETE FROM facets WHERE document = ?", (document,))
            self._db.execute("DELETE FROM documents WHERE key = ?", (document,))
        self._indexes.catch_up(opened)
        self._empty_journal()

    def delete_collection(self, name: str) -> None:
        """See PassageStore.delete_collection."""
        opened = self._opened(name)
        with transaction(self._db):
            for statement in _DELETE_COLLECTION:
                self._db.execute(statement, (opened.key,))
        self._indexes.drop(opened)
        self._empty_journal()

    def _write_rows(self, batch: Sequence[DocumentRows], *, collection: int) -> list[WriteOutcome]:
        outcomes, change = [], None
        for rows in batch:
            key, version = self._stored(rows.id, collection=collection) or (None, None)
            status = WriteStatus.UNCHANGED
            if version != rows.version:
                status = WriteStatus.CREATED if key is None else WriteStatus.REPLACED
                change = change or self._next_change(collection)
                self._write_document(rows, key=key, collection=collection, change=change)
            outcomes.append(WriteOutcome(rows.id, status, rows.version))
        return outcomes

    def _write_document(self, rows: DocumentRows, *, key: int | None, collection: int, change: int) -> None:
        now = datetime.now(UTC).isoformat()
        if key is None:
            values = (*rows.document, collection, rows.id, rows.version, change, now, now)
            key = self._db.execute(_INSERT_DOCUMENT, values).lastrowid
        else:
            self._db.execute(_REPLACE_DOCUMENT, (*rows.document, rows.version, change, now, key))
            self._db.execute(_REMOVE_PASSAGES, (change, key))
            self._db.execute("DELETE FROM facets WHERE document = ?", (key,))
        self._db.executemany("INSERT INTO facets VALUES (?, ?)", [(key, facet) for facet in rows.facets])
        self._db.executemany(_INSERT_PASSAGE, [(collection, key, change, *passage) for passage in rows.passages])

    def _stored(self, document_id: str, *, collection: int) -> tuple[int, str] | None:
        query = "SELECT key, version FROM documents WHERE collection = ? AND id = ?"
        row: tuple[int, str] | None = self._db.execute(query, (collection, document_id)).fetchone()
        return row

    def _document_key(self, document_id: str, *, collection: OpenCollection) -> int:
        stored = self._stored(document_id, collection=collection.key) if is_unicode(document_id) else None
        if stored is None:
            raise document_not_found(document_id, collection=collection.name)
        return stored[0]

    def _opened(self, collection: str) -> OpenCollection:
        opened = self._indexes.by_name.get(collection)
        if opened is None:
            raise collection_not_found(collection)
        return opened

    def _make_collection(self, name: str) -> int:
        key = self._db.execute("INSERT INTO collections (name) VALUES (?)", (name,)).lastrowid
        assert key is not None
        return key

    def _next_change(self, collection: int) -> int:
        query = "UPDATE collections SET change = change + 1 WHERE key = ? RETURNING change"
        return int(self._db.execute(query, (collection,)).fetchone()[0])

    def _empty_journal(self) -> None:
        # What was deleted shall not wait in the write-ahead log; a reader in the way only postpones this.
        with suppress(sqlite3.OperationalError):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _prepare(document: ChunkedDocument) -> DocumentRows | WriteOutcome:
    try:
        return as_rows(document)
    except NotStorable as error:
        return WriteOutcome(document.document.id, WriteStatus.FAILED, reason=str(error))
