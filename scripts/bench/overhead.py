"""What askbox adds to search and model: CPU a question beside FastAPI + aiohttp and LangChain, in one run of the kit.

    uv run python scripts/bench/overhead.py                 3 rounds of 3 s, one and 64 questions at once
    uv run python scripts/bench/overhead.py --streams       64 streams of 50 tokens/s: the first token, and none lost
    uv run python scripts/bench/overhead.py --all           beside every peer of the kit, in its own environment
    uv run python scripts/bench/overhead.py --quick         one short round, a peer from this environment: a smoke test

Search and model are the kit's stub, which answers at once. The API runs as it is delivered: log, metrics and request
ids are on. The kit comes from ${ASKBOX_SHARED:-../shared}/bench/overhead; results go to build/bench/overhead.json
(with --streams: overhead-streams.json).
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import five_texts
import kit
import overhead_report
import serving

OURS = ("askbox_embedded", "askbox_elasticsearch")
FRAMEWORKS = {"langchain": "langchain", "llamaindex": "llamaindex", "haystack": "haystack"}
_STREAMS = "-rate 50 -ttft 100ms"


def candidates(folder: Path) -> Path:
    """The kit's description of our two ways to run, with their data ready in `folder`."""
    five_texts.embed(folder / "data")
    described = [
        _candidate(name, store, folder) for name, store in zip(OURS, ("embedded", "elasticsearch"), strict=True)
    ]
    path = folder / "askbox.toml"
    path.write_text("\n".join(described))
    return path


def _candidate(name: str, store: str, folder: Path) -> str:
    settings = {
        "ASKBOX_PORT": "{port}",
        "ASKBOX_STORE": store,
        "ASKBOX_DATA_DIR": str(folder / "data"),
        "ASKBOX_ELASTICSEARCH_URL": "{stub}",
        "ASKBOX_LLM_BASE_URL": "{stub}/v1",
        "ASKBOX_LLM_MODEL": "stub",
        "ASKBOX_GENERATIONS": "64",
        "ASKBOX_QUEUE": "256",
        "ASKBOX_LOG_FORMAT": "json",
    }
    values: dict[str, Any] = {
        "cmd": shlex.quote(str(serving.API)),
        "cwd": str(folder),
        "health": "http://127.0.0.1:{port}/health/live",
        "url": "http://127.0.0.1:{port}/ask",
        "url_sse": "http://127.0.0.1:{port}/ask/stream",
        "json": '{"question": "{q}"}',
        "sse": '{"question": "{q}"}',
        "must": "doc-4",
        "tokens_sse": 128,  # the last event repeats all 64
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    environment = ", ".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
    return "\n".join([f"[{name}]", *lines, f"env = {{ {environment} }}", ""])


def peers(options: argparse.Namespace) -> list[str]:
    """What we are compared with, each installed."""
    if options.quick:
        kit.installed()
        return ["fastapi_aiohttp"]
    if options.all:
        kit.installed(["floor", *FRAMEWORKS.values()])
        plain = ["floor_go", "floor_aiohttp", "fastapi_aiohttp", "floor_httpx", "floor_httpx2", "clients", "naive_sync"]
        return [*plain, "langchain_lean", *FRAMEWORKS]
    kit.installed(["floor"] if options.streams else ["floor", "langchain"])
    return ["fastapi_aiohttp"] if options.streams else ["fastapi_aiohttp", "langchain"]


def run_kit(options: argparse.Namespace, folder: Path, results: Path) -> dict[str, Any]:
    """One run of the kit with us in it; prints its tables and gives its results."""
    names = [*peers(options), *OURS]
    stub = f"-search-file {shlex.quote(str(five_texts.search_file(folder / 'hits.json')))}"
    command = [sys.executable, str(kit.COPY / "run.py"), "--extra", str(candidates(folder)), "--only", ",".join(names)]
    command += ["--rounds", str(options.rounds), "--seconds", str(options.seconds), "--warm", str(options.warm)]
    command += ["--stub-args", f"{_STREAMS} {stub}" if options.streams else stub, "--out", str(results)]
    command += ["--conc", "64", "--modes", "sse"] if options.streams else ["--conc", options.conc]
    if options.quick:
        (folder / "venvs").mkdir()
        (folder / "venvs" / "floor").symlink_to(Path(sys.prefix))
        command += ["--venvs", str(folder / "venvs")]
    subprocess.run(command, check=True, env=serving.environment({}))
    shutil.copyfile(kit.COPY / "run.log", results.with_suffix(".log"))  # the kit's next run would overwrite it
    return json.loads(results.read_text())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", action="store_true", help="64 streams of 50 tokens/s after 100 ms")
    parser.add_argument("--all", action="store_true", help="beside every peer of the kit")
    parser.add_argument("--quick", action="store_true", help="one short round without the kit's environments")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--warm", type=float, default=1)
    parser.add_argument("--conc", default="1,64", help="questions at once, comma separated; 64 must be among them")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.warm, options.conc = 1, 0.3, 0.2, "64"
    results = kit.WORK / ("overhead-streams.json" if options.streams else "overhead.json")
    if options.quick:
        results = results.with_stem(f"{results.stem}-quick")
    results.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="askbox-bench-") as folder:
        measured = run_kit(options, Path(folder), results)
    judge = overhead_report.streams if options.streams else overhead_report.questions
    within = judge(overhead_report.Run(measured), ours=OURS, frameworks=tuple(FRAMEWORKS))
    name = results.relative_to(kit.ROOT)
    print(f"\nAll figures: {name}; what the programs logged: {name.with_suffix('.log')}")
    return 0 if within or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
