"""One size of search.py, in a process of its own: fill a store, open it anew, search; prints JSON.

python scripts/bench/search_once.py embedded 10000 500
"""

import asyncio
import json
import resource
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import elastic
import stores
from bare_tantivy import BareTantivy
from processes import own
from zipf import TOPICS, Corpus, topic

from askbox_api.domain import Filters
from askbox_api.ports import PassageStore
from askbox_api.stores.embedded import EmbeddedStore

_BATCH = 1_000
_TOP_K = 5
_COLLECTION = "bench"
_MIB = 1024 * 1024


async def ingest(store: PassageStore, corpus: Corpus, size: int) -> dict[str, float]:
    """Fill the store; only its own work is timed."""
    seconds, rss, held = 0.0, 0.0, 0.0
    for batch in corpus.batches(size, size=_BATCH):
        begun = time.perf_counter()
        await store.write(batch, collection=_COLLECTION)
        seconds += time.perf_counter() - begun
        rss, held = max(rss, own().rss_mib()), max(held, own().own_mib())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"documents_per_s": size / seconds, "peak_rss_mib": max(rss, peak), "peak_own_mib": held}


async def searches(
    store: PassageStore, queries: Sequence[str], *, filtered: bool, bare: BareTantivy | None
) -> dict[str, Any]:
    """Each query on the store and, where there is one, on the bare index right after."""
    wall, cpu, bare_cpu = [], [], []
    for number, query in enumerate(queries):
        filters: Filters = {"topic": (topic(number % TOPICS),)} if filtered else {}
        begun, begun_cpu = time.perf_counter(), time.process_time()
        await store.search(query, collection=_COLLECTION, filters=filters, top_k=_TOP_K)
        cpu.append(time.process_time() - begun_cpu)
        wall.append(time.perf_counter() - begun)
        if bare:
            begun_cpu = time.process_time()
            bare.search(query, filters, top_k=_TOP_K)
            bare_cpu.append(time.process_time() - begun_cpu)
    found: dict[str, Any] = {"wall_ms": _p50_p99(wall), "cpu_ms": _p50_p99(cpu)}
    if bare:
        above = [with_store - alone for with_store, alone in zip(cpu, bare_cpu, strict=True)]
        found |= {"bare_cpu_ms": _p50_p99(bare_cpu), "above_bare_ms": _p50_p99(above)[0]}
    return found


def _p50_p99(seconds: Sequence[float]) -> list[float]:
    ordered = sorted(seconds)
    return [ordered[int(share * len(ordered))] * 1000 for share in (0.5, 0.99)]


async def measure(
    make: Callable[[], PassageStore], *, size: int, queries: int, bare: Callable[[], BareTantivy] | None
) -> dict[str, Any]:
    """Fill a store, close it, and search one that was opened anew: nothing of the writing is left in memory."""
    corpus = Corpus()
    store = make()
    await store.open()
    found: dict[str, Any] = await ingest(store, corpus, size)
    await store.close()
    store = make()
    await store.open()
    alone = bare() if bare else None
    asked = corpus.queries(queries)
    await searches(store, asked[:20], filtered=True, bare=alone)  # warm
    kinds = {"none": False, "one field": True}
    found["searches"] = {
        kind: await searches(store, asked, filtered=filtered, bare=alone) for kind, filtered in kinds.items()
    }
    found |= {"serving_rss_mib": own().rss_mib(), "serving_own_mib": own().own_mib()}
    await store.close()
    return found


async def embedded(size: int, queries: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="askbox-bench-") as folder:
        data = Path(folder)

        def make() -> PassageStore:
            return EmbeddedStore(data_dir=data, search_timeout=60)

        found = await measure(make, size=size, queries=queries, bare=lambda: BareTantivy(data))
        disk = sum(file.stat().st_size for file in data.rglob("*") if file.is_file())
    return found | {"disk_mib": disk / _MIB}


async def elasticsearch(size: int, queries: int) -> dict[str, Any]:
    prefix = f"askboxbench-{secrets.token_hex(6)}"
    try:
        found = await measure(lambda: stores.elasticsearch(prefix), size=size, queries=queries, bare=None)
        return found | {"disk_mib": elastic.disk_bytes(f"{prefix}-*") / _MIB}
    finally:
        elastic.remove(f"{prefix}-*")


def main() -> None:
    name, size, queries = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    found = asyncio.run({"embedded": embedded, "elasticsearch": elasticsearch}[name](size, queries))
    print(json.dumps({"store": name, "size": size} | found))


if __name__ == "__main__":
    main()
