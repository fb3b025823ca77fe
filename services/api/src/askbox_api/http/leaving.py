"""Ends what is done for a client when that client leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Receive


class ClientLeft(Exception):
    """The client closed its connection before its answer was ready."""


@asynccontextmanager
async def unless_client_leaves(receive: Receive) -> AsyncIterator[None]:
    """Run the body; where the client leaves meanwhile, cancel it and raise ClientLeft.

    The request's body must have been read: the next message can only say that the client is gone.
    """
    task = asyncio.current_task()
    assert task is not None
    left = False

    async def watch() -> None:
        nonlocal left
        while (await receive())["type"] != "http.disconnect":
            pass
        left = True
        task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if not left or task.uncancel() > 0:
            raise
        raise ClientLeft from None
    finally:
        watcher.cancel()
