"""Collections: a collection is there when its alias is. Made at the first write, counted, removed.

Knows indices and aliases, not what a document is.
"""

import asyncio
from contextlib import suppress
from typing import Any

from elasticsearch import BadRequestError, NotFoundError

from askbox_api.domain import Collection
from askbox_api.errors import CollectionNotFound, InvalidInput, StoreReadOnly
from askbox_api.stores.elasticsearch.bulk import Place, erase
from askbox_api.stores.elasticsearch.client import Server, error_type
from askbox_api.stores.elasticsearch.mapping import DOCUMENTS, PASSAGES, Body, Layout, is_collection_name
from askbox_api.stores.elasticsearch.passages import refresh

_PAGE = 5000
_MOST_COLLECTIONS = 10_000


class Collections:
    """The collections of one askbox on one server."""

    def __init__(self, server: Server, layout: Layout) -> None:
        self._server = server
        self._layout = layout

    async def exists(self, name: str) -> bool:
        """Whether there is such a collection; a name that none may have is simply not there."""
        return is_collection_name(name) and await self._has(self._layout.passages(name))

    async def need(self, name: str) -> None:
        """Raise CollectionNotFound where there is no such collection."""
        if not await self.exists(name):
            raise not_found(name)

    async def ensure(self, name: str) -> None:
        """Make the collection where it is missing; any number of writers may do so at once."""
        if not is_collection_name(name):
            raise InvalidInput(
                f"{name[:100]!r} cannot name a collection",
                remedy="Use 1 to 63 of the characters a-z, 0-9, _ and -, and begin with a letter or a digit.",
            )
        passages, documents = self._layout.passages(name), self._layout.documents
        if await self._has(documents, passages):
            return
        if not await self._has(documents):
            await self._make(documents, DOCUMENTS)
        if not await self._has(passages):
            await self.forget_records(name)
            await self._make(passages, PASSAGES)

    async def names(self) -> dict[str, str]:
        """The collection behind each index of passages."""
        with self._server.errors():
            answer = await self._server.client.indices.get_alias(index=self._layout.every_collection)
        return {
            index: name
            for index, found in answer.items()
            for alias in found["aliases"]
            if (name := self._layout.collection_of(alias)) is not None
        }

    async def count(self) -> list[Collection]:
        """All collections in order of name."""
        names, documents, passages = await asyncio.gather(
            self.names(),
            self._buckets(self._layout.documents, "collection"),
            self._buckets(self._layout.every_collection, "_index"),
        )
        counted = dict.fromkeys(sorted(names.values()), 0)
        for index, name in names.items():
            counted[name] += passages.get(index, 0)
        return [Collection(name, documents.get(name, 0), count) for name, count in counted.items()]

    async def delete(self, name: str) -> None:
        """Remove the indices of a collection, which ends it, and then its records."""
        indices = [index for index, found in (await self.names()).items() if found == name]
        if not indices:
            await self.forget_records(name)
            raise not_found(name)
        with self._server.errors():
            await self._server.client.options(ignore_status=404).indices.delete(index=indices)
        # Where the disk is full, indices may go but not records; those of no collection are swept later.
        with suppress(StoreReadOnly):
            await self.forget_records(name)

    async def forget_records(self, name: str) -> None:
        """Remove the records of a collection that is not there: a writer or a removal was cut short.

        Records are looked up first and the alias after: what was there while there was no alias belongs to nothing.
        """
        if not await self._has(self._layout.documents):
            return
        await refresh(self._server, self._layout.documents)
        while places := await self._records(name):
            if await self._has(self._layout.passages(name)):
                return
            await erase(self._server, self._layout.documents, places)
            await refresh(self._server, self._layout.documents)

    async def recorded(self) -> list[str]:
        """The names of all collections that have records, whether they are there or not."""
        return list(await self._buckets(self._layout.documents, "collection"))

    async def _has(self, *aliases: str) -> bool:
        """Whether all of these aliases are there."""
        with self._server.errors():
            return bool(await self._server.client.indices.exists_alias(name=aliases))

    async def _make(self, alias: str, mapping: Body) -> None:
        index, body = self._layout.index_of(alias, mapping)
        with self._server.errors():
            try:
                await self._server.client.indices.create(index=index, **body)
            except BadRequestError as error:
                if error_type(error.body) != "resource_already_exists_exception":
                    raise

    async def _records(self, name: str) -> list[Place]:
        with self._server.errors():
            answer = await self._server.client.search(
                index=self._layout.documents,
                query={"term": {"collection": name}},
                size=_PAGE,
                source=False,
                seq_no_primary_term=True,
            )
        found = self._server.whole(answer)["hits"]["hits"]
        return [Place(hit["_id"], hit["_seq_no"], hit["_primary_term"]) for hit in found]

    async def _buckets(self, target: str, field: str) -> dict[str, int]:
        aggs: Any = {"names": {"terms": {"field": field, "size": _MOST_COLLECTIONS}}}
        with self._server.errors():
            try:
                answer = await self._server.client.search(index=target, size=0, aggs=aggs)
            except NotFoundError:
                return {}
        found = self._server.whole(answer).get("aggregations", {}).get("names", {}).get("buckets", [])
        return {bucket["key"]: bucket["doc_count"] for bucket in found}


def not_found(name: str) -> CollectionNotFound:
    """The error for a collection that is not there."""
    return CollectionNotFound(f"there is no collection {name[:100]!r}", remedy="Add a document to it, and it is made.")
