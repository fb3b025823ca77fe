"""A proxy before a real Elasticsearch that never answers the searches of one index, in a thread of its own."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from tests.api.stores.elasticsearch_stub import StoppableProxy


class SlowProxy(StoppableProxy):
    """Passes all on, but for searches whose path holds `slow`, once that is set; `held` counts those."""

    def __init__(self, target: str) -> None:
        super().__init__(target, stop_at=sys.maxsize)
        self.slow = ""
        self.held = 0

    async def _handle(self, request: web.Request) -> web.Response:
        if self.slow and self.slow in request.path and request.path.endswith("/_search"):
            self.held += 1
            await self._ended.wait()
        return await super()._handle(request)


@contextmanager
def slow_proxy(target: str) -> Iterator[SlowProxy]:
    """The proxy on a free port."""
    loop = asyncio.new_event_loop()
    proxy = SlowProxy(target)
    loop.run_until_complete(proxy.__aenter__())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(proxy.__aexit__(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
