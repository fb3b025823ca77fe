"""The API as a process of its own, started, killed and looked at from outside: what every test of faults needs.

Ports are chosen below those that the system gives to outgoing connections, so that a process which is started again
finds its port free.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

_COMMAND = Path(sys.executable).with_name("askbox-api")
_PATIENCE = 60.0  # seconds: far more than anything here takes, for a machine that is busy


class ApiProcess:
    """One API on a port that it keeps over restarts. `settings` are those of `Settings`, in lower case."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self._folder = folder
        self._settings = settings
        self.log = folder / "api.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx2.Client(base_url=self.url, timeout=_PATIENCE)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._running.pid

    @property
    def rss_mib(self) -> float:
        """Resident memory now."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

    def start(self) -> None:
        """Start, and return once it answers."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ASKBOX_")}
        given = {f"ASKBOX_{name.upper()}": str(value) for name, value in self._settings.items()}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [_COMMAND], cwd=self._folder, env=kept | given | {"ASKBOX_PORT": str(self.port)}, stdout=log, stderr=log
            )
        wait_until(self._answers, "the API did not start")

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._running.kill()
        self._running.wait(_PATIENCE)

    def terminate(self) -> None:
        """SIGTERM, and do not wait."""
        self._running.send_signal(signal.SIGTERM)

    def exit_code(self, *, within: float) -> int:
        """The exit code of a process that ends within so many seconds."""
        return self._running.wait(within)

    def close(self) -> None:
        """Kill what still runs."""
        self.http.close()
        if self._process and self._process.poll() is None:
            self.kill()

    def add(self, *documents: dict[str, Any], collection: str = "default") -> httpx2.Response:
        """Post documents."""
        return self.http.post("/documents", json={"collection": collection, "documents": documents})

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        lines = self.http.get("/metrics").text.splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def idle(self) -> bool:
        """Whether no question holds a slot or waits for one."""
        return not self.metric("askbox_questions_running") and not self.metric("askbox_questions_queued")

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "start it first"
        return self._process

    def _answers(self) -> bool:
        assert self._running.poll() is None, f"exit code {self._running.poll()}: {self.log.read_text()}"
        try:
            return self.http.get("/health/live").status_code == 200
        except httpx2.TransportError:
            return False


@contextmanager
def api_process(folder: Path, **settings: Any) -> Iterator[ApiProcess]:
    """An API that runs; by default on the embedded store in `folder`, and without a model."""
    api = ApiProcess(folder, **{"data_dir": folder / "data", "llm_base_url": "http://127.0.0.1:9/v1"} | settings)
    try:
        api.start()
        yield api
    finally:
        api.close()


def wait_until(condition: Callable[[], bool], otherwise: str, *, within: float = _PATIENCE) -> float:
    """Wait for a condition and return the seconds it took; fail with the words `otherwise` where it never comes."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < within, f"{otherwise} within {within:g} s"
        time.sleep(0.01)
    return time.monotonic() - begun


def free_port() -> int:
    """A port of loopback on which nothing listens now."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
