"""Requests made at random from the OpenAPI, right and wrong ones, against a real API: schemathesis with all checks.

ASKBOX_FUZZ_SECONDS is how long (60), ASKBOX_FUZZ_SEED repeats a run. The seed, the number of requests and, for each
failure, a curl line are printed.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.model_server import ModelServer, served
from tests.api.running import RunningApi, running_api
from tests.fuzz.counters import counters
from tests.fuzz.hooks import DOCUMENTS

pytestmark = [pytest.mark.fuzz, pytest.mark.slow]

HERE = Path(__file__).parent
SECONDS = int(os.environ.get("ASKBOX_FUZZ_SECONDS", "60"))
SEED = os.environ.get("ASKBOX_FUZZ_SEED") or str(secrets.randbits(32))
EXCLUDED = (
    "ignored_auth",  # nothing is behind a key, so there is none to ignore
    "object_level_authorization",  # nor users whose objects are theirs alone
    "missing_required_header",  # no route needs a header
)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[RunningApi]:
    with served(ModelServer()) as model, running_api(data_dir=tmp_path / "data", llm_base_url=model.url) as api:
        api.add(*DOCUMENTS)
        yield api


def test_every_answer_to_every_request_is_as_the_openapi_says(api: RunningApi, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "--no-color"),
            *("run", f"{api.url}/openapi.json", "--mode", "all", "--seed", SEED, "--max-time", str(SECONDS)),
            *("--checks", "all", "--exclude-checks", ",".join(EXCLUDED), "--request-timeout", "60"),
            *("--report", "json", "--report-json-path", str(report)),
        ],
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS + 240,
        check=False,
    )

    print(f"\nschemathesis: ASKBOX_FUZZ_SEED={SEED}")
    assert run.returncode == 0, f"ASKBOX_FUZZ_SEED={SEED} repeats this\n{run.stdout}\n{run.stderr}"
    told = json.loads(report.read_text())
    cases, seconds = told["test_cases"]["generated"], told["running_time"]
    counted = counters(api.http)
    print(f"{cases} requests in {seconds:.0f} s, {cases / seconds:.0f} a second")
    print("".join(f"  {name} {int(number)}\n" for name, number in sorted(counted.items())))
    assert not [name for name in counted if 'status="5' in name]
    assert cases >= 300, "too few requests to say anything"
    assert _never_accepted(told) == [], "no valid request reached these"
    assert counted.get('askbox_answers_total{outcome="written"}', 0) > 0
    assert counted.get('askbox_documents_total{status="replaced"}', 0) > 0


def _never_accepted(told: dict[str, Any]) -> list[str]:
    return [
        operation
        for operation, phases in told["valid_rates"].items()
        if not sum(phase["accepted"] for phase in phases.values())
    ]
