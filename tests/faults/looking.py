"""Whether each numbered document is there, once, in a version that may be there: by its id, in the list, by search."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.faults.api_process import ApiProcess
from tests.faults.documents import COLLECTION, Ledger, versions_in, word_of

_PAGE = 1_000


@dataclass
class Findings:
    """What is wrong with the documents of an API; empty where nothing is."""

    lost: list[str]
    doubled: list[str]

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled)


def look(api: ApiProcess, ledger: Ledger, numbers: list[int], *, settled: set[int]) -> Findings:
    """Look for each document by its id and by its word, and count them all.

    Those in `settled` are of one version only; of the others a search may find passages of two.
    """
    findings = Findings([], [])
    for number in numbers:
        if not ledger.versions(number)[0]:
            continue  # never acknowledged: it may be there or not
        allowed = {f"{word_of(number)}v{version}" for version in ledger.versions(number)}
        found = api.http.get(f"/documents/doc-{number}", params={"collection": COLLECTION})
        if found.status_code != 200 or not allowed & versions_in(found.json()["text"]):
            findings.lost.append(f"GET doc-{number}: {found.status_code}, and not one of {sorted(allowed)}")
        hits = _search(api, word_of(number))
        written = {word for hit in hits for word in versions_in(hit["text"])}
        if not hits or not written <= allowed:
            findings.lost.append(f"search doc-{number}: {sorted(written)} instead of {sorted(allowed)}")
        passages = [hit["passage_id"] for hit in hits]
        if {hit["document_id"] for hit in hits} > {f"doc-{number}"} or len(passages) > len(set(passages)):
            findings.doubled.append(f"search doc-{number}: {passages}")
        if number in settled and len(written) > 1:
            findings.doubled.append(f"search doc-{number}: {sorted(written)}")
    listed = Counter(_listed(api))
    findings.lost += [f"list doc-{n}" for n in ledger.acknowledged if f"doc-{n}" not in listed]
    findings.doubled += [f"list {id}" for id, count in listed.items() if count > 1]
    return findings


def counts(api: ApiProcess) -> tuple[int, int]:
    """How many documents and passages the collection has."""
    (found,) = [one for one in api.http.get("/collections").json()["collections"] if one["name"] == COLLECTION]
    return found["documents"], found["passages"]


def expected_counts(ledger: Ledger) -> tuple[int, int]:
    """How many there must be once the last version of each was acknowledged."""
    return len(ledger), sum(1 + (n + version) % 3 for n, version in ledger.latest(ledger.numbers).items())


def _search(api: ApiProcess, word: str) -> list[dict[str, Any]]:
    response = api.http.post("/search", json={"query": word, "collection": COLLECTION, "top_k": 20})
    assert response.status_code == 200, response.text
    hits: list[dict[str, Any]] = response.json()["hits"]
    return hits


def _listed(api: ApiProcess) -> Iterator[str]:
    offset = 0
    while True:
        page = api.http.get("/documents", params={"collection": COLLECTION, "offset": offset, "limit": _PAGE}).json()
        yield from (one["id"] for one in page["documents"])
        offset += _PAGE
        if offset >= page["total"]:
            return
