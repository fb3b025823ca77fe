"""Ten times as many askers as the box can take: each gets a whole answer, or is told when to try again."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from tests.api.model_server import ModelServer
from tests.faults.api_process import wait_until
from tests.faults.asking import LLAMA, QUESTION, is_refusal
from tests.faults.conftest import StartApi

pytestmark = [pytest.mark.faults, pytest.mark.slow]

GENERATIONS, QUEUE, ASKERS, SECONDS = 2, 4, 60, 4


def test_ten_times_too_many_askers_get_answers_or_refusals_and_no_slot_is_lost(
    start_api: StartApi, model_server: ModelServer
) -> None:
    model_server.tokens, model_server.token_delay = ["word "] * 20, 0.01
    api = start_api(llm_base_url=model_server.url, generations=GENERATIONS, queue=QUEUE)
    api.add(LLAMA)
    counters: list[Counter[str]] = [Counter() for _ in range(ASKERS)]
    most_running, most_waiting = 0.0, 0.0

    def keep_asking(counter: Counter[str]) -> None:
        with httpx2.Client(base_url=api.url, timeout=120) as http:
            while time.monotonic() < end:
                counter[_kind(http.post("/ask", json={"question": QUESTION}))] += 1

    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(ASKERS) as pool:
        askers = [pool.submit(keep_asking, counter) for counter in counters]
        while time.monotonic() < end:
            most_running = max(most_running, api.metric("askbox_questions_running"))
            most_waiting = max(most_waiting, api.metric("askbox_questions_queued"))

    for asker in askers:
        asker.result()
    counted = sum(counters, Counter())
    print(f"\n{ASKERS} askers, {GENERATIONS} slots, {SECONDS} s: {dict(counted)}", end=" ")
    assert set(counted) == {"answered", "refused"}
    assert most_running <= GENERATIONS
    assert most_waiting <= QUEUE
    wait_until(api.idle, "the slots were not given back")


def _kind(response: httpx2.Response) -> str:
    if is_refusal(response):
        return "refused"
    whole = response.status_code == 200 and response.json()["answer"].split() == ["word"] * 20
    return "answered" if whole else f"{response.status_code} {response.text[:200]}"
