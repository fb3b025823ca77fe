"""Half an hour at half load: memory, descriptors and threads of the API must stay flat.

    uv run python scripts/bench/soak.py                   30 minutes
    uv run python scripts/bench/soak.py --minutes 0.1     a smoke test: too short to judge

32 askers, JSON and streams in turn, at half the rate that was measured first; the embedded store, and the kit's stub as
the model. Samples go to build/bench/soak.json. Exit code 1 where an answer failed, or memory or descriptors grew.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import five_texts
import kit
import serving
from askers import Asked, ask_all, watched

MIB_LIMIT = 1.0
"""MiB of resident memory that may be gained in ten minutes, by a straight line through the samples."""
DESCRIPTOR_LIMIT = 1.0
"""Descriptors that may be gained in ten minutes."""
CLIENTS = 32
TOKENS = 64
_WARM_UP = 0.2  # share of the time, in which caches fill
_LONG_ENOUGH = 5.0  # minutes from which a straight line means something
_MEASURED = ("rss_mib", "descriptors", "threads")


def sample(api: serving.Api, begun: float) -> dict[str, float]:
    """What the system says of the API now."""
    process = api.process
    values = (process.rss_mib(), process.descriptors(), process.threads())
    return {"minute": (time.perf_counter() - begun) / 60} | dict(zip(_MEASURED, values, strict=True))


def growth(samples: list[dict[str, float]], measured: str) -> float:
    """What was gained in ten minutes, by a straight line through the samples."""
    if len(samples) < 3:
        return 0.0
    minutes = [one["minute"] for one in samples]
    return statistics.linear_regression(minutes, [one[measured] for one in samples]).slope * 10


async def soak(api: serving.Api, *, minutes: float) -> tuple[list[dict[str, float]], list[Asked]]:
    """Find the rate that the API can take, then ask at half of it."""
    trial = min(10.0, minutes * 15)
    fastest = await ask_all(api.url, clients=CLIENTS, seconds=trial, tokens=TOKENS, pause=lambda _: 0.0)
    rate = len(fastest) / trial / 2
    print(f"{len(fastest) / trial:.0f} answers/s at most; {minutes:g} minutes at {rate:.0f}", flush=True)
    samples: list[dict[str, float]] = []
    begun = time.perf_counter()
    half = ask_all(
        api.url,
        clients=CLIENTS,
        seconds=minutes * 60,
        tokens=TOKENS,
        pause=lambda asked: CLIENTS / rate - asked.seconds,
    )
    asked = await watched(half, lambda: samples.append(sample(api, begun)), every=min(10.0, minutes * 6))
    return samples, asked


def report(samples: list[dict[str, float]], asked: list[Asked], *, minutes: float) -> bool:
    """Print the slopes; whether all is well."""
    failed = sum(not one.whole for one in asked)
    print(f"{len(asked)} questions, {len(asked) / minutes / 60:.0f}/s, {failed} without a whole answer\n")
    steady = [one for one in samples if one["minute"] >= minutes * _WARM_UP]
    print("| what | start | after warm-up | end | gained in 10 minutes | limit |\n|---|---:|---:|---:|---:|---:|")
    limits = {"rss_mib": MIB_LIMIT, "descriptors": DESCRIPTOR_LIMIT, "threads": DESCRIPTOR_LIMIT}
    for measured in _MEASURED:
        values = (samples[0][measured], steady[0][measured], samples[-1][measured], growth(steady, measured))
        print(f"| {measured} | {' | '.join(f'{value:.2f}' for value in values)} | {limits[measured]:g} |")
    if minutes < _LONG_ENOUGH:
        print(f"\ntoo short to judge: {minutes:g} minutes, and it takes {_LONG_ENOUGH:g}")
        return failed == 0
    flat = all(growth(steady, measured) <= limit for measured, limit in limits.items())
    print(f"\n{'flat' if flat else 'NOT FLAT'}")
    return flat and failed == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="askbox-bench-") as name, kit.stub("-tokens", str(TOKENS)) as stub:
        folder = Path(name)
        five_texts.embed(folder / "data")
        with serving.api(folder, llm_base_url=f"{stub}/v1", llm_model="stub") as api:
            samples, asked = asyncio.run(soak(api, minutes=minutes))
    kit.WORK.mkdir(parents=True, exist_ok=True)
    (kit.WORK / "soak.json").write_text(json.dumps(samples, indent=1))
    return 0 if report(samples, asked, minutes=minutes) else 1


if __name__ == "__main__":
    sys.exit(main())
