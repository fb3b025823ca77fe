"""An Elasticsearch that a test may kill: started with the command that ASKBOX_TEST_ELASTICSEARCH_COMMAND names.

The command must understand `start --dir D --port P`, `kill --dir D` (SIGKILL) and `stop --dir D --wipe`, keep the data
of D over a restart, and return from `start` when the cluster is green.
"""

import shlex
import subprocess
from pathlib import Path

from tests.faults.api_process import free_port

_START = (
    "--heap=512m",
    "--jvm-option=-XX:TieredStopAtLevel=1",  # less CPU to start
)


class OwnElasticsearch:
    """One server without security, with its data in `folder`."""

    def __init__(self, command: str, folder: Path) -> None:
        self._command = shlex.split(command)
        self._folder = folder
        self._port = free_port()
        self._transport_port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, or start it again with the same data; returns when the cluster is green."""
        ports = (f"--port={self._port}", f"--setting=transport.port={self._transport_port}")
        self._run("start", *ports, *_START)

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        self._run("kill")

    def stop(self, *more: str) -> None:
        """SIGTERM; returns when it is gone."""
        self._run("stop", *more)

    def _run(self, action: str, *more: str) -> None:
        command = [*self._command, action, f"--dir={self._folder}", *more]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{action} failed: {done.stdout}{done.stderr}"
