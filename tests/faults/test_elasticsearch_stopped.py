"""Elasticsearch goes and comes back under load: an answer with its sources, or a refusal in time, and nothing else.

An API that is started meanwhile is ready once Elasticsearch is.
"""

import time
from dataclasses import dataclass, field

import httpx2
import pytest
from tests.api.model_server import ModelServer
from tests.faults.api_process import wait_until
from tests.faults.asking import LLAMA, QUESTION, Background, is_refusal
from tests.faults.conftest import StartApi
from tests.faults.own_elasticsearch import OwnElasticsearch

from askbox.schemas import Ready

pytestmark = [pytest.mark.faults, pytest.mark.slow]

DEADLINE = 2  # seconds for a search
LEEWAY = 8.0  # seconds beyond it that a busy machine may take
READY_WITHIN = 5.0  # seconds, as promised for any start order


@dataclass
class Asker:
    """A client and what it alone was answered; `last` is the moment at which its last good answer was asked for."""

    url: str
    route: str
    body: dict[str, str]
    good: int = 0
    refused: int = 0
    slowest: float = 0.0
    last: float = float("-inf")
    wrong: list[str] = field(default_factory=list)

    def ask(self) -> None:
        begun = time.monotonic()
        with httpx2.Client(base_url=self.url, timeout=120) as http:
            response = http.post(self.route, json=self.body)
        self.slowest = max(self.slowest, time.monotonic() - begun)
        if is_refusal(response):
            self.refused += 1
        elif response.status_code == 200 and response.json()["hits"]:
            self.good += 1
            self.last = begun
        else:
            self.wrong.append(f"{response.status_code} {response.text[:300]}")


def test_without_elasticsearch_each_question_is_refused_in_time_until_it_is_back(
    start_api: StartApi,
    own_server: OwnElasticsearch,
    own_server_settings: dict[str, str],
    model_server: ModelServer,
) -> None:
    api = start_api(**own_server_settings, llm_base_url=model_server.url, search_timeout=DEADLINE)
    assert api.add(LLAMA).status_code == 201
    askers = [Asker(api.url, "/ask", {"question": QUESTION}) for _ in range(4)]
    askers += [Asker(api.url, "/search", {"query": QUESTION}) for _ in range(4)]

    with Background() as background:
        for asker in askers:
            background.repeat(asker.ask)
        wait_until(lambda: all(asker.good for asker in askers), "not every asker got an answer")
        own_server.stop()
        wait_until(lambda: all(asker.refused for asker in askers), "not every asker was refused")
        late = start_api(**own_server_settings)
        assert late.http.get("/health/live").status_code == 200
        unready = late.http.get("/health/ready")
        own_server.start()
        back = time.monotonic()
        wait_until(lambda: late.http.get("/health/ready").status_code == 200, "it was not ready", within=READY_WITHIN)
        wait_until(lambda: all(asker.last > back for asker in askers), "not every asker got an answer again")

    wrong = [answer for asker in askers for answer in asker.wrong]
    slowest = max(asker.slowest for asker in askers)
    good, refused = sum(asker.good for asker in askers), sum(asker.refused for asker in askers)
    print(f"\n{good} answered, {refused} refused, {len(wrong)} wrong, the slowest after {slowest:.2f} s", end=" ")
    assert unready.status_code == 503
    assert own_server.url in Ready.model_validate(unready.json()).parts[0].detail
    assert not wrong
    assert slowest < DEADLINE + LEEWAY
    assert api.idle()
