"""A client that leaves ends what is done for it, and nothing else does."""

import asyncio

import pytest

from askbox_api.http.leaving import ClientLeft, unless_client_leaves


class Client:
    """Leaves when it is told to."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def receive(self) -> dict[str, object]:
        await self.left.wait()
        return {"type": "http.disconnect"}


async def test_who_leaves_ends_the_work() -> None:
    client = Client()
    ended = False

    async def work() -> None:
        nonlocal ended
        async with unless_client_leaves(client.receive):
            try:
                await asyncio.Event().wait()
            finally:
                ended = True

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    client.left.set()

    with pytest.raises(ClientLeft):
        await task
    assert ended
    assert not task.cancelling()


async def test_who_stays_gets_the_work_done_and_the_watch_ends() -> None:
    client = Client()
    async with unless_client_leaves(client.receive):
        await asyncio.sleep(0)

    client.left.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_error_of_the_work_passes_through() -> None:
    with pytest.raises(KeyError):
        async with unless_client_leaves(Client().receive):
            raise KeyError


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    async def work() -> None:
        async with unless_client_leaves(Client().receive):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_deadline_around_the_work_is_a_deadline() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), unless_client_leaves(Client().receive):
            await asyncio.Event().wait()
