"""The growth curve of the stores: ingestion, search, memory and disk with ever more passages.

    uv run python scripts/bench/search.py                              10,000, 100,000 and (embedded) a million passages
    uv run python scripts/bench/search.py --sizes 10000,100000 --stores embedded
    uv run python scripts/bench/search.py --sizes 500 --queries 20     a smoke test

Each size is measured in a process of its own. Elasticsearch is measured where ASKBOX_TEST_ELASTICSEARCH_URL, _USERNAME
and _PASSWORD name one, up to 100,000 passages unless --sizes says otherwise. A search on the embedded store is compared
with tantivy alone on the same index, query by query. Exit code 1 beyond the limits.
"""

import argparse
import json
import subprocess
import sys
from typing import Any

import stores

SIZES = [10_000, 100_000, 1_000_000]
_LARGEST_BY_DEFAULT = {"embedded": 1_000_000, "elasticsearch": 100_000}
ABOVE_BARE_MS = 1.0
"""CPU of a search on the embedded store above tantivy alone, at 100,000 passages, p50."""
GROWTH_MIB = 20.0
"""How much more memory the ingestion of 100,000 passages may take than that of 10,000."""


def measure(store: str, size: int, queries: int) -> dict[str, Any]:
    """One size on one store, in a child process."""
    command = [sys.executable, __file__.replace("search.py", "search_once.py"), store, str(size), str(queries)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def show(rows: list[dict[str, Any]]) -> None:
    """The two tables: ingestion and size, then searches."""
    print("\n**Ingestion and size**\n")
    print("| store | passages | documents/s | peak RSS MiB | of it own | RSS MiB serving | of it own | disk MiB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['store']} | {row['size']:,} | {row['documents_per_s']:,.0f} | {row['peak_rss_mib']:.0f} "
            f"| {row['peak_own_mib']:.0f} | {row['serving_rss_mib']:.0f} | {row['serving_own_mib']:.0f} "
            f"| {row['disk_mib']:.1f} |"
        )
    print("\n**Searches for three words, five hits** (wall and CPU of this process in ms, p50 / p99)\n")
    print("| store | passages | filter | wall | CPU | tantivy alone, CPU | difference of CPU, p50 |")
    print("|---|---:|---|---:|---:|---:|---:|")
    for row in rows:
        for kind, times in row["searches"].items():
            alone = ["", ""]
            if "bare_cpu_ms" in times:
                alone = [_pair(times["bare_cpu_ms"]), f"{times['above_bare_ms']:.2f}"]
            cells = [row["store"], f"{row['size']:,}", kind, _pair(times["wall_ms"]), _pair(times["cpu_ms"]), *alone]
            print(f"| {' | '.join(cells)} |")


def judge(rows: list[dict[str, Any]]) -> bool:
    """Print what has a limit, and say whether all kept theirs."""
    by_size = {row["size"]: row for row in rows if row["store"] == "embedded"}
    kept = True
    if 100_000 in by_size:
        for kind, times in by_size[100_000]["searches"].items():
            good = times["above_bare_ms"] <= ABOVE_BARE_MS
            kept &= good
            print(
                f"embedded, 100,000 passages, {kind}: {times['above_bare_ms']:.2f} ms of CPU above tantivy alone "
                f"(limit {ABOVE_BARE_MS:g}): {'kept' if good else 'NOT KEPT'}"
            )
    for store in dict.fromkeys(row["store"] for row in rows):
        peaks = {row["size"]: row["peak_rss_mib"] for row in rows if row["store"] == store}
        if {10_000, 100_000} <= peaks.keys():
            growth = peaks[100_000] - peaks[10_000]
            good = growth <= GROWTH_MIB
            kept &= good
            print(
                f"{store}, peak memory while ingesting, 100,000 against 10,000: {growth:+.0f} MiB "
                f"(limit +{GROWTH_MIB:g}): {'kept' if good else 'NOT KEPT'}"
            )
    return kept


def _pair(times: list[float]) -> str:
    return f"{times[0]:.2f} / {times[1]:.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")])
    parser.add_argument("--stores", type=lambda text: text.split(","), help="embedded, elasticsearch")
    parser.add_argument("--queries", type=int, default=500)
    options = parser.parse_args()
    rows = []
    for store in options.stores or stores.names():
        for size in options.sizes or [size for size in SIZES if size <= _LARGEST_BY_DEFAULT[store]]:
            print(f"{store}, {size:,} passages …", file=sys.stderr, flush=True)
            rows.append(measure(store, size, options.queries))
    show(rows)
    print()
    return 0 if judge(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
