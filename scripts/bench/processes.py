"""What the system says of a process: CPU, memory, descriptors, threads. Linux only."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """A running process, by its id."""

    pid: int

    def cpu_s(self) -> float:
        """Seconds of CPU, user and system, since its start; in steps of a hundredth."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def rss_mib(self) -> float:
        """Resident memory now, pages of mapped files included."""
        return self._status("VmRSS") / 1024

    def own_mib(self) -> float:
        """Resident memory without the pages of files, which the system takes back when it needs them."""
        return self._status("RssAnon") / 1024

    def threads(self) -> int:
        """Threads now."""
        return self._status("Threads")

    def descriptors(self) -> int:
        """Open descriptors now."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def _status(self, key: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))


def own() -> Process:
    """This process."""
    return Process(os.getpid())
