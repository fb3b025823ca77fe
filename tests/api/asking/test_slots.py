"""The queue before the model: bounded, in order, and nothing leaks from it."""

import asyncio

import pytest

from askbox_api.asking.slots import Slots
from askbox_api.errors import Overloaded


async def settled() -> None:
    """Let every task run until it waits for something."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_as_many_as_allowed_run_and_the_next_one_waits() -> None:
    slots = Slots(at_once=2, waiting=5, patience=60)
    await slots.acquire()
    await slots.acquire()

    third = asyncio.create_task(slots.acquire())
    await settled()
    assert (slots.busy, slots.queued, third.done()) == (2, 1, False)

    slots.release()
    assert await third >= 0
    assert (slots.busy, slots.queued) == (2, 0)


async def test_beyond_the_queue_is_overloaded_at_once() -> None:
    slots = Slots(at_once=1, waiting=1, patience=7)
    await slots.acquire()
    waiter = asyncio.create_task(slots.acquire())
    await settled()

    with pytest.raises(Overloaded, match="1 questions wait already") as error:
        await slots.acquire()

    assert error.value.retry_after == 7
    assert "ASKBOX_QUEUE" in error.value.remedy
    slots.release()
    await waiter
    assert (slots.busy, slots.queued) == (1, 0)


async def test_who_waits_too_long_is_overloaded_and_leaves_no_trace() -> None:
    slots = Slots(at_once=1, waiting=1, patience=0.001)
    await slots.acquire()

    with pytest.raises(Overloaded, match=r"no slot became free within 0\.001 s") as error:
        await slots.acquire()

    assert error.value.retry_after == 1
    assert (slots.busy, slots.queued) == (1, 0)
    slots.release()
    await slots.acquire()


async def test_slots_are_given_in_the_order_of_asking() -> None:
    slots = Slots(at_once=1, waiting=5, patience=60)
    await slots.acquire()
    served: list[int] = []

    async def ask(name: int) -> None:
        await slots.acquire()
        served.append(name)
        slots.release()

    tasks = [asyncio.create_task(ask(name)) for name in range(4)]
    await settled()
    slots.release()
    await asyncio.gather(*tasks)

    assert served == [0, 1, 2, 3]
    assert (slots.busy, slots.queued) == (0, 0)


@pytest.mark.parametrize("released_before", [False, True])
async def test_a_waiter_that_is_cancelled_leaves_its_turn_to_the_next(released_before: bool) -> None:
    slots = Slots(at_once=1, waiting=5, patience=60)
    await slots.acquire()
    leaver, stayer = asyncio.create_task(slots.acquire()), asyncio.create_task(slots.acquire())
    await settled()

    if released_before:  # the slot is the leaver's already, but it has not run since
        slots.release()
    leaver.cancel()
    await settled()
    if not released_before:
        slots.release()

    await stayer
    assert leaver.cancelled()
    assert (slots.busy, slots.queued) == (1, 0)
    slots.release()
    await slots.acquire()


async def test_without_a_queue_a_second_question_is_refused() -> None:
    slots = Slots(at_once=1, waiting=0, patience=60)
    await slots.acquire()

    with pytest.raises(Overloaded):
        await slots.acquire()
