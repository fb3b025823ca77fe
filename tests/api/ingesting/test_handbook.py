"""The handbook is loaded once, into an empty store, whenever that store answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from askbox_api.domain import Collection
from askbox_api.errors import StoreUnavailable
from askbox_api.ingesting import handbook
from askbox_api.ingesting.handbook import load_when_empty, pages
from askbox_api.ingesting.ingesting import Ingesting
from askbox_api.stores.embedded import EmbeddedStore


class LateStore(EmbeddedStore):
    """Does not answer the first times it is asked."""

    away = 0

    async def collections(self) -> list[Collection]:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("not yet")
        return await super().collections()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LateStore]:
    store = LateStore(data_dir=tmp_path / "data")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "02-b.md").write_text("# B\n\nbee", encoding="utf-8")
    (folder / "01-a.md").write_text("# Ä\n\nant", encoding="utf-8")
    (folder / "notes.txt").write_text("not a page", encoding="utf-8")
    return folder


async def loaded(folder: Path, store: EmbeddedStore) -> list[str]:
    outcomes = await load_when_empty(pages(folder), store=store, ingesting=Ingesting(store, passage_size=200))
    return [outcome.id for outcome in outcomes]


def test_pages_are_markdown_in_order_of_name(folder: Path) -> None:
    documents = [page.document for page in pages(folder)]

    assert [(document.id, document.metadata) for document in documents] == [
        ("01-a.md", {"source": "01-a.md"}),
        ("02-b.md", {"source": "02-b.md"}),
    ]
    assert documents[0].text == "# Ä\n\nant"


async def test_an_empty_store_loads_it_once(folder: Path, store: LateStore) -> None:
    assert await loaded(folder, store) == ["01-a.md", "02-b.md"]
    (folder / "03-c.md").write_text("# C\n\ncat", encoding="utf-8")
    assert await loaded(folder, store) == []

    hits = await store.search("bee", collection="default", filters={}, top_k=5)
    assert [(hit.passage.title, hit.passage.text) for hit in hits] == [("B", "bee")]


async def test_a_store_with_documents_of_ones_own_is_left_alone(folder: Path, store: LateStore) -> None:
    await Ingesting(store, passage_size=200).ingest(pages(folder)[:1], collection="own")

    assert await loaded(folder, store) == []
    assert [collection.name for collection in await store.collections()] == ["own"]


async def test_a_store_that_is_away_is_waited_for(
    folder: Path, store: LateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handbook, "RETRY_SECONDS", 0)
    store.away = 3

    assert await loaded(folder, store) == ["01-a.md", "02-b.md"]


def test_a_folder_without_pages_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"ASKBOX_HANDBOOK_DIR is {tmp_path}"):
        pages(tmp_path)
