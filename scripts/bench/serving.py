"""The real `askbox-api` as a process of its own on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import kit
from processes import Process

API = Path(sys.executable).with_name("askbox-api")
_GRACE = 30  # seconds


@dataclass(frozen=True)
class Api:
    """A running API: where it listens, its process, and the seconds until it answered."""

    url: str
    process: Process
    ready_s: float


def environment(settings: Mapping[str, object]) -> dict[str, str]:
    """The environment of an API with these settings and no other of askbox's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASKBOX_")}
    return inherited | {f"ASKBOX_{name.upper()}": str(value) for name, value in settings.items()}


@contextmanager
def api(folder: Path, **settings: object) -> Iterator[Api]:
    """The API with these settings (names of `Settings`), run in `folder`, until the end; its log is `api.log` there."""
    port = kit.free_port()
    url = f"http://127.0.0.1:{port}"
    given = environment({"data_dir": folder / "data", "log_format": "json", "port": port} | settings)
    with (folder / "api.log").open("w") as log:
        process = subprocess.Popen([str(API)], env=given, cwd=folder, stderr=log, stdout=log)
        try:
            yield Api(url, Process(process.pid), _ready(url, process, folder))
        finally:
            process.terminate()
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ready(url: str, process: subprocess.Popen[bytes], folder: Path) -> float:
    try:
        return kit.wait_for(f"{url}/health/live", process, seconds=60)
    except SystemExit:
        print((folder / "api.log").read_text()[-2_000:], file=sys.stderr)
        raise
