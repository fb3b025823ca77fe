"""The model is cut, stalls or goes: every question gets an end that a client understands, and no slot is lost."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.api.model_server import ModelServer
from tests.faults.api_process import ApiProcess, wait_until
from tests.faults.asking import LLAMA, ask, at_once, stream
from tests.faults.conftest import StartApi

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def model_process() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a model that never stops writing, and its process."""
    command = [sys.executable, "-m", "tests.faults.model_process"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
        process.kill()


def test_streams_that_the_model_cuts_end_in_an_error(start_api: StartApi, model_server: ModelServer) -> None:
    model_server.tokens, model_server.token_delay, model_server.cut_after = ["word "] * 100, 0.005, 50
    api = start_api(llm_base_url=model_server.url, generations=16)
    api.add(LLAMA)

    streams = at_once(16, stream, api.url)

    assert {names[0] for names in streams} == {"hits"}
    assert {names[-1] for names in streams} == {"error"}
    assert not any("answer" in names for names in streams)
    assert {response.status_code for response in at_once(16, ask, api.url)} == {502}
    wait_until(api.idle, "the slots were not given back")


def test_64_questions_to_a_model_that_stalls_for_ever_lose_no_slot(
    start_api: StartApi, model_server: ModelServer
) -> None:
    model_server.first_token_delay = 86_400
    api = start_api(llm_base_url=model_server.url, generations=16, queue=64, first_token_timeout=1)
    api.add(LLAMA)

    answers = at_once(64, ask, api.url)

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["degraded"][0]["code"] for answer in answers} == {"first_token_timed_out"}
    assert all(answer.json()["hits"] for answer in answers)
    assert api.idle()
    model_server.first_token_delay = 0
    assert ask(api.url).json()["model"] == "phi3"


def test_questions_to_a_model_that_is_gone_are_answered_from_the_passages(start_api: StartApi) -> None:
    api = start_api()
    api.add(LLAMA)

    answer = ask(api.url).json()

    assert (answer["model"], answer["degraded"][0]["code"]) == (None, "model_unavailable")
    assert answer["hits"]
    assert answer["degraded"][0]["remedy"]
    assert stream(api.url) == ["hits", "token", "answer"]


def test_a_model_that_is_killed_under_load_leaves_no_stream_without_an_end(
    start_api: StartApi, model_process: tuple[str, subprocess.Popen[str]]
) -> None:
    url, process = model_process
    api = start_api(llm_base_url=url, generations=16, queue=64)
    api.add(LLAMA)
    with ThreadPoolExecutor(32) as pool:
        streams = [pool.submit(stream, api.url) for _ in range(32)]
        wait_until(lambda: _running_and_waiting(api) == (16, 16), "the questions did not come to run and to wait")
        process.kill()
        ends = Counter(future.result()[-1] for future in streams)

    # Those that ran were cut, unless no token had come yet; those that waited found no model.
    assert ends["error"] + ends["answer"] == 32, ends
    assert ends["answer"] >= 16, ends
    wait_until(api.idle, "the slots were not given back")


def _running_and_waiting(api: ApiProcess) -> tuple[float, float]:
    return api.metric("askbox_questions_running"), api.metric("askbox_questions_queued")
