"""Far more questions than the box can take: the queue stays bounded, and who is refused is told when to come back.

    uv run python scripts/bench/load.py                          200 clients for 60 s
    uv run python scripts/bench/load.py --seconds 3 --tokens 4   a smoke test

The settings are the defaults (4 generations, 64 waiting, 30 s of patience), the model is the kit's stub at 20 tokens a
second. Clients do not heed Retry-After: who is refused asks again a second later. Exit code 1 where an answer was
neither whole nor a 503 with Retry-After, where accepted answers became slow, or where memory grew.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import five_texts
import kit
import serving
from askers import Asked, ask_all, percentile, watched

CLIENTS = 200
RATE = 20  # tokens a second
GENERATIONS, PATIENCE = 4, 30.0  # the defaults of ASKBOX_GENERATIONS and ASKBOX_QUEUE_TIMEOUT
SLOWER = 1.5
"""How much longer the model's part may take than alone, P99."""
GROWTH_MIB = 10.0
"""What memory may gain after the first third of the time."""
_LONG_ENOUGH = 30.0  # seconds from which memory is judged


async def overload(api: serving.Api, *, seconds: float, tokens: int) -> tuple[list[Asked], list[tuple[float, float]]]:
    """Ask with all clients at once; what became of each question, and memory (seconds, MiB) over the time."""
    memory: list[tuple[float, float]] = []
    begun = time.perf_counter()
    asking = ask_all(
        api.url,
        clients=CLIENTS,
        seconds=seconds,
        tokens=tokens,
        pause=lambda asked: 0.0 if asked.status == 200 else 1.0,
    )
    asked = await watched(
        asking,
        lambda: memory.append((time.perf_counter() - begun, api.process.rss_mib())),
        every=min(1.0, seconds / 10),
    )
    return asked, memory


def report(asked: list[Asked], memory: list[tuple[float, float]], *, seconds: float, alone: float) -> bool:
    """Print what happened; whether it is what was promised."""
    whole = [one for one in asked if one.whole]
    refused = [one for one in asked if one.status == 503]
    others = Counter(one.status for one in asked if not one.whole and one.status != 503)
    silent = sum(not (one.retry_after or "").isdigit() for one in refused)
    generation = percentile([one.generation_s for one in whole if one.generation_s], 0.99)
    total = percentile([one.seconds for one in whole], 0.99)
    before = max((mib for at, mib in memory if at <= seconds / 3), default=memory[0][1])
    gained = memory[-1][1] - before
    capacity = GENERATIONS / alone * seconds
    print(f"{len(asked)} questions in {seconds:g} s from {CLIENTS} clients, {len(asked) / capacity:.0f} × its capacity")
    lines = {
        f"answered whole: {len(whole)}": bool(whole),
        f"refused with 503: {len(refused)}, in {percentile([one.seconds for one in refused], 0.5) * 1000:.0f} ms "
        f"(p50), {silent} of them without Retry-After": silent == 0,
        f"anything else: {dict(others) or 'none'}": not others,
        f"the model's part, P99: {generation:.2f} s; alone {alone:.2f} s": generation <= SLOWER * alone,
        f"accepted, P99: {total:.1f} s; patience {PATIENCE:g} s and an answer": total <= PATIENCE + SLOWER * alone,
        f"memory: {memory[0][1]:.0f} MiB, {before:.0f} at most in the first third, {memory[-1][1]:.0f} at the end": (
            gained <= GROWTH_MIB or seconds < _LONG_ENOUGH
        ),
    }
    for line, kept in lines.items():
        print(f"- {line}{'' if kept else ': **NOT AS PROMISED**'}")
    return all(lines.values())


async def measure(api: serving.Api, *, seconds: float, tokens: int) -> bool:
    """One question alone, then all clients."""
    [alone, *_] = await ask_all(api.url, clients=1, seconds=0.001, tokens=tokens, pause=lambda _: 1.0)
    asked, memory = await overload(api, seconds=seconds, tokens=tokens)
    return report(asked, memory, seconds=seconds, alone=alone.generation_s or alone.seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--tokens", type=int, default=64, help="tokens of an answer")
    options = parser.parse_args()
    arguments = ("-tokens", str(options.tokens), "-rate", str(RATE))
    with tempfile.TemporaryDirectory(prefix="askbox-bench-") as name, kit.stub(*arguments) as stub:
        folder = Path(name)
        five_texts.embed(folder / "data")
        with serving.api(folder, llm_base_url=f"{stub}/v1", llm_model="stub") as api:
            kept = asyncio.run(measure(api, seconds=options.seconds, tokens=options.tokens))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
