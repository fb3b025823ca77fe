"""From the kit's results to our own ratios, each beside the limit that it must keep."""

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

FLOOR = "fastapi_aiohttp"
AT_ONCE = 64
MODES = {"json": "JSON", "sse": "stream"}
CPU_LIMITS = {
    ("askbox_embedded", "json"): 2.5,
    ("askbox_embedded", "sse"): 2.0,
    ("askbox_elasticsearch", "json"): 3.5,
    ("askbox_elasticsearch", "sse"): 2.5,
}
LEAST_UNDER_FRAMEWORK = 4.0
RSS_LIMITS = {"askbox_embedded": 110.0, "askbox_elasticsearch": 140.0}  # MB
READY_LIMITS = {"askbox_embedded": 2.0, "askbox_elasticsearch": 3.0}  # seconds of CPU
FIRST_TOKEN_LIMIT = 1.5
_MB = 1024**2 / 1e6


class Run:
    """One run of the kit."""

    def __init__(self, results: dict[str, Any]) -> None:
        rows = [row for row in results["rows"] if "failed" not in row]
        self._errors = Counter({row["name"]: 0 for row in rows})
        for row in rows:
            self._errors[row["name"]] += row["errors"]
        # A process that is gone has no memory: its step shows no CPU either, which must not pass for speed.
        self.gone = [f"{row['name']} in round {row['round'] + 1}" for row in rows if not row["rss_mib"]]
        self._rows = [row for row in rows if row["rss_mib"] and row["n"]]
        self._starts = results["starts"]
        self.failed = sorted({row["name"] for row in results["rows"] if "failed" in row})

    def median(self, name: str, mode: str, key: str) -> float:
        """The median over the rounds with 64 at once; not a number where nothing was measured."""
        wanted = (name, mode, AT_ONCE)
        values = [row[key] for row in self._rows if (row["name"], row["mode"], row["conc"]) == wanted and key in row]
        return statistics.median(values) if values else float("nan")

    def has(self, name: str) -> bool:
        """Whether it was measured at all."""
        return any(row["name"] == name for row in self._rows)

    def errors(self, name: str) -> int:
        """Answers that were not 200 or lacked a token, over the whole run."""
        return self._errors[name]

    def rss_mb(self, name: str) -> float:
        """The most resident memory seen after a step, in MB."""
        return max((row["rss_mib"] for row in self._rows if row["name"] == name), default=float("nan")) * _MB

    def ready_cpu_s(self, name: str) -> float:
        """CPU seconds until it answered, the median over the rounds."""
        values = [start["ready_cpu_s"] for start in self._starts if start["name"] == name]
        return statistics.median(values) if values else float("nan")


class Verdicts:
    """Lines of a table, each with its limit, and whether all kept theirs."""

    def __init__(self, title: str) -> None:
        print(f"\n**{title}**\n\n| what | measured | limit | |\n|---|---:|---:|---|")
        self.within = True

    def at_most(self, what: str, value: float, limit: float, unit: str = "") -> None:
        """A line whose value may not be above the limit."""
        self._line(what, value, f"≤ {limit:g}{unit}", value <= limit, unit)

    def at_least(self, what: str, value: float, limit: float, unit: str = "") -> None:
        """A line whose value may not be below the limit."""
        self._line(what, value, f"≥ {limit:g}{unit}", value >= limit, unit)

    def _line(self, what: str, value: float, limit: str, kept: bool, unit: str) -> None:
        self.within &= kept
        print(f"| {what} | {value:.2f}{unit} | {limit} | {'yes' if kept else '**NO**'} |")


def questions(run: Run, *, ours: Sequence[str], frameworks: Sequence[str]) -> bool:
    """Print CPU a question, memory and start against their limits; whether all were kept."""
    verdicts = Verdicts("askbox, 64 questions at once")
    for name in ours:
        for mode, label in MODES.items():
            cpu = run.median(name, mode, "cpu_ms")
            floor = run.median(FLOOR, mode, "cpu_ms")
            what = f"{name}, {label}: {cpu:.2f} ms of CPU / {FLOOR} {floor:.2f} ms"
            verdicts.at_most(what, cpu / floor, CPU_LIMITS[name, mode], " ×")
        for mode, label in MODES.items():
            best = min((f for f in frameworks if run.has(f)), key=lambda f: run.median(f, mode, "cpu_ms"), default=None)
            if best:
                ratio = run.median(best, mode, "cpu_ms") / run.median(name, mode, "cpu_ms")
                verdicts.at_least(f"{best} / {name}, {label}", ratio, LEAST_UNDER_FRAMEWORK, " ×")
        verdicts.at_most(f"{name}, memory after the run", run.rss_mb(name), RSS_LIMITS[name], " MB")
        verdicts.at_most(f"{name}, CPU until ready", run.ready_cpu_s(name), READY_LIMITS[name], " s")
    return _sound(run, verdicts, ours)


def streams(run: Run, *, ours: Sequence[str], frameworks: Sequence[str]) -> bool:
    """Print when the first token came, against the limit; whether it was kept and no token was lost."""
    verdicts = Verdicts("askbox, 64 streams of 50 tokens/s, the first after 100 ms")
    floor = run.median(FLOOR, "sse", "ttft_p50_ms")
    for name in ours:
        first = run.median(name, "sse", "ttft_p50_ms")
        what = f"{name}, first token p50 {first:.1f} ms / {FLOOR} {floor:.1f} ms"
        verdicts.at_most(what, first / floor, FIRST_TOKEN_LIMIT, " ×")
    return _sound(run, verdicts, ours)


def _sound(run: Run, verdicts: Verdicts, ours: Sequence[str]) -> bool:
    for name in ours:
        verdicts.at_most(f"{name}, answers that failed or lacked a token", run.errors(name), 0)
    if run.failed:
        print(f"\nDid not start: {', '.join(run.failed)}")
    if run.gone:
        print(f"\nENDED WHILE IT WAS ASKED, see the log; left out of all medians: {', '.join(dict.fromkeys(run.gone))}")
    return verdicts.within and not run.failed and not run.gone
