"""Counts what became of everything that a run of `askbox ingest` found; prints nothing."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from askbox.reading.findings import Failure, Remark, Skipped
from askbox.sending import Sent

_MOST_REMARKS = 1_000


@dataclass(slots=True)
class Tally:
    """The counts so far. `failures` is filled only where they are wanted whole at the end."""

    keep_failures: bool
    counts: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    remarks: Counter[Remark] = field(default_factory=Counter)
    failures: list[dict[str, str]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return self.counts["failed"]

    @property
    def taken(self) -> int:
        """Documents that are in."""
        return self.counts.total() - self.failed

    def take(self, finding: Sent | Failure | Remark | Skipped) -> Iterator[str]:
        """Counts one finding, and gives the lines that a person should see at once."""
        match finding:
            case Sent():
                yield from self._take_sent(finding)
            case Failure():
                yield self._fail(finding.place, finding.reason)
            case Skipped():
                self.skipped[finding.suffix or "no suffix"] += 1
            case Remark():
                if finding in self.remarks or len(self.remarks) < _MOST_REMARKS:
                    self.remarks[finding] += 1

    def closing_lines(self) -> Iterator[str]:
        """What is said once, at the end: what was left out, and what was not read."""
        for remark, count in self.remarks.items():
            yield f"{remark.place}: {remark.text}{f' ({count:,} times)' if count > 1 else ''}"
        if self.skipped:
            kinds = ", ".join(f"{suffix} {count:,}" for suffix, count in self.skipped.most_common(10))
            yield f"skipped {self.skipped.total():,} files of other kinds ({kinds})"

    def summary(self) -> str:
        """One line with all counts."""
        parts = (f"{self.counts[status]:,} {status}" for status in _STATUSES)
        return ", ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        remarks = [{"place": each.place, "text": each.text, "count": n} for each, n in self.remarks.items()]
        return {
            **{status: self.counts[status] for status in _STATUSES},
            "skipped": dict(self.skipped),
            "failures": self.failures,
            "remarks": remarks,
        }

    def _take_sent(self, sent: Sent) -> Iterator[str]:
        outcome = sent.outcome
        if outcome.status == "failed":
            yield self._fail(sent.place, outcome.reason or "the API gave no reason")
            return
        self.counts[outcome.status] += 1
        if outcome.reason:
            yield f"{sent.place}: {outcome.reason}"
        elif sent.again and outcome.status == "replaced":
            yield f"{sent.place}: the same id came before in this run; this one counts"

    def _fail(self, place: str, reason: str) -> str:
        self.counts["failed"] += 1
        if self.keep_failures:
            self.failures.append({"place": place, "reason": reason})
        return f"failed: {place}: {reason}"


_STATUSES = ("created", "replaced", "unchanged", "failed")
