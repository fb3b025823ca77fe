"""Many people at once who ask a running API, as JSON and as streams in turn, and what became of each question."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import five_texts

_TIMEOUT = aiohttp.ClientTimeout(total=120)


@dataclass(frozen=True)
class Asked:
    """One question: its status (0 where the connection broke), when it was asked, how long it took, how it ended.

    `whole` says that the answer has all its tokens from the model; `generation_s` is what the API says of the model's
    part.
    """

    status: int
    at: float
    seconds: float
    whole: bool = False
    retry_after: str | None = None
    generation_s: float | None = None


async def ask(session: aiohttp.ClientSession, url: str, *, number: int, tokens: int) -> Asked:
    """Ask one question that was never asked before; the stub marks each token of its answer with `zq`."""
    stream = number % 2 == 1
    begun = time.perf_counter()
    try:
        asked = {"question": f"{five_texts.QUESTION} {number}"}
        async with session.post(f"{url}/ask/stream" if stream else f"{url}/ask", json=asked) as response:
            body = await response.text()
    except (aiohttp.ClientError, TimeoutError):
        return Asked(0, begun, time.perf_counter() - begun)
    seconds = time.perf_counter() - begun
    if response.status != 200:
        return Asked(response.status, begun, seconds, retry_after=response.headers.get("Retry-After"))
    answer = _last_event(body) if stream else json.loads(body)
    whole = answer.get("answer", "").count("zq") == tokens
    generation = (answer.get("timings") or {}).get("generation_ms")
    return Asked(200, begun, seconds, whole=whole, generation_s=generation / 1000 if generation else None)


def _last_event(body: str) -> dict[str, Any]:
    name, data = body.rstrip("\n").rpartition("\n\n")[2].split("\n", 1)
    return json.loads(data.removeprefix("data: ")) if name == "event: answer" else {}


async def ask_all(
    url: str, *, clients: int, seconds: float, tokens: int, pause: Callable[[Asked], float]
) -> list[Asked]:
    """Let `clients` ask again and again for so long; after each answer one waits for `pause` seconds."""
    end = time.perf_counter() + seconds
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session:

        async def client(first: int) -> list[Asked]:
            done: list[Asked] = []
            while time.perf_counter() < end:
                done.append(await ask(session, url, number=first + len(done), tokens=tokens))
                if (rest := min(pause(done[-1]), end - time.perf_counter())) > 0:
                    await asyncio.sleep(rest)
            return done

        each = await asyncio.gather(*(client(1_000_000 * number + number % 2) for number in range(clients)))
    return [asked for done in each for asked in done]


async def watched(work: Awaitable[list[Asked]], look: Callable[[], None], *, every: float) -> list[Asked]:
    """Do the work, and look around every so many seconds meanwhile."""
    task = asyncio.ensure_future(work)
    while not task.done():
        look()
        await asyncio.wait([task], timeout=every)
    return await task


def percentile(values: list[float], share: float) -> float:
    """The value below which this share lies; not a number for none."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")
