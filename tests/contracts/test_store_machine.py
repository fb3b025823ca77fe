"""Random histories of a store, each step compared with a model of it that fits on one screen: dictionaries."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.contracts.conftest import Chunk, MakeStore

from askbox_api.domain import ChunkedDocument, Collection, Filters, WriteOutcome, WriteStatus
from askbox_api.errors import CollectionNotFound, DocumentNotFound, NotFound
from askbox_api.stores.embedded import EmbeddedStore

T = TypeVar("T")

ALL_WORDS = ["zebra", "lion", "wolf", "otter", "heron"]
WORDS = st.sampled_from(ALL_WORDS)
PARAGRAPHS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
TEXTS = st.lists(PARAGRAPHS, min_size=1, max_size=3).map("\n\n".join)
COLOURS = st.sampled_from(["red", "green"])
ALL_IDS = ["1", "2", "10", "B", "b", "é/x"]
IDS = st.sampled_from(ALL_IDS)
BATCHES = st.lists(st.tuples(IDS, TEXTS, COLOURS), min_size=1, max_size=8)
COLLECTIONS = st.sampled_from(["a", "a-b"])
ALL_FILTERS: list[Filters] = [{}, {"colour": ("red",)}, {"colour": ("red", "green")}, {"shape": ("round",)}]
FILTERS = st.sampled_from(ALL_FILTERS)


class Model:
    """What a store must hold: for each collection its documents by their id."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, ChunkedDocument]] = {}

    def of(self, collection: str) -> dict[str, ChunkedDocument]:
        if collection not in self.held:
            raise CollectionNotFound(collection)
        return self.held[collection]

    def write(self, documents: Iterable[ChunkedDocument], *, collection: str) -> list[WriteOutcome]:
        held = self.held.setdefault(collection, {})
        outcomes = []
        for new in documents:
            old = held.get(new.document.id)
            status = WriteStatus.REPLACED if old else WriteStatus.CREATED
            if old and old.version == new.version:
                status = WriteStatus.UNCHANGED
            held[new.document.id] = new
            outcomes.append(WriteOutcome(new.document.id, status, new.version))
        return outcomes

    def documents(self, collection: str, filters: Filters) -> list[ChunkedDocument]:
        found = sorted(self.of(collection).items())
        return [one for _, one in found if all(one.document.metadata.get(k) in v for k, v in filters.items())]

    def document(self, id_: str, collection: str) -> ChunkedDocument:
        if id_ not in self.of(collection):
            raise DocumentNotFound(id_)
        return self.held[collection][id_]

    def delete(self, id_: str, collection: str) -> None:
        self.document(id_, collection)
        del self.held[collection][id_]

    def delete_collection(self, collection: str) -> None:
        self.of(collection)
        del self.held[collection]

    def counts(self) -> list[Collection]:
        return [
            Collection(name, len(held), sum(len(one.passages) for one in held.values()))
            for name, held in sorted(self.held.items())
        ]


class StoreMachine(RuleBasedStateMachine):
    """Does the same to a store and to the model, and compares all that can be seen."""

    def __init__(self, make_store: MakeStore, chunk: Chunk) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.make_store = make_store
        self.chunk = chunk
        self.model = Model()
        self.store = make_store()
        self.loop.run(self.store.open())

    def teardown(self) -> None:
        for name in self.model.held:
            self.loop.run(self.store.delete_collection(name))
        self.loop.run(self.store.close())
        self.loop.close()

    def same(self, done: Coroutine[Any, Any, T], expected: Callable[[], T]) -> None:
        """The store returns, or raises, what the model does."""
        try:
            wanted = expected()
        except NotFound as error:
            with pytest.raises(type(error)):
                self.loop.run(done)
        else:
            assert self.loop.run(done) == wanted

    @rule(batch=BATCHES, collection=COLLECTIONS)
    def write(self, batch: list[tuple[str, str, str]], collection: str) -> None:
        documents = [self.chunk(id_, text, metadata={"colour": colour}) for id_, text, colour in batch]
        self.same(
            self.store.write(documents, collection=collection),
            lambda: self.model.write(documents, collection=collection),
        )

    @rule(collection=COLLECTIONS)
    def write_all_again(self, collection: str) -> None:
        if documents := list(self.model.held.get(collection, {}).values()):
            outcomes = self.loop.run(self.store.write(documents, collection=collection))
            assert {outcome.status for outcome in outcomes} == {WriteStatus.UNCHANGED}

    @rule(pick=st.integers(0, len(ALL_IDS)), collection=COLLECTIONS)
    def delete(self, pick: int, collection: str) -> None:
        ids = [*sorted(self.model.held.get(collection, {})), "absent"]
        id_ = ids[pick % len(ids)]
        self.same(self.store.delete_document(id_, collection=collection), lambda: self.model.delete(id_, collection))

    @rule(collection=COLLECTIONS)
    def delete_collection(self, collection: str) -> None:
        self.same(self.store.delete_collection(collection), lambda: self.model.delete_collection(collection))

    @rule()
    def reopen(self) -> None:
        self.loop.run(self.store.close())
        self.store = self.make_store()
        self.loop.run(self.store.open())

    @rule(query=WORDS, collection=COLLECTIONS, filters=FILTERS)
    def search(self, query: str, collection: str, filters: Filters) -> None:
        async def found() -> dict[str, object]:
            hits = await self.store.search(query, collection=collection, filters=filters, top_k=100)
            assert len({hit.passage.id for hit in hits}) == len(hits)
            return {hit.passage.id: hit.passage for hit in hits}

        def expected() -> dict[str, object]:
            documents = self.model.documents(collection, filters)
            passages = [one for document in documents for one in document.passages]
            return {one.id: one for one in passages if set(query.split()) & set(one.text.split())}

        self.same(found(), expected)

    @rule(collection=COLLECTIONS, filters=FILTERS, offset=st.integers(0, 3), limit=st.integers(1, 4))
    def list_documents(self, collection: str, filters: Filters, offset: int, limit: int) -> None:
        async def page() -> tuple[list[tuple[str, str, int]], int]:
            page = await self.store.list_documents(collection=collection, filters=filters, offset=offset, limit=limit)
            return [(one.id, one.version, one.passages) for one in page.documents], page.total

        def expected() -> tuple[list[tuple[str, str, int]], int]:
            documents = self.model.documents(collection, filters)
            wanted = documents[offset : offset + limit]
            return [(one.document.id, one.version, len(one.passages)) for one in wanted], len(documents)

        self.same(page(), expected)

    @rule(id_=IDS, collection=COLLECTIONS)
    def get(self, id_: str, collection: str) -> None:
        async def record() -> tuple[str | None, str]:
            record = await self.store.get_document(id_, collection=collection)
            return record.text, record.version

        def expected() -> tuple[str | None, str]:
            held = self.model.document(id_, collection)
            return held.document.text, held.version

        self.same(record(), expected)

    @invariant()
    def all_is_the_same(self) -> None:
        assert self.loop.run(self.store.collections()) == self.model.counts()
        for collection, held in self.model.held.items():
            versions = self.loop.run(self.store.versions([*ALL_IDS, "absent"], collection=collection))
            assert versions == {id_: document.version for id_, document in held.items()}
            for filters in ALL_FILTERS:
                self.list_documents(collection, filters, 0, 100)
                self.search(" ".join(ALL_WORDS), collection, filters)


def _play(make_store: Callable[[], MakeStore], chunk: Chunk, *, histories: int, steps: int) -> None:
    run_state_machine_as_test(
        lambda: StoreMachine(make_store(), chunk),
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


@pytest.mark.slow
def test_the_embedded_store_does_what_dictionaries_do(tmp_path: Path, chunk: Chunk) -> None:
    folders = count()

    def in_a_new_folder() -> MakeStore:
        folder = tmp_path / str(next(folders))
        return lambda: EmbeddedStore(data_dir=folder, search_timeout=30)

    _play(in_a_new_folder, chunk, histories=25, steps=25)


@pytest.mark.slow
def test_elasticsearch_does_what_dictionaries_do(make_elasticsearch: MakeStore, chunk: Chunk) -> None:
    _play(lambda: make_elasticsearch, chunk, histories=4, steps=15)
