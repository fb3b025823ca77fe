"""The passage store on Elasticsearch 9 (basic licence is enough): stateless, so any number of replicas may share it.

Joins the parts in the modules beside it; what a request looks like is their business.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from elastic_transport import HttpHeaders

from askbox_api.domain import (
    ChunkedDocument,
    Collection,
    DocumentPage,
    DocumentRecord,
    Filters,
    Hit,
    PartHealth,
    WriteOutcome,
)
from askbox_api.errors import (
    AskboxError,
    DocumentNotFound,
    InvalidInput,
    SearchTimedOut,
    StoreUnavailable,
)
from askbox_api.stores.elasticsearch.bulk import bulk, delete, erase
from askbox_api.stores.elasticsearch.client import Server, error_type
from askbox_api.stores.elasticsearch.collections import Collections, not_found
from askbox_api.stores.elasticsearch.mapping import Layout, is_collection_name
from askbox_api.stores.elasticsearch.passages import intact, pages, refresh
from askbox_api.stores.elasticsearch.records import page_of, read_record, read_states, record
from askbox_api.stores.elasticsearch.search import cleaned, hits, search_body, tie_at_the_edge
from askbox_api.stores.elasticsearch.sweeping import Sweeper
from askbox_api.stores.elasticsearch.writing import Writer

_MAJOR = "9"
_CHECK_TIMEOUT = 5.0  # seconds
_LAST_LISTED = 10_000
_DELETE_TRIES = 5
_JSON = f"application/vnd.elasticsearch+json; compatible-with={_MAJOR}"
_HEADERS = HttpHeaders({"accept": _JSON, "content-type": _JSON}).freeze()


class ElasticsearchStore:
    """Passages in an index for each collection, document records in one index for all.

    `api_key` (encoded, as the server gives it) is used rather than `username` and `password`; `search_timeout`
    is in seconds. Raises ValueError for a URL or prefix that cannot be one.
    """

    def __init__(
        self,
        *,
        url: str,
        username: str = "",
        password: str = "",
        api_key: str = "",
        prefix: str = "askbox",
        shards: int = 1,
        replicas: int = 0,
        search_timeout: float = 5.0,
    ) -> None:
        self._server = Server(url, username=username, password=password, api_key=api_key)
        self._layout = Layout(prefix, shards, replicas)
        self._search_timeout = search_timeout
        self._collections = Collections(self._server, self._layout)
        self._writer = Writer(self._server, self._layout, self._collections)
        self._sweeper = Sweeper(self._server, self._layout, self._collections)
        self._sweeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to clean up behind killed writers; waits for nothing."""
        self._sweeping = asyncio.create_task(self._sweeper.run())

    async def close(self) -> None:
        """End the background task and give back connections."""
        if self._sweeping:
            self._sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeping
            self._sweeping = None
        await self._server.close()

    async def search(self, query: str, *, collection: str, filters: Filters, top_k: int) -> list[Hit]:
        """As PassageStore.search. One request; a second one where more passages tie than were asked for."""
        if not is_collection_name(collection):
            raise not_found(collection)
        if top_k < 1:
            return []
        words = cleaned(query)
        try:
            async with asyncio.timeout(self._search_timeout):
                found = await self._find(words, collection, filters, top_k)
                if tie_at_the_edge(found, top_k=top_k):
                    found = await self._find(words, collection, filters, top_k, by_id=True)
        except TimeoutError:
            raise self._timed_out() from None
        return hits(found, top_k=top_k)

    async def _find(
        self, query: str, collection: str, filters: Filters, top_k: int, *, by_id: bool = False
    ) -> list[Any]:
        body = search_body(query, filters, top_k=top_k, seconds=self._search_timeout, by_id=by_id)
        # Past the client's method for searches, through its own transport: 0.07 ms of CPU less a question.
        with self._server.errors():
            meta, answer = await self._server.client.transport.perform_request(
                "POST",
                f"/{self._layout.passages(collection)}/_search",
                body=body,
                headers=_HEADERS,
                request_timeout=None,
                max_retries=0,
            )
        if meta.status != 200:
            if error_type(answer) == "index_not_found_exception":
                raise not_found(collection)
            raise self._server.refusal(meta.status, answer)
        if meta.headers.get("x-elastic-product") != "Elasticsearch":
            raise self._server.no_elasticsearch()
        if answer["timed_out"]:
            raise self._timed_out()
        found: list[Any] = self._server.whole(answer)["hits"]["hits"]
        return found

    def _timed_out(self) -> SearchTimedOut:
        return SearchTimedOut(
            f"Elasticsearch at {self._server.address} did not answer a search within {self._search_timeout:g} s",
            remedy="Try again; if it stays so, look at the load of Elasticsearch.",
        )

    async def versions(self, ids: Sequence[str], *, collection: str) -> Mapping[str, str]:
        """As PassageStore.versions; a document that a killed writer left damaged counts as not stored."""
        if not await self._collections.exists(collection):
            return {}
        stored = await read_states(self._server, self._layout, ids, collection=collection)
        return await intact(self._server, self._layout, stored, collection=collection) if stored else {}

    async def write(self, documents: Sequence[ChunkedDocument], *, collection: str) -> list[WriteOutcome]:
        """As PassageStore.write."""
        return await self._writer.write(documents, collection=collection)

    async def get_document(self, document_id: str, *, collection: str) -> DocumentRecord:
        """As PassageStore.get_document."""
        await self._collections.need(collection)
        found = await read_record(self._server, self._layout, document_id, collection=collection)
        if found is None:
            raise _no_document(document_id, collection)
        return found

    async def list_documents(self, *, collection: str, filters: Filters, offset: int, limit: int) -> DocumentPage:
        """As PassageStore.list_documents. Raises InvalidInput beyond the 10,000th record."""
        if offset + limit > _LAST_LISTED:
            raise InvalidInput(
                f"offset {offset} and limit {limit} reach beyond document {_LAST_LISTED:,}",
                remedy="Narrow the list down with filters.",
            )
        await self._collections.need(collection)
        wanted = page_of(collection=collection, filters=filters, offset=offset, limit=limit)
        with self._server.errors():
            answer = await self._server.client.search(index=self._layout.documents, **wanted)
        found = self._server.whole(answer)["hits"]
        documents = tuple(record(hit["_source"]) for hit in found["hits"])
        return DocumentPage(documents, total=found["total"]["value"])

    async def delete_document(self, document_id: str, *, collection: str) -> None:
        """As PassageStore.delete_document. Passages go first, so that none is ever found without its record."""
        await self._collections.need(collection)
        passages, documents = self._layout.passages(collection), self._layout.documents
        query = {"term": {"document_id": document_id}}
        for _ in range(_DELETE_TRIES):
            stored = await read_states(self._server, self._layout, [document_id], collection=collection)
            if document_id not in stored:
                raise _no_document(document_id, collection)
            await refresh(self._server, passages)
            places = [found.place async for page in pages(self._server, passages, query) for found in page]
            await erase(self._server, passages, places)
            await refresh(self._server, passages)
            [result] = await bulk(self._server, documents, [delete(stored[document_id].place)])
            if result.ok:
                return await refresh(self._server, documents)
            if result.status != 409:
                raise self._server.refusal(result.status, {"error": {"type": result.error}})
        raise StoreUnavailable(f"document {document_id!r} is being written all the time", remedy="Try again.")

    async def collections(self) -> list[Collection]:
        """As PassageStore.collections."""
        return await self._collections.count()

    async def delete_collection(self, name: str) -> None:
        """As PassageStore.delete_collection."""
        await self._collections.delete(name)

    async def check(self) -> PartHealth:
        """As PassageStore.check."""
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT):
                return await self._look()
        except TimeoutError:
            detail = f"Elasticsearch at {self._server.address} did not answer within {_CHECK_TIMEOUT:g} s"
            return _unwell(detail, "Look at its log and its load.")
        except AskboxError as error:
            return _unwell(error.detail, error.remedy)
        except (KeyError, TypeError, AttributeError):  # JSON, but not that of Elasticsearch
            other = self._server.no_elasticsearch()
            return _unwell(other.detail, other.remedy)

    async def _look(self) -> PartHealth:
        with self._server.errors():
            number = str((await self._server.client.info())["version"]["number"])
        detail = f"Elasticsearch {number} at {self._server.address}"
        if number.partition(".")[0] != _MAJOR:
            return _unwell(f"{detail}: askbox needs version {_MAJOR}", f"Run Elasticsearch {_MAJOR}.")
        found = await self._collections.count()
        documents = _counted(sum(collection.documents for collection in found), "document")
        return PartHealth("store", ok=True, detail=f"{detail}: {documents} in {_counted(len(found), 'collection')}")


def _unwell(detail: str, remedy: str) -> PartHealth:
    return PartHealth("store", ok=False, detail=detail, remedy=remedy)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _no_document(document_id: str, collection: str) -> DocumentNotFound:
    return DocumentNotFound(f"there is no document {document_id!r} in collection {collection!r}")
