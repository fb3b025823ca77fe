"""What writers that were killed have left behind: found and removed, in the background.

Knows how long a writer may take; removes nothing that is younger.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from askbox_api.errors import AskboxError, Unavailable
from askbox_api.stores.elasticsearch.bulk import erase
from askbox_api.stores.elasticsearch.client import Server
from askbox_api.stores.elasticsearch.collections import Collections
from askbox_api.stores.elasticsearch.mapping import Layout
from askbox_api.stores.elasticsearch.passages import Found, pages, refresh
from askbox_api.stores.elasticsearch.records import read_states

_log = logging.getLogger(__name__)

_AGE = timedelta(minutes=15)  # far more than a batch takes, and than clocks differ
_PAUSE = 600.0  # seconds between two sweeps
_PAUSE_WHILE_AWAY = 5.0  # seconds until the server is asked again


class Sweeper:
    """Removes passages that belong to no recorded version, and records that belong to no collection."""

    def __init__(self, server: Server, layout: Layout, collections: Collections) -> None:
        self._server = server
        self._layout = layout
        self._collections = collections

    async def run(self) -> None:
        """Sweep again and again, whether the server is there or not, until cancelled."""
        while True:
            pause = _PAUSE
            try:
                await self.sweep()
            except Unavailable as error:
                _log.debug("nothing swept: %s", error.detail)
                pause = _PAUSE_WHILE_AWAY
            except AskboxError as error:
                _log.warning("sweeping failed: %s", error.detail)
            except (KeyError, TypeError, AttributeError) as error:  # an answer of another program
                _log.warning("sweeping failed: the answer was not one of Elasticsearch (%s)", type(error).__name__)
            await asyncio.sleep(pause)

    async def sweep(self, *, age: timedelta = _AGE) -> int:
        """Remove what is left behind and older than `age`; how many passages that were."""
        names = set((await self._collections.names()).values())
        for name in await self._collections.recorded():
            if name not in names:
                await self._collections.forget_records(name)
        removed = 0
        for collection in sorted(names):
            if await self._differs(collection):
                removed += await self._sweep_collection(collection, age)
        return removed

    async def _differs(self, collection: str) -> bool:
        """Whether there are more or fewer passages than the records say: a cheap look before the thorough one."""
        with self._server.errors():
            counted = await self._server.client.count(index=self._layout.passages(collection))
            recorded = await self._server.client.search(
                index=self._layout.documents,
                size=0,
                query={"term": {"collection": collection}},
                aggs={"passages": {"sum": {"field": "passages"}}},
            )
        there = self._server.whole(counted)["count"]
        return bool(there != self._server.whole(recorded)["aggregations"]["passages"]["value"])

    async def _sweep_collection(self, collection: str, age: timedelta) -> int:
        alias = self._layout.passages(collection)
        before = (datetime.now(UTC) - age).isoformat()
        removed = 0
        async for page in pages(self._server, alias, {"range": {"indexed_at": {"lte": before}}}):
            orphans = await self._orphans(page, collection)
            await erase(self._server, alias, [found.place for found in orphans])
            removed += len(orphans)
        if removed:
            await refresh(self._server, alias)
            _log.info("removed %d passages of no document from collection %s", removed, collection)
        return removed

    async def _orphans(self, page: list[Found], collection: str) -> list[Found]:
        ids = {found.document_id for found in page}
        # Read after the passages were found: a version that holds by now is seen to hold.
        stored = await read_states(self._server, self._layout, ids, collection=collection)
        return [
            found
            for found in page
            if found.document_id not in stored or stored[found.document_id].version != found.version
        ]
