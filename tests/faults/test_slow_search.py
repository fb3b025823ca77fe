"""Searches of one collection hang: each ends at the deadline with a refusal, and other collections do not notice."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from tests.api.model_server import ModelServer
from tests.faults.asking import LLAMA, QUESTION, ask, is_refusal
from tests.faults.conftest import StartApi
from tests.faults.slow_proxy import slow_proxy

pytestmark = [pytest.mark.faults, pytest.mark.slow]

DEADLINE = 3  # seconds for a search
LEEWAY = 8.0  # seconds beyond it that a busy machine may take
SEARCHES = 16


def test_searches_that_hang_end_at_the_deadline_and_others_are_answered_meanwhile(
    start_api: StartApi, elasticsearch_settings: dict[str, str], model_server: ModelServer
) -> None:
    with slow_proxy(elasticsearch_settings["elasticsearch_url"]) as proxy:
        settings = elasticsearch_settings | {"elasticsearch_url": proxy.url}
        api = start_api(**settings, llm_base_url=model_server.url, search_timeout=DEADLINE)
        for collection in ("default", "slow"):
            assert api.add(LLAMA, collection=collection).status_code == 201
        proxy.slow = "-passages.slow"

        with ThreadPoolExecutor(SEARCHES) as pool:
            hanging = [pool.submit(_timed_search, api.url) for _ in range(SEARCHES)]
            meanwhile: Counter[int] = Counter()
            while not all(search.done() for search in hanging):
                meanwhile[ask(api.url).status_code] += 1
        searches = [search.result() for search in hanging]

        assert all(is_refusal(response) for response, _ in searches)
        assert {response.json()["code"] for response, _ in searches} == {"search_timed_out"}
        seconds = sorted(seconds for _, seconds in searches)
        print(f"\ndeadline {DEADLINE} s: {seconds[0]:.2f} to {seconds[-1]:.2f} s; meanwhile {dict(meanwhile)}", end=" ")
        assert seconds[0] > DEADLINE * 0.9
        assert seconds[-1] < DEADLINE + LEEWAY
        assert set(meanwhile) == {200}
        proxy.slow = ""
        assert _timed_search(api.url)[0].json()["hits"]


def _timed_search(url: str) -> tuple[httpx2.Response, float]:
    begun = time.monotonic()
    with httpx2.Client(base_url=url, timeout=120) as http:
        response = http.post("/search", json={"query": QUESTION, "collection": "slow"})
    return response, time.monotonic() - begun
