"""The API is killed (SIGKILL) in the middle of ingestion: what it acknowledged is there once, on both stores."""

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from tests.faults.conftest import StartApi
from tests.faults.documents import COLLECTION, Ledger
from tests.faults.looking import counts, expected_counts, look
from tests.faults.posting import Poster, post_again

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CountPassages = Callable[[], int]


@pytest.fixture
def count_passages(request: pytest.FixtureRequest, store_settings: dict[str, str], tmp_path: Path) -> CountPassages:
    """Counts the passages that lie in the store, those that belong to no document included."""
    if store_settings["store"] == "embedded":
        return lambda: _in_sqlite(tmp_path / "data" / "passages.sqlite3")
    http: httpx2.Client = request.getfixturevalue("elasticsearch_admin")
    return lambda: _in_elasticsearch(http, f"{store_settings['elasticsearch_prefix']}-passages.{COLLECTION}")


def test_what_was_acknowledged_is_there_once_after_the_api_was_killed(
    start_api: StartApi,
    store_settings: dict[str, str],
    count_passages: CountPassages,
    rounds: int,
    chance: random.Random,
) -> None:
    api = start_api(**store_settings, passage_size=200)
    ledger = Ledger()
    for _ in range(rounds):
        poster = Poster(api.url, ledger, chance)
        poster.run_until_struck_after(chance.randint(1, 8))
        api.kill()
        poster.ended()
        api.start()

        touched = sorted(poster.touched)
        assert not look(api, ledger, touched, settled=poster.touched - poster.in_flight)

        # The same again: the same ids, and nothing is left of what was half done.
        post_again(api, ledger, touched)
        assert not look(api, ledger, touched, settled=poster.touched)
        assert counts(api) == expected_counts(ledger)
        assert count_passages() == counts(api)[1]
        assert set(post_again(api, ledger, touched)) == {"unchanged"}
        assert counts(api) == expected_counts(ledger)

    findings = look(api, ledger, ledger.numbers, settled=set(ledger.numbers))
    print(
        f"{store_settings['store']}: {rounds} kills, {ledger.acknowledgements} acknowledged writes "
        f"({dict(ledger.statuses)}) of {len(ledger)} documents, "
        f"{len(findings.lost)} lost, {len(findings.doubled)} doubled"
    )
    assert not findings


def _in_sqlite(path: Path) -> int:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return int(db.execute("SELECT count(*) FROM passages").fetchone()[0])
    finally:
        db.close()


def _in_elasticsearch(http: httpx2.Client, index: str) -> int:
    http.post(f"/{index}/_refresh").raise_for_status()
    return int(http.get(f"/{index}/_count").raise_for_status().json()["count"])
