"""Ends what is done for a client when that client leaves; names what is said when it is the API that leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Receive

from askbox_api.errors import Unavailable


class ClientLeft(Exception):
    """The client closed its connection before its answer was ready."""


class Stopping(Unavailable):
    """The process was told to stop, and its grace is over: the server cancels what still runs."""

    def __init__(self) -> None:
        super().__init__(
            "askbox-api was stopped before this was finished.",
            remedy="Ask again in a moment; ASKBOX_SHUTDOWN_GRACE sets how long it goes on with what runs.",
        )


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
