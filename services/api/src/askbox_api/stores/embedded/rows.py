"""Documents and passages as rows of the embedded store's tables, and back.

Knows the order of columns in what is selected and inserted; runs no statement.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from askbox_api.domain import ChunkedDocument, DocumentRecord, Metadata, Passage
from askbox_api.stores.embedded.index import IndexedPassage
from askbox_api.stores.facets import facets

Row = tuple[Any, ...]

SELECT_DOCUMENT = """
SELECT id, version, title, format, headings, metadata, passages, characters, created_at, updated_at, text
FROM documents WHERE collection = ? AND id = ?
"""
# The filters come as JSON, a list of facets for each field: no list without one of the document's facets.
SELECT_DOCUMENTS = """
SELECT id, version, title, format, headings, metadata, passages, characters, created_at, updated_at, NULL
FROM documents WHERE collection = ? AND NOT EXISTS (
    SELECT 1 FROM json_each(?) AS field WHERE NOT EXISTS (
        SELECT 1 FROM json_each(field.value) AS wanted, facets
        WHERE facets.document = documents.key AND facets.facet = wanted.value))
ORDER BY id LIMIT ? OFFSET ?
"""
COUNT_DOCUMENTS = """
SELECT count(*) FROM documents WHERE collection = ? AND NOT EXISTS (
    SELECT 1 FROM json_each(?) AS field WHERE NOT EXISTS (
        SELECT 1 FROM json_each(field.value) AS wanted, facets
        WHERE facets.document = documents.key AND facets.facet = wanted.value))
"""
SELECT_PASSAGES = """
SELECT p.key, p.id, d.id, p.position, p.title, p.headings, p.text, p.start, p."end", p.metadata
FROM passages p JOIN documents d ON d.key = p.document WHERE p.key IN (SELECT value FROM json_each(?))
"""
SELECT_ADDED = """
SELECT key, title, headings, text, metadata
FROM passages WHERE collection = ? AND added > ? AND removed IS NULL
"""


class NotStorable(Exception):
    """A document that cannot be written down; the message says why without quoting it."""


@dataclass(frozen=True, slots=True)
class DocumentRows:
    """A document ready to be bound to statements."""

    id: str
    version: str
    document: Row  # title, format, headings, metadata, passages, characters, text
    facets: list[str]
    passages: list[Row]  # id, position, title, headings, start, end, metadata, text


def as_rows(chunked: ChunkedDocument) -> DocumentRows:
    """Everything of a document that is stored. Raises NotStorable."""
    document = chunked.document
    try:
        rows = DocumentRows(
            id=document.id,
            version=chunked.version,
            document=(
                document.title,
                document.format,
                _json(document.headings),
                _json(document.metadata),
                len(chunked.passages),
                len(document.text),
                document.text,
            ),
            facets=facets(document.metadata),
            passages=[_passage_row(passage) for passage in chunked.passages],
        )
    except (TypeError, ValueError) as error:
        raise NotStorable("its metadata holds a value that cannot be stored as JSON") from error
    _require_unicode(rows)
    return rows


def as_passage(row: Row) -> Passage:
    """A passage from SELECT_PASSAGES."""
    _, id_, document_id, position, title, headings, text, start, end, metadata = row
    return Passage(
        id=id_,
        document_id=document_id,
        position=position,
        title=title,
        headings=tuple(json.loads(headings)),
        text=text,
        start=start,
        end=end,
        metadata=_metadata(metadata),
    )


def as_indexed(row: Row) -> IndexedPassage:
    """What the index is told, from SELECT_ADDED: the joined field is headings, title and text."""
    key, title, headings, text, metadata = row
    joined = "\n".join((*json.loads(headings), title, text))
    return IndexedPassage(key=key, text=joined, facets=facets(_metadata(metadata)))


def as_record(row: Row, *, collection: str) -> DocumentRecord:
    """A record from SELECT_DOCUMENT or SELECT_DOCUMENTS."""
    id_, version, title, format_, headings, metadata, passages, characters, created_at, updated_at, text = row
    return DocumentRecord(
        id=id_,
        collection=collection,
        version=version,
        title=title,
        format=format_,
        headings=tuple(json.loads(headings)),
        metadata=_metadata(metadata),
        passages=passages,
        characters=characters,
        created_at=datetime.fromisoformat(created_at),
        updated_at=datetime.fromisoformat(updated_at),
        text=text,
    )


def is_unicode(text: str) -> bool:
    """Whether this can be a stored id at all: a lone surrogate cannot be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _passage_row(passage: Passage) -> Row:
    return (
        passage.id,
        passage.position,
        passage.title,
        _json(passage.headings),
        passage.start,
        passage.end,
        _json(passage.metadata),
        passage.text,
    )


def _require_unicode(rows: DocumentRows) -> None:
    values = (rows.id, rows.version, *rows.document, *(value for row in rows.passages for value in row))
    if not all(is_unicode(value) for value in values if isinstance(value, str)):
        raise NotStorable("it holds characters that are not valid Unicode (lone surrogates); replace them")


def _json(value: object) -> str:
    return json.dumps(value if not isinstance(value, Mapping) else dict(value), ensure_ascii=False)


def _metadata(text: str) -> Metadata:
    return {field: tuple(value) if isinstance(value, list) else value for field, value in json.loads(text).items()}
