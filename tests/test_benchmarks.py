"""Each benchmark runs from end to end in its shortest form; what it measures is not judged, for machines differ."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "scripts" / "bench"
MISSING = ("set ASKBOX_SHARED", "needs Go")

pytestmark = pytest.mark.slow


def run(script: str, *arguments: str) -> str:
    """What a benchmark prints. It may end with 1, beyond its limits, but not with an error."""
    command = [sys.executable, str(FOLDER / script), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if any(sentence in done.stderr for sentence in MISSING):
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("mode", [[], ["--streams"]], ids=["questions", "streams"])
def test_overhead_compares_both_ways_to_run_with_a_peer_and_no_answer_fails(mode: list[str]) -> None:
    printed = run("overhead.py", "--quick", *mode)

    for name in ("askbox_embedded", "askbox_elasticsearch"):
        assert f"| {name}, answers that failed or lacked a token | 0.00 | ≤ 0 | yes |" in printed


def test_search_measures_the_embedded_store_beside_tantivy_alone() -> None:
    printed = run("search.py", "--sizes", "300", "--queries", "10", "--stores", "embedded")

    rows = [line.split(" | ") for line in printed.splitlines() if line.startswith("| embedded | 300 |")]
    assert [len(row) for row in rows] == [8, 7, 7]


def test_ingest_measures_our_stores_beside_bare_loops() -> None:
    printed = run("ingest.py", "--copies", "1", "--rounds", "1")

    assert "| embedded | our store |" in printed
    assert "| embedded | bare SQLite + tantivy |" in printed


def test_startup_measures_both_ways_to_run() -> None:
    printed = run("startup.py", "--runs", "1")

    assert "| embedded |" in printed
    assert "| elasticsearch |" in printed


def test_size_names_the_largest_packages() -> None:
    printed = run("size.py", "--here")

    assert "| tantivy |" in printed


def test_soak_ends_with_every_answer_whole() -> None:
    printed = run("soak.py", "--minutes", "0.05")

    assert ", 0 without a whole answer" in printed
    assert "| descriptors |" in printed


def test_load_is_answered_or_refused_with_retry_after_and_nothing_else() -> None:
    printed = run("load.py", "--seconds", "2", "--tokens", "4")

    assert ", 0 of them without Retry-After" in printed
    assert "- anything else: none" in printed


def test_the_script_for_all_runs_every_benchmark() -> None:
    listed = (FOLDER / "all.sh").read_text()
    programs = {file.name for file in FOLDER.glob("*.py") if '__name__ == "__main__"' in file.read_text()}

    assert [name for name in sorted(programs - {"search_once.py"}) if name not in listed] == []
