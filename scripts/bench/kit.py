"""The overhead kit of ${ASKBOX_SHARED:-../shared}/bench/overhead: its copy, its programs, and the texts of its stub.

The stub plays Elasticsearch and a model's server on loopback; the shared folder itself is never written to.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "bench"
COPY = WORK / "overhead"
HITS = 5
_PIP = {"PIP_QUIET": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore", "PIP_NO_INPUT": "1"}


def installed(environments: Sequence[str] = ()) -> Path:
    """The copy of the kit with its Go programs and these of its environments, made where they are missing.

    Ends the program with one sentence where the kit or Go is not there.
    """
    source = Path(os.environ.get("ASKBOX_SHARED", ROOT.parent / "shared")) / "bench" / "overhead"
    if not source.is_dir():
        sys.exit(f"{source} is missing: set ASKBOX_SHARED to the folder that holds bench/overhead.")
    for file in source.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            _copy(file, COPY / file.relative_to(source))
    for program in ("stub", "driver"):
        _build(program)
    for name in environments:
        _environment(name)
    return COPY


def hit_text(number: int) -> str:
    """`hitText` of the kit's stub: what its model looks for in every prompt."""
    return f"[[hit-{number}]] " + "The course starts in January and the homework can be handed in late. " * 9


@contextmanager
def stub(*arguments: str) -> Iterator[str]:
    """The kit's stub on a free port, until the end: its address."""
    program = installed() / "bin" / "stub"
    url = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen([str(program), "-addr", url.removeprefix("http://"), *arguments])
    try:
        wait_for(f"{url}/stats", process, seconds=10)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """A port of loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[Any], *, seconds: float) -> float:
    """Seconds until `url` answered 200; ends the program where the process ends or time runs out before."""
    begun = time.perf_counter()
    while (waited := time.perf_counter() - begun) < seconds:
        if process.poll() is not None:
            sys.exit(f"{process.args} ended with {process.returncode} before {url} answered")
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                if response.status == 200:
                    return time.perf_counter() - begun
        except OSError:
            time.sleep(0.005)
    sys.exit(f"{url} did not answer within {waited:.0f} s")


def get_json(url: str) -> Any:
    """What a GET answers."""
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)


def _copy(file: Path, target: Path) -> None:
    content = file.read_bytes()
    if not target.exists() or target.read_bytes() != content:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o755 if os.access(file, os.X_OK) and file.suffix in (".py", ".sh") else 0o644)


def _build(program: str) -> None:
    sources, built = COPY / program, COPY / "bin" / program
    if built.exists() and all(built.stat().st_mtime >= file.stat().st_mtime for file in sources.iterdir()):
        return
    if not shutil.which("go"):
        sys.exit("The kit needs Go 1.21 or newer: put `go` on the PATH.")
    subprocess.run(["go", "build", "-o", str(built), "."], cwd=sources, check=True)


def _environment(name: str) -> None:
    # What setup.sh of the kit does, for this environment alone.
    folder = COPY / ".venvs" / name
    wanted = (COPY / "requirements" / f"{name}.txt").read_text()
    made = folder / "made-from.txt"
    if made.exists() and made.read_text() == wanted:
        return
    print(f"making the kit's environment {name} …", file=sys.stderr, flush=True)
    environment = os.environ | _PIP
    python = str(folder / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    packages = str(COPY / "requirements" / f"{name}.txt")
    subprocess.run([python, "-m", "pip", "install", "-r", packages], check=True, env=environment)
    subprocess.run([python, "-m", "compileall", "-q", str(folder / "lib")], check=False)
    made.write_text(wanted)
