"""What writing costs without askbox: the engines' own calls with the same content, and no promise but theirs."""

import json
import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import elastic
import tantivy
from elasticsearch import AsyncElasticsearch, OrjsonSerializer
from elasticsearch.helpers import async_bulk as bulk

from askbox_api.domain import ChunkedDocument
from askbox_api.stores.elasticsearch.mapping import DOCUMENTS, PASSAGES, Layout, record_id
from askbox_api.stores.elasticsearch.passages import passage_source
from askbox_api.stores.elasticsearch.records import record_source
from askbox_api.stores.embedded.analysis import ANALYZER, build_analyzer
from askbox_api.stores.facets import facets

_COLLECTION = "bench"
Batches = Sequence[Sequence[ChunkedDocument]]


async def async_bulk(batches: Batches) -> float:
    """Seconds of one `async_bulk` a batch, passages and records, and one refresh after the last."""
    return await _bulk(batches, refresh_each=False)


async def async_bulk_searchable(batches: Batches) -> float:
    """The same with a refresh after each batch, which can then be found before the next is sent."""
    return await _bulk(batches, refresh_each=True)


async def _bulk(batches: Batches, *, refresh_each: bool) -> float:
    layout = Layout(f"askboxbench-{secrets.token_hex(6)}")
    username = os.environ.get("ASKBOX_TEST_ELASTICSEARCH_USERNAME", "elastic")
    client = AsyncElasticsearch(
        os.environ["ASKBOX_TEST_ELASTICSEARCH_URL"],
        basic_auth=(username, os.environ.get("ASKBOX_TEST_ELASTICSEARCH_PASSWORD", "")),
        serializer=OrjsonSerializer(),
        request_timeout=60,
    )
    try:
        for alias, mapping in ((layout.documents, DOCUMENTS), (layout.passages(_COLLECTION), PASSAGES)):
            index, body = layout.index_of(alias, mapping)
            await client.indices.create(index=index, **body)
        actions = [list(_actions(batch, layout)) for batch in batches]
        begun = time.perf_counter()
        for number, batch in enumerate(actions, start=1):
            await bulk(client, batch)
            if refresh_each or number == len(actions):
                await client.indices.refresh(index=f"{layout.prefix}-*")
        return time.perf_counter() - begun
    finally:
        await client.close()
        elastic.remove(f"{layout.prefix}-*")


def _actions(batch: Sequence[ChunkedDocument], layout: Layout) -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC).isoformat()
    for chunked in batch:
        for passage in chunked.passages:
            source = passage_source(passage, version=chunked.version, now=now)
            yield {"_index": layout.passages(_COLLECTION), "_id": passage.id, "_source": source}
        record = record_source(chunked, collection=_COLLECTION, now=now, before=None)
        yield {"_index": layout.documents, "_id": record_id(_COLLECTION, chunked.document.id), "_source": record}


async def sqlite_and_tantivy(batches: Batches) -> float:
    """Seconds of one durable transaction and one commit of an index a batch, in the calling thread."""
    with tempfile.TemporaryDirectory(prefix="askbox-bench-") as folder:
        db = sqlite3.connect(Path(folder) / "bare.sqlite3", isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE documents (id TEXT PRIMARY KEY, version, title, headings, metadata, text)")
        db.execute("CREATE TABLE passages (key INTEGER PRIMARY KEY, id, document, title, headings, metadata, text)")
        (Path(folder) / "index").mkdir()
        index = tantivy.Index(_schema(), path=str(Path(folder) / "index"))
        index.register_tokenizer(ANALYZER, build_analyzer())
        writer = index.writer(15_000_000, 1)
        key, begun = 0, time.perf_counter()
        for batch in batches:
            db.execute("BEGIN")
            for chunked in batch:
                document = chunked.document
                above = json.dumps(document.headings), json.dumps(dict(document.metadata))
                record = (document.id, chunked.version, document.title, *above, document.text)
                db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", record)
                for passage in chunked.passages:
                    key += 1
                    values = (key, passage.id, document.id, passage.title, *above, passage.text)
                    db.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)", values)
                    writer.add_document(_indexed(key, chunked, passage.text))
            db.execute("COMMIT")
            writer.commit()
            index.reload()
        seconds = time.perf_counter() - begun
        writer.wait_merging_threads()
        db.close()
    return seconds


def _schema() -> tantivy.Schema:
    fields = tantivy.SchemaBuilder().add_integer_field("key", indexed=True, fast=True)
    fields = fields.add_text_field("text", tokenizer_name=ANALYZER, index_option="freq")
    return fields.add_text_field("facets", tokenizer_name="raw", index_option="basic").build()


def _indexed(key: int, chunked: ChunkedDocument, text: str) -> tantivy.Document:
    indexed = tantivy.Document()
    indexed.add_integer("key", key)
    indexed.add_text("text", "\n".join((*chunked.document.headings, chunked.document.title, text)))
    for term in facets(chunked.document.metadata):
        indexed.add_text("facets", term)
    return indexed
