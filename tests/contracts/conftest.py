"""The stores that must keep the contract, and documents to put into them."""

import base64
import hashlib
import json
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from tests.conftest import ElasticsearchServer

from askbox_api.domain import ChunkedDocument, Document, Metadata, Passage
from askbox_api.ports import PassageStore
from askbox_api.stores.embedded import EmbeddedStore

MakeStore = Callable[[], PassageStore]
Chunk = Callable[..., ChunkedDocument]


def _chunk(
    id_: str,
    text: str,
    *,
    title: str = "",
    headings: tuple[str, ...] = (),
    metadata: Metadata | None = None,
) -> ChunkedDocument:
    document = Document(id=id_, text=text, title=title, headings=headings, metadata=metadata or {})
    version = _digest(repr(document))
    passages, start = [], 0
    for position, paragraph in enumerate(text.split("\n\n") if text else []):
        passages.append(
            Passage(
                id=_digest(f"{id_} {version} {position}"),
                document_id=id_,
                position=position,
                title=title,
                headings=headings,
                text=paragraph,
                start=start,
                end=start + len(paragraph),
                metadata=document.metadata,
            )
        )
        start += len(paragraph) + 2
    return ChunkedDocument(document, version, tuple(passages))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@pytest.fixture
def chunk() -> Chunk:
    """Makes a document whose passages are its paragraphs."""
    return _chunk


@pytest.fixture
def make_embedded(tmp_path: Path) -> MakeStore:
    """Makes stores on one folder; close one before opening the next."""
    return lambda: EmbeddedStore(data_dir=tmp_path / "data", search_timeout=30)


@pytest.fixture
def make_elasticsearch(elasticsearch_server: ElasticsearchServer) -> Iterator[MakeStore]:
    """Makes stores on the same indices of a real server; the indices go at the end."""
    from askbox_api.stores.elasticsearch import ElasticsearchStore

    prefix = f"askboxtest-{uuid4().hex[:12]}"
    yield lambda: ElasticsearchStore(
        url=elasticsearch_server.url,
        username=elasticsearch_server.username,
        password=elasticsearch_server.password,
        prefix=prefix,
        search_timeout=30,
    )
    for index in _ask(elasticsearch_server, "GET", f"{prefix}-*?expand_wildcards=all"):
        _ask(elasticsearch_server, "DELETE", index)


@pytest.fixture(params=["embedded", "elasticsearch"])
def make_store(request: pytest.FixtureRequest) -> MakeStore:
    make: MakeStore = request.getfixturevalue(f"make_{request.param}")
    return make


@pytest.fixture
async def store(make_store: MakeStore) -> AsyncIterator[PassageStore]:
    store = make_store()
    await store.open()
    yield store
    await store.close()


def _ask(server: ElasticsearchServer, method: str, path: str) -> dict[str, object]:
    credentials = base64.b64encode(f"{server.username}:{server.password}".encode()).decode()
    request = urllib.request.Request(
        f"{server.url}/{path}", method=method, headers={"Authorization": f"Basic {credentials}"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, object] = json.load(response)
        return answer
