"""Elasticsearch is killed (SIGKILL) in the middle of ingestion: what was acknowledged is there once afterwards."""

import random

import pytest
from tests.faults.api_process import wait_until
from tests.faults.asking import is_refusal
from tests.faults.conftest import StartApi
from tests.faults.documents import Ledger
from tests.faults.looking import counts, expected_counts, look
from tests.faults.own_elasticsearch import OwnElasticsearch
from tests.faults.posting import Poster, post_again

pytestmark = [pytest.mark.faults, pytest.mark.slow]

READY_WITHIN = 5.0  # seconds, as promised for any start order


def test_what_was_acknowledged_is_there_once_after_elasticsearch_was_killed(
    start_api: StartApi,
    own_server: OwnElasticsearch,
    own_server_settings: dict[str, str],
    rounds: int,
    chance: random.Random,
) -> None:
    api = start_api(**own_server_settings, passage_size=200)
    ledger = Ledger()
    slowest = 0.0
    for _ in range(rounds):
        poster = Poster(api.url, ledger, chance)
        poster.run_until_struck_after(chance.randint(1, 8))
        own_server.kill()
        poster.ended()
        assert poster.refusal is not None, "the API did not answer"
        assert is_refusal(poster.refusal), poster.refusal.text
        assert api.http.get("/health/live").status_code == 200
        assert api.http.get("/health/ready").status_code == 503

        own_server.start()
        ready = wait_until(
            lambda: api.http.get("/health/ready").status_code == 200, "the API was not ready", within=READY_WITHIN
        )
        slowest = max(slowest, ready)
        touched = sorted(poster.touched)
        assert not look(api, ledger, touched, settled=poster.touched - poster.in_flight)
        post_again(api, ledger, touched)
        assert not look(api, ledger, touched, settled=poster.touched)
        assert counts(api) == expected_counts(ledger)

    findings = look(api, ledger, ledger.numbers, settled=set(ledger.numbers))
    print(
        f"elasticsearch killed: {rounds} kills, {ledger.acknowledgements} acknowledged writes "
        f"({dict(ledger.statuses)}) of {len(ledger)} documents, "
        f"{len(findings.lost)} lost, {len(findings.doubled)} doubled; ready again after at most {slowest:.2f} s"
    )
    assert not findings
