"""A client that posts numbered documents until something is struck down, and one that sends them once more."""

import random
import threading
import time
from collections import Counter

import httpx2
from tests.faults.api_process import ApiProcess, wait_until
from tests.faults.documents import COLLECTION, Ledger, document


class Poster:
    """A client that posts batch after batch, until one is not acknowledged."""

    def __init__(self, url: str, ledger: Ledger, chance: random.Random) -> None:
        self._url = url
        self._ledger = ledger
        self._chance = chance
        self._thread = threading.Thread(target=self._post, daemon=True)
        self._seconds: list[float] = []
        self.refusal: httpx2.Response | None = None
        self.touched: set[int] = set()
        self.in_flight: set[int] = set()

    def run_until_struck_after(self, batches: int) -> None:
        """Return so many batches later, at a random moment of the next one."""
        self._thread.start()
        wait_until(lambda: len(self._seconds) >= batches or not self._thread.is_alive(), "the batches were not posted")
        assert self._thread.is_alive(), self.refusal and self.refusal.text
        time.sleep(self._chance.uniform(0, 1.2) * min(self._seconds))

    def ended(self) -> None:
        """Wait until the client has seen that its last batch failed."""
        self._thread.join(60)
        assert not self._thread.is_alive(), "the client got no answer, and no end of its connection"

    def _post(self) -> None:
        with httpx2.Client(base_url=self._url, timeout=120) as http:
            while True:
                batch = self._ledger.next_batch(self._chance)
                self.touched |= batch.keys()
                self.in_flight = set(batch)
                begun = time.monotonic()
                try:
                    response = post(http, batch)
                except httpx2.TransportError:
                    return
                if response.status_code != 201:
                    self.refusal = response
                    return
                self._ledger.acknowledge(batch, response.json()["documents"])
                self._seconds.append(time.monotonic() - begun)


def post(http: httpx2.Client, batch: dict[int, int]) -> httpx2.Response:
    """Post these versions of these documents."""
    documents = [document(number, version) for number, version in batch.items()]
    return http.post("/documents", json={"collection": COLLECTION, "documents": documents})


def post_again(api: ApiProcess, ledger: Ledger, numbers: list[int]) -> Counter[str]:
    """Send the last version of each of these once more, all of which must be taken; what became of them."""
    statuses: Counter[str] = Counter()
    for start in range(0, len(numbers), 50):
        batch = ledger.latest(numbers[start : start + 50])
        response = post(api.http, batch)
        assert response.status_code == 201, response.text
        outcomes = response.json()["documents"]
        ledger.acknowledge(batch, outcomes)
        statuses.update(outcome["status"] for outcome in outcomes)
    return statuses
