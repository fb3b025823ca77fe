"""What a store costs beside a bare loop: documents a second of `store.write` against the engine's own bulk calls.

    uv run python scripts/bench/ingest.py                            the course's FAQ twenty times, three rounds
    uv run python scripts/bench/ingest.py --copies 1 --rounds 1      a smoke test

The documents come from ${ASKBOX_SHARED:-../shared}/data/faq, cut before the clock starts, in calls of as many as one
request of the API may hold, rounds in alternating order. For Elasticsearch (ASKBOX_TEST_ELASTICSEARCH_URL, _USERNAME,
_PASSWORD) the bare loop is `elasticsearch.helpers.async_bulk` with the same bodies in the same mapping, once with one
refresh after all and once with a refresh after each call, as our store must. Exit code 1 beyond the limit.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import product

import bare_loops
import faq
import stores

from askbox.schemas import MAX_BATCH
from askbox_api.domain import ChunkedDocument
from askbox_api.ingesting.ingesting import chunked, version_of

LEAST_RATIO = 0.8
BATCH = MAX_BATCH
COLLECTION = "bench"
Batches = Sequence[Sequence[ChunkedDocument]]
Loop = Callable[[Batches], Awaitable[float]]


def batches(copies: int) -> Batches:
    """The FAQ so many times, each copy under ids of its own, cut into passages."""
    documents = []
    for copy, (number, new) in product(range(copies), enumerate(faq.documents())):
        document = replace(new.document, id=f"{copy}-{number}-{new.document.id}")
        documents.append(chunked(document, version_of(document, passage_size=1_200), passage_size=1_200))
    return [documents[start : start + BATCH] for start in range(0, len(documents), BATCH)]


def through(name: str) -> Loop:
    """Writing through our store of this name: seconds."""

    async def write(cut: Batches) -> float:
        async with stores.fresh(name) as store:
            first = replace(cut[0][0], document=replace(cut[0][0].document, id="first"), passages=())
            await store.write([first], collection=COLLECTION)  # makes the collection, as the bare loops do
            begun = time.perf_counter()
            for batch in cut:
                await store.write(batch, collection=COLLECTION)
            return time.perf_counter() - begun

    return write


async def compare(loops: dict[str, Loop], cut: Batches, *, rounds: int) -> dict[str, float]:
    """Documents a second of each loop: the median over the rounds."""
    count = sum(map(len, cut))
    speeds: dict[str, list[float]] = {name: [] for name in loops}
    for number in range(rounds):
        names = list(loops) if number % 2 == 0 else list(loops)[::-1]
        for name in names:
            speeds[name].append(count / await loops[name](cut))
            print(f"round {number + 1}: {name} {speeds[name][-1]:,.0f} documents/s", file=sys.stderr, flush=True)
    return {name: statistics.median(measured) for name, measured in speeds.items()}


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", nargs="+", choices=["embedded", "elasticsearch"], default=stores.names())
    options = parser.parse_args()
    cut = batches(options.copies)
    engines: dict[str, dict[str, Loop]] = {
        "embedded": {"our store": through("embedded"), "bare SQLite + tantivy": bare_loops.sqlite_and_tantivy},
        "elasticsearch": {
            "our store": through("elasticsearch"),
            "bare async_bulk, one refresh": bare_loops.async_bulk,
            "bare async_bulk, a refresh a call": bare_loops.async_bulk_searchable,
        },
    }
    within, table = True, []
    for engine in options.engines:
        speeds = await compare(engines[engine], cut, rounds=options.rounds)
        for name, speed in speeds.items():
            table.append(f"| {engine} | {name} | {speed:,.0f} | {speeds['our store'] / speed:.2f} |")
        if engine == "elasticsearch":
            within = speeds["our store"] / speeds["bare async_bulk, one refresh"] >= LEAST_RATIO
    print(f"\n{sum(map(len, cut)):,} documents in calls of {BATCH:,}, {options.rounds} rounds, medians\n")
    print("| engine | loop | documents/s | ours / it |\n|---|---|---:|---:|", *table, sep="\n")
    print(f"\nElasticsearch, ours / bare, one refresh: at least {LEAST_RATIO}: {'kept' if within else 'NOT KEPT'}")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
