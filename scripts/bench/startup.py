"""What a start costs: seconds and CPU until /health/live answers 200, and memory then, for both ways to run.

    uv run python scripts/bench/startup.py              five warm starts each
    uv run python scripts/bench/startup.py --runs 1     a smoke test

No server is needed: with ASKBOX_STORE=elasticsearch the API starts whether Elasticsearch is there or not. Exit code 1
beyond the limits.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import serving

CPU_LIMITS = {"embedded": 2.0, "elasticsearch": 3.0}  # seconds
RSS_LIMITS = {"embedded": 110.0, "elasticsearch": 140.0}  # MB, as after a run of overhead.py
_MB = 1024**2 / 1e6


def start(store: str, folder: Path) -> tuple[float, float, float]:
    """One start and stop: seconds, CPU seconds, and MB of memory when it answered."""
    nobody = "http://127.0.0.1:9"
    with serving.api(folder, store=store, elasticsearch_url=nobody, llm_base_url=f"{nobody}/v1") as api:
        return api.ready_s, api.process.cpu_s(), api.process.rss_mib() * _MB


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    within = True
    print(f"{runs} warm starts each, medians\n")
    print("| store | seconds | CPU s | limit | RSS MB | limit | |\n|---|---:|---:|---:|---:|---:|---|")
    for store, limit in CPU_LIMITS.items():
        with tempfile.TemporaryDirectory(prefix="askbox-bench-") as folder:
            start(store, Path(folder))  # warms the file cache, and makes the data folder
            starts = [start(store, Path(folder)) for _ in range(runs)]
        wall, cpu, rss = (statistics.median(column) for column in zip(*starts, strict=True))
        kept = cpu <= limit and rss <= RSS_LIMITS[store]
        within &= kept
        print(
            f"| {store} | {wall:.2f} | {cpu:.2f} | {limit:g} | {rss:.0f} | {RSS_LIMITS[store]:g} "
            f"| {'yes' if kept else '**NO**'} |"
        )
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
