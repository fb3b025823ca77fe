"""The path of a document, on the embedded store."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from askbox_api.domain import Document, WriteStatus
from askbox_api.ingesting.ingesting import DOUBLED, Ingesting, NewDocument, chunked, version_of
from askbox_api.stores.embedded import EmbeddedStore

ONE = Document(id="one", text="Llama needs 28 GB.", metadata={"year": 2024})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EmbeddedStore]:
    store = EmbeddedStore(data_dir=tmp_path / "data")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def ingesting(store: EmbeddedStore) -> Ingesting:
    return Ingesting(store, passage_size=200)


def named(*documents: Document) -> list[NewDocument]:
    return [NewDocument(document, has_id=True) for document in documents]


def nameless(document: Document) -> list[NewDocument]:
    return [NewDocument(replace(document, id=""), has_id=False)]


async def statuses(ingesting: Ingesting, *documents: Document) -> list[str]:
    return [str(outcome.status) for outcome in await ingesting.ingest(named(*documents), collection="c")]


async def test_a_document_is_created_then_unchanged_then_replaced(ingesting: Ingesting, store: EmbeddedStore) -> None:
    assert await statuses(ingesting, ONE) == ["created"]
    assert await statuses(ingesting, ONE) == ["unchanged"]
    assert await statuses(ingesting, replace(ONE, text="Falcon needs 90 GB.")) == ["replaced"]

    hits = await store.search("needs", collection="c", filters={}, top_k=5)
    assert [hit.passage.text for hit in hits] == ["Falcon needs 90 GB."]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "A"},
        {"text": "a"},
        {"format": "markdown"},
        {"headings": ("A",)},
        {"metadata": {"year": 2025}},
        {"metadata": {"year": "2024"}},
        {"metadata": {"year": 2024.0}},
        {"metadata": {"year": (2024,)}},
        {"metadata": {}},
    ],
)
def test_the_version_changes_with_all_that_is_stored(change: dict[str, object]) -> None:
    changed = replace(ONE, **change)  # type: ignore[arg-type]  # each value fits its field

    assert version_of(changed, passage_size=200) != version_of(ONE, passage_size=200)


def test_the_version_changes_with_the_size_of_passages_and_not_with_the_order_of_metadata() -> None:
    ordered, turned = replace(ONE, metadata={"a": 1, "b": 2}), replace(ONE, metadata={"b": 2, "a": 1})

    assert version_of(ONE, passage_size=200) != version_of(ONE, passage_size=201)
    assert version_of(ordered, passage_size=200) == version_of(turned, passage_size=200)


async def test_another_size_of_passages_cuts_anew(ingesting: Ingesting, store: EmbeddedStore) -> None:
    await statuses(ingesting, ONE)

    assert await statuses(Ingesting(store, passage_size=300), ONE) == ["replaced"]


async def test_without_an_id_the_content_names_the_document(ingesting: Ingesting, store: EmbeddedStore) -> None:
    (first,) = await ingesting.ingest(nameless(ONE), collection="c")
    (again,) = await ingesting.ingest(nameless(ONE), collection="c")
    (other,) = await ingesting.ingest(nameless(replace(ONE, text="other")), collection="c")

    assert (first.id, again.status) == (again.id, WriteStatus.UNCHANGED)
    assert other.id != first.id


async def test_cut_anew_a_document_without_an_id_is_still_the_same(ingesting: Ingesting, store: EmbeddedStore) -> None:
    (first,) = await ingesting.ingest(nameless(ONE), collection="c")

    (again,) = await Ingesting(store, passage_size=300).ingest(nameless(ONE), collection="c")

    assert (again.id, again.status) == (first.id, WriteStatus.REPLACED)


async def test_of_an_id_that_comes_twice_the_last_counts(ingesting: Ingesting, store: EmbeddedStore) -> None:
    last = replace(ONE, text="The last one.")

    first, middle, second = await ingesting.ingest(named(ONE, Document("two", "two"), last), collection="c")

    assert (first.reason, middle.reason, second.reason) == (DOUBLED, None, None)
    assert (await store.get_document("one", collection="c")).text == "The last one."


async def test_one_bad_document_does_not_stop_the_others(ingesting: Ingesting) -> None:
    bad = replace(ONE, id="bad", metadata={"year": 10**400})

    outcomes = await ingesting.ingest(named(ONE, bad, Document("two", "two")), collection="c")

    assert [outcome.id for outcome in outcomes] == ["one", "bad", "two"]
    assert [outcomes[0].status, outcomes[2].status] == [WriteStatus.CREATED] * 2


async def test_no_document_at_all_is_no_outcome(ingesting: Ingesting) -> None:
    assert await ingesting.ingest([], collection="c") == []


async def test_a_large_batch_is_cut_in_a_thread_with_the_same_outcome(
    ingesting: Ingesting, store: EmbeddedStore
) -> None:
    text = "A sentence of some words. " * 4_000

    (outcome,) = await ingesting.ingest(named(Document("large", text)), collection="c")

    assert outcome.status is WriteStatus.CREATED
    assert (await store.get_document("large", collection="c")).passages > len(text) / 200


async def test_markdown_is_titled_by_its_first_heading_unless_it_has_a_title(
    ingesting: Ingesting, store: EmbeddedStore
) -> None:
    text = "# Models\n\nLlama\n\n## Size\n\n28 GB"
    await statuses(
        ingesting,
        Document("own", text, format="markdown"),
        Document("given", text, title="Given", format="markdown"),
        Document("plain", text),
    )

    records = (await store.list_documents(collection="c", filters={}, offset=0, limit=9)).documents
    assert {record.id: record.title for record in records} == {"own": "Models", "given": "Given", "plain": ""}


def test_passages_have_exact_offsets_ids_of_their_own_and_all_that_names_them() -> None:
    document = Document(
        "d", "# Models\n\nLlama\n\n## Size\n\n28 GB", "Models", "markdown", headings=("Book",), metadata={"a": 1}
    )

    passages = chunked(document, "v", passage_size=200).passages

    assert [(passage.position, passage.title, passage.headings, passage.text) for passage in passages] == [
        (0, "Models", ("Book",), "Llama"),
        (1, "Models", ("Book", "Size"), "28 GB"),
    ]
    assert all(document.text[passage.start : passage.end] == passage.text for passage in passages)
    assert all((passage.document_id, passage.metadata) == ("d", {"a": 1}) for passage in passages)
    assert len({passage.id for passage in passages}) == 2
    assert {passage.id for passage in passages}.isdisjoint(
        passage.id for passage in chunked(document, "w", passage_size=200).passages
    )
