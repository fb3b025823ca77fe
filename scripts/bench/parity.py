"""How far the embedded store and Elasticsearch agree: the same documents in both, the same questions to both.

Run it with the course's FAQ in ${ASKBOX_SHARED:-../shared}/data/faq and the variables of a real Elasticsearch
(ASKBOX_TEST_ELASTICSEARCH_URL, _USERNAME, _PASSWORD); it exits with 1 below the limits.
"""

import asyncio
import base64
import csv
import hashlib
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from askbox_api.domain import ChunkedDocument, Document, Filters, Hit, Passage
from askbox_api.ports import PassageStore
from askbox_api.stores.elasticsearch import ElasticsearchStore
from askbox_api.stores.embedded import EmbeddedStore

FIRST_SAME = 0.99
TEN_SHARED = 0.97
_COLLECTION = "parity"
_BATCH = 200


@dataclass(frozen=True)
class Question:
    text: str
    filters: Filters
    document_id: str | None = None


@dataclass(frozen=True)
class Agreement:
    """Shares of the questions: first hit the same, first ten shared; `hit_at_5` for each store, where it is known."""

    questions: int
    first_same: float
    ten_shared: float
    hit_at_5: tuple[float, float]

    @property
    def enough(self) -> bool:
        return self.first_same >= FIRST_SAME and self.ten_shared >= TEN_SHARED


def one_passage(
    id_: str, text: str, *, title: str = "", headings: tuple[str, ...] = (), metadata: dict[str, str]
) -> ChunkedDocument:
    """A document that is a single passage."""
    document = Document(id_, text, title=title, headings=headings, metadata=metadata)
    version = hashlib.sha256(repr(document).encode()).hexdigest()
    passage = Passage(version[:32], id_, 0, title, headings, text, 0, len(text), metadata=metadata)
    return ChunkedDocument(document, version, (passage,))


async def agreement(
    stores: tuple[PassageStore, PassageStore],
    documents: Sequence[ChunkedDocument],
    questions: Sequence[Question],
) -> Agreement:
    """Write the documents to both stores, ask both every question."""
    for store in stores:
        for start in range(0, len(documents), _BATCH):
            await store.write(documents[start : start + _BATCH], collection=_COLLECTION)
    first, shared, found = 0, 0.0, [0, 0]
    for question in questions:
        one, other = [await _ask(store, question) for store in stores]
        first += [hit.passage.id for hit in one[:1]] == [hit.passage.id for hit in other[:1]]
        shared += _shared(one, other)
        for position, hits in enumerate((one, other)):
            found[position] += question.document_id in {hit.passage.document_id for hit in hits[:5]}
    count = len(questions)
    return Agreement(count, first / count, shared / count, (found[0] / count, found[1] / count))


async def _ask(store: PassageStore, question: Question) -> list[Hit]:
    return await store.search(question.text, collection=_COLLECTION, filters=question.filters, top_k=10)


def _shared(one: list[Hit], other: list[Hit]) -> float:
    ids, other_ids = {hit.passage.id for hit in one}, {hit.passage.id for hit in other}
    return len(ids & other_ids) / max(len(ids), len(other_ids), 1)


def faq(folder: Path) -> tuple[list[ChunkedDocument], list[Question]]:
    """The FAQ's documents, and every third of its questions, filtered by course."""
    documents = [
        one_passage(
            entry["id"],
            entry["text"],
            title=entry["question"],
            headings=(entry["section"],),
            metadata={"course": entry["course"]},
        )
        for entry in json.loads((folder / "documents-with-ids.json").read_text())
    ]
    with (folder / "ground-truth-data.csv").open(newline="") as rows:
        questions = [
            Question(row["question"], {"course": (row["course"],)}, row["document"]) for row in csv.DictReader(rows)
        ]
    return documents, questions[::3]


@asynccontextmanager
async def elasticsearch(url: str, username: str, password: str) -> AsyncIterator[ElasticsearchStore]:
    """A store of its own on a real server, removed afterwards."""
    prefix = f"askboxtest-{uuid4().hex[:12]}"
    store = ElasticsearchStore(url=url, username=username, password=password, prefix=prefix, search_timeout=30)
    await store.open()
    try:
        yield store
    finally:
        await store.close()
        for index in _request(url, username, password, "GET", f"{prefix}-*?expand_wildcards=all"):
            _request(url, username, password, "DELETE", index)


def _request(url: str, username: str, password: str, method: str, path: str) -> Iterable[str]:
    credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
    request = urllib.request.Request(f"{url}/{path}", method=method)
    request.add_header("Authorization", f"Basic {credentials}")
    with urllib.request.urlopen(request, timeout=30) as response:
        return list(json.load(response))


async def main() -> int:
    url = os.environ.get("ASKBOX_TEST_ELASTICSEARCH_URL")
    if not url:
        print("needs a real Elasticsearch: set ASKBOX_TEST_ELASTICSEARCH_URL", file=sys.stderr)
        return 2
    username = os.environ.get("ASKBOX_TEST_ELASTICSEARCH_USERNAME", "elastic")
    password = os.environ.get("ASKBOX_TEST_ELASTICSEARCH_PASSWORD", "")
    documents, questions = faq(Path(os.environ.get("ASKBOX_SHARED", "../shared")) / "data" / "faq")
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedStore(data_dir=Path(folder), search_timeout=30)
        await embedded.open()
        async with elasticsearch(url, username, password) as other:
            result = await agreement((embedded, other), documents, questions)
        await embedded.close()
    print(f"documents {len(documents)}, questions {result.questions}")
    print(f"first hit the same {result.first_same:.2%} (at least {FIRST_SAME:.0%})")
    print(f"first ten shared   {result.ten_shared:.2%} (at least {TEN_SHARED:.0%})")
    print("hit@5 embedded {:.3f}, Elasticsearch {:.3f}".format(*result.hit_at_5))
    return 0 if result.enough else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
