"""How many questions are answered at once, and how many may wait for their turn."""

import asyncio
import time

from askbox_api.errors import Overloaded


class Slots:
    """A bounded queue before the model: servers of models wait without limit, so the limit is ours.

    `at_once` questions are answered, `waiting` more may wait, each for `patience` seconds at most.
    """

    def __init__(self, *, at_once: int, waiting: int, patience: float) -> None:
        self._semaphore = asyncio.Semaphore(at_once)
        self._waiting = waiting
        self._patience = patience
        self.busy = 0
        self.queued = 0

    async def acquire(self) -> float:
        """Take a slot; returns the seconds waited. Raises Overloaded where the queue is full or the wait too long."""
        begun = time.perf_counter()
        await self._wait()
        self.busy += 1
        return time.perf_counter() - begun

    def release(self) -> None:
        """Give a slot back."""
        self.busy -= 1
        self._semaphore.release()

    async def _wait(self) -> None:
        if not self._semaphore.locked():
            await self._semaphore.acquire()
            return
        if self.queued >= self._waiting:
            raise self._overloaded(f"{self.queued} questions wait already, and no more may")
        self.queued += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._semaphore.acquire()
        except TimeoutError:
            raise self._overloaded(f"no slot became free within {self._patience:g} s") from None
        finally:
            self.queued -= 1

    def _overloaded(self, detail: str) -> Overloaded:
        return Overloaded(
            f"The model is busy: {detail}.",
            remedy="Try again later; ASKBOX_GENERATIONS and ASKBOX_QUEUE set how many are answered and may wait.",
            retry_after=max(1, round(self._patience)),
        )
