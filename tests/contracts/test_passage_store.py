"""What every passage store promises, sentence by sentence of the port; runs against each of them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.contracts.conftest import Chunk, MakeStore

from askbox_api.domain import Collection, Filters, Scalar, WriteStatus
from askbox_api.errors import CollectionNotFound, DocumentNotFound
from askbox_api.ports import PassageStore


async def texts(
    store: PassageStore, query: str, *, collection: str = "c", filters: Filters | None = None, top_k: int = 100
) -> list[str]:
    hits = await store.search(query, collection=collection, filters=filters or {}, top_k=top_k)
    return [hit.passage.text for hit in hits]


async def listed(store: PassageStore, *, filters: Filters | None = None) -> list[str]:
    page = await store.list_documents(collection="c", filters=filters or {}, offset=0, limit=100)
    assert page.total == len(page.documents)
    return [record.id for record in page.documents]


class TestSearching:
    async def test_a_hit_is_the_whole_passage_with_score_and_rank(self, store: PassageStore, chunk: Chunk) -> None:
        document = chunk(
            "d",
            "first\n\nthe zebra sleeps",
            title="Animals",
            headings=("Zoo", "Night"),
            metadata={"course": "zoo", "tags": ("a", "b"), "year": 2024, "share": 0.5, "new": True},
        )
        await store.write([document], collection="c")

        hits = await store.search("zebra", collection="c", filters={}, top_k=5)

        assert [hit.passage for hit in hits] == [document.passages[1]]
        assert hits[0].score > 0
        assert hits[0].ranks == {"text": 1}

    async def test_headings_and_title_are_searched_with_the_text(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("d", "text", title="Giraffes", headings=("Savanna",))], collection="c")

        assert await texts(store, "giraffe") == ["text"]
        assert await texts(store, "savanna") == ["text"]

    async def test_hits_come_by_falling_score_and_ranks_count_from_one(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write(
            [chunk("1", "zebra and much else that is no animal"), chunk("2", "zebra lion"), chunk("3", "lion")],
            collection="c",
        )

        hits = await store.search("zebra lion", collection="c", filters={}, top_k=5)

        assert hits[0].passage.text == "zebra lion"
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert [hit.ranks["text"] for hit in hits] == [1, 2, 3]

    async def test_ties_come_by_passage_id_at_the_cut_too(self, store: PassageStore, chunk: Chunk) -> None:
        documents = [chunk(f"d{number}", "the very same zebra") for number in range(40)]
        await store.write(documents[:25], collection="c")
        await store.write(documents[25:], collection="c")

        hits = await store.search("same zebra", collection="c", filters={}, top_k=5)

        expected = sorted(passage.id for document in documents for passage in document.passages)[:5]
        assert [hit.passage.id for hit in hits] == expected

    async def test_no_more_than_top_k_hits_come(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("d", "\n\n".join(f"zebra {n}" for n in range(9)))], collection="c")

        assert len(await texts(store, "zebra", top_k=3)) == 3

    async def test_a_word_asked_for_twice_counts_twice(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("1", "zebra"), chunk("2", "lion")], collection="c")

        assert (await texts(store, "zebra lion lion"))[0] == "lion"
        assert (await texts(store, "zebra zebra lion"))[0] == "zebra"

    @pytest.mark.parametrize(
        ("query", "text"),
        [
            ("RUNNING", "he runs"),
            ("dog’s", "a dog"),
            ("it‘s", "it's"),
            ("O’Neil", "o'neil"),
            ("1,000.50", "costs 1,000.50"),
            ("example.com", "see example.com."),
            ("café", "Café"),
            ("漢", "漢字"),
        ],
    )
    async def test_words_are_analysed_alike_in_query_and_text(
        self, store: PassageStore, chunk: Chunk, query: str, text: str
    ) -> None:
        await store.write([chunk("d", text), chunk("other", "unrelated")], collection="c")

        assert await texts(store, query) == [text]

    @pytest.mark.parametrize("query", ["", "   ", "the of and", "?!", "absent", "\0"])
    async def test_nothing_matches_where_no_word_is_left_or_known(
        self, store: PassageStore, chunk: Chunk, query: str
    ) -> None:
        await store.write([chunk("d", "the zebra of the zoo")], collection="c")

        assert await texts(store, query) == []

    @pytest.mark.parametrize(
        "odd",
        [
            'AND ( * ~ /.*/ "',
            "NOT",
            "text:lion +lion^9 -",
            "zeb* \\",
            "{!func} <script>",
            '{"match_all": {}}',
            "😀 👩‍👩‍👧",
            "שלום مرحبا \u202e",
            "\0 \x01 \x7f",
            "\ud800",
            "ﬀ ẞ İ",
            "x" * 100_000,
        ],
    )
    async def test_a_query_is_words_and_never_a_syntax(self, store: PassageStore, chunk: Chunk, odd: str) -> None:
        await store.write([chunk("d", "a zebra"), chunk("other", "something else")], collection="c")

        assert await texts(store, f"zebra {odd}") == ["a zebra"]

    async def test_a_query_of_ten_thousand_words_is_answered(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("d", "a zebra")], collection="c")

        assert await texts(store, "zebra " + " ".join(f"word{n}" for n in range(10_000))) == ["a zebra"]

    async def test_an_unknown_collection_is_named_in_the_error(self, store: PassageStore) -> None:
        with pytest.raises(CollectionNotFound) as caught:
            await store.search("zebra", collection="nope", filters={}, top_k=5)

        assert "nope" in caught.value.detail


METADATA: dict[str, dict[str, Scalar | tuple[Scalar, ...]]] = {
    "text": {"field": "plain"},
    "quotes": {"field": '"; DROP TABLE documents; --'},
    "star": {"field": "*"},
    "script": {"field": "<script>alert(1)</script>"},
    "dsl": {"field": '{"match_all": {}}'},
    "unicode": {"field": "Größe 漢字 😀"},
    "spaces": {"field": " Plain "},
    "empty": {"field": ""},
    "whole": {"field": 1},
    "float": {"field": 0.5},
    "bool": {"field": True},
    "list": {"field": ("red", "green", 7)},
    "long": {"field": "x" * 40_000},
    "nul": {"field": "a\0b"},
    "other": {"odd field.name*": "plain"},
    "none": {},
}


class TestFiltering:
    @pytest.fixture(autouse=True)
    async def documents(self, store: PassageStore, chunk: Chunk) -> None:
        batch = [chunk(id_, f"zebra {id_}", metadata=metadata) for id_, metadata in METADATA.items()]
        outcomes = await store.write(batch, collection="c")
        assert {outcome.status for outcome in outcomes} == {WriteStatus.CREATED}

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (("plain",), {"text"}),
            (('"; DROP TABLE documents; --',), {"quotes"}),
            (("*",), {"star"}),
            (("pla*",), set()),
            (("/.*/",), set()),
            (("<script>alert(1)</script>",), {"script"}),
            (('{"match_all": {}}',), {"dsl"}),
            (("Größe 漢字 😀",), {"unicode"}),
            ((" Plain ",), {"spaces"}),
            (("Plain",), set()),
            (("",), {"empty"}),
            ((1,), {"whole"}),
            ((1.0,), {"whole"}),
            (("1",), {"whole"}),
            ((0.5,), {"float"}),
            ((True,), {"bool"}),
            (("true",), {"bool"}),
            ((False,), set()),
            (("green",), {"list"}),
            ((7,), {"list"}),
            (("red", "plain", "absent"), {"list", "text"}),
            (("x" * 40_000,), {"long"}),
            (("x" * 39_999,), set()),
            (("a\0b",), {"nul"}),
            (("\ud800",), set()),
            ((10**30,), set()),
            ((float("nan"),), set()),
            ((), set()),
        ],
        ids=lambda case: ascii(case)[:40],
    )
    async def test_any_of_a_fields_values_lets_through(
        self, store: PassageStore, values: tuple[Scalar, ...], expected: set[str]
    ) -> None:
        filters = {"field": values}

        assert set(await texts(store, "zebra", filters=filters)) == {f"zebra {id_}" for id_ in expected}
        assert await listed(store, filters=filters) == sorted(expected)

    async def test_all_fields_must_agree(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("both", "zebra both", metadata={"field": "plain", "n": 1})], collection="c")
        filters = {"field": ("plain", "*"), "n": (1, 2)}

        assert await texts(store, "zebra", filters=filters) == ["zebra both"]
        assert await listed(store, filters=filters) == ["both"]

    async def test_a_field_is_its_exact_name(self, store: PassageStore) -> None:
        assert await texts(store, "zebra", filters={"odd field.name*": ("plain",)}) == ["zebra other"]
        assert await texts(store, "zebra", filters={"odd*": ("plain",)}) == []
        assert await texts(store, "zebra", filters={"missing": ("plain",)}) == []

    async def test_a_filter_does_not_change_scores(self, store: PassageStore) -> None:
        everything = await store.search("zebra text", collection="c", filters={}, top_k=1)
        filtered = await store.search("zebra text", collection="c", filters={"field": ("plain",)}, top_k=1)

        assert filtered[0].score == pytest.approx(everything[0].score)


class TestWriting:
    async def test_each_document_has_an_outcome_in_the_order_given(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("same", "one"), chunk("changed", "two")], collection="c")
        batch = [chunk("new", "three"), chunk("changed", "four"), chunk("same", "one")]

        outcomes = await store.write(batch, collection="c")

        assert [(outcome.id, outcome.status) for outcome in outcomes] == [
            ("new", WriteStatus.CREATED),
            ("changed", WriteStatus.REPLACED),
            ("same", WriteStatus.UNCHANGED),
        ]
        assert [outcome.version for outcome in outcomes] == [document.version for document in batch]

    async def test_nothing_of_the_earlier_version_is_left(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("d", "old zebra\n\nold lion\n\nold wolf", metadata={"k": "old"})], collection="c")

        await store.write([chunk("d", "new zebra", metadata={"k": "new"})], collection="c")

        assert await texts(store, "zebra lion wolf old new") == ["new zebra"]
        assert await listed(store, filters={"k": ("old",)}) == []
        record = await store.get_document("d", collection="c")
        assert (record.text, record.passages) == ("new zebra", 1)
        assert await store.collections() == [Collection("c", documents=1, passages=1)]

    async def test_writing_twice_changes_nothing(self, store: PassageStore, chunk: Chunk) -> None:
        document = chunk("d", "zebra\n\nlion")
        await store.write([document], collection="c")
        first = await store.get_document("d", collection="c")

        outcomes = await store.write([document], collection="c")

        assert outcomes[0].status is WriteStatus.UNCHANGED
        assert await store.get_document("d", collection="c") == first
        assert sorted(await texts(store, "zebra lion")) == ["lion", "zebra"]
        assert await store.collections() == [Collection("c", documents=1, passages=2)]

    async def test_going_back_to_an_earlier_version_replaces_again(self, store: PassageStore, chunk: Chunk) -> None:
        for text in ("zebra", "lion", "zebra"):
            await store.write([chunk("d", text)], collection="c")

        assert await texts(store, "zebra lion") == ["zebra"]

    async def test_one_bad_document_does_not_stop_the_others(self, store: PassageStore, chunk: Chunk) -> None:
        batch = [chunk("1", "zebra one"), chunk("bad", "zebra \ud800"), chunk("3", "zebra three")]

        outcomes = await store.write(batch, collection="c")

        assert [outcome.status.value for outcome in outcomes] == ["created", "failed", "created"]
        assert outcomes[1].version is None
        assert outcomes[1].reason
        assert sorted(await texts(store, "zebra")) == ["zebra one", "zebra three"]
        assert await listed(store) == ["1", "3"]

    async def test_a_collection_is_not_made_by_documents_that_all_failed(
        self, store: PassageStore, chunk: Chunk
    ) -> None:
        outcomes = await store.write([chunk("bad", "\udfff")], collection="c")

        assert outcomes[0].status is WriteStatus.FAILED
        assert await store.collections() == []

    async def test_an_empty_batch_makes_nothing(self, store: PassageStore) -> None:
        assert await store.write([], collection="c") == []
        assert await store.collections() == []

    async def test_a_document_without_passages_is_kept_and_never_found(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("d", "", title="zebra")], collection="c")

        assert await texts(store, "zebra") == []
        assert (await store.get_document("d", collection="c")).passages == 0

    async def test_two_thousand_passages_go_in_at_once(self, store: PassageStore, chunk: Chunk) -> None:
        batch = [
            chunk(f"d{n:03}", "\n\n".join(f"zebra number{n}x{part} " + "word " * 40 for part in range(10)))
            for n in range(200)
        ]

        outcomes = await store.write(batch, collection="c")

        assert {outcome.status for outcome in outcomes} == {WriteStatus.CREATED}
        assert await store.collections() == [Collection("c", documents=200, passages=2000)]
        assert len(await texts(store, "number199x9")) == 1

    async def test_of_concurrent_versions_exactly_one_remains(self, store: PassageStore, chunk: Chunk) -> None:
        versions = [chunk("d", f"zebra version{n}\n\nlion version{n}") for n in range(8)]

        await asyncio.gather(*(store.write([version], collection="c") for version in versions))

        found = await store.search("zebra lion", collection="c", filters={}, top_k=50)
        record = await store.get_document("d", collection="c")
        assert sorted(hit.passage.text for hit in found) == sorted((record.text or "").split("\n\n"))
        stored = await store.versions(["d"], collection="c")
        assert stored == {"d": record.version}
        assert record.version in {version.version for version in versions}
        assert await store.collections() == [Collection("c", documents=1, passages=2)]

    async def test_search_goes_on_while_documents_are_written(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("kept", "zebra kept")], collection="c")
        writing = asyncio.ensure_future(
            asyncio.gather(*(store.write([chunk(f"d{n}", f"lion {n}\n\nwolf {n}")], collection="c") for n in range(10)))
        )

        rounds = 0
        while not writing.done() or rounds == 0:
            assert await texts(store, "zebra") == ["zebra kept"]
            rounds += 1

        await writing
        assert len(await texts(store, "lion")) == 10


class TestDocuments:
    async def test_a_record_holds_what_was_given(self, store: PassageStore, chunk: Chunk) -> None:
        before = datetime.now(UTC) - timedelta(seconds=1)
        metadata = {"s": "x", "i": 3, "f": 1.0, "b": False, "l": ("a", 2, True)}
        document = chunk("d", "one\n\ntwo 😀", title="Title", headings=("A", "B"), metadata=metadata)
        await store.write([document], collection="c")

        record = await store.get_document("d", collection="c")

        assert (record.id, record.collection, record.version) == ("d", "c", document.version)
        assert (record.title, record.format, record.headings) == ("Title", "plain", ("A", "B"))
        assert (record.text, record.passages, record.characters) == ("one\n\ntwo 😀", 2, 10)
        assert record.metadata == metadata
        assert [type(record.metadata[key]) for key in "sifb"] == [str, int, float, bool]
        assert before <= record.created_at == record.updated_at <= datetime.now(UTC) + timedelta(seconds=1)
        assert record.created_at.utcoffset() == timedelta(0)

    async def test_created_at_survives_a_replacement(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("d", "one")], collection="c")
        first = await store.get_document("d", collection="c")
        await store.write([chunk("d", "two")], collection="c")

        second = await store.get_document("d", collection="c")

        assert second.created_at == first.created_at
        assert second.updated_at > first.updated_at

    @pytest.mark.parametrize(
        "id_", ["a/b c?#%&=+", "../..", "_doc", "é漢😀", "*", "a\0b", '"\\', " ", "x" * 2000, "a,b"], ids=ascii
    )
    async def test_any_text_is_an_id(self, store: PassageStore, chunk: Chunk, id_: str) -> None:
        document = chunk(id_, "zebra")
        await store.write([document, chunk("other", "zebra other")], collection="c")

        assert (await store.get_document(id_, collection="c")).id == id_
        assert await store.versions([id_, "absent"], collection="c") == {id_: document.version}
        await store.delete_document(id_, collection="c")
        assert await texts(store, "zebra") == ["zebra other"]

    @pytest.mark.parametrize("id_", ["absent", "", "*", "\ud800"], ids=ascii)
    async def test_an_unknown_document_is_not_found(self, store: PassageStore, chunk: Chunk, id_: str) -> None:
        await store.write([chunk("d", "zebra")], collection="c")

        with pytest.raises(DocumentNotFound):
            await store.get_document(id_, collection="c")
        with pytest.raises(DocumentNotFound):
            await store.delete_document(id_, collection="c")
        assert await store.versions([id_], collection="c") == {}
        assert await listed(store) == ["d"]

    async def test_everything_asked_of_an_unknown_collection_says_so(self, store: PassageStore) -> None:
        with pytest.raises(CollectionNotFound):
            await store.get_document("d", collection="nope")
        with pytest.raises(CollectionNotFound):
            await store.list_documents(collection="nope", filters={}, offset=0, limit=1)
        with pytest.raises(CollectionNotFound):
            await store.delete_document("d", collection="nope")
        with pytest.raises(CollectionNotFound):
            await store.delete_collection("nope")
        assert await store.versions(["d"], collection="nope") == {}

    async def test_pages_come_in_code_point_order_of_id_without_text(self, store: PassageStore, chunk: Chunk) -> None:
        ids = ["b", "B", "a", "é", "10", "9", "～", "😀"]
        await store.write([chunk(id_, "zebra") for id_ in ids], collection="c")

        pages = [
            await store.list_documents(collection="c", filters={}, offset=offset, limit=3) for offset in (0, 3, 6, 9)
        ]

        assert [record.id for page in pages for record in page.documents] == sorted(ids)
        assert [len(page.documents) for page in pages] == [3, 3, 2, 0]
        assert {page.total for page in pages} == {len(ids)}
        assert {record.text for page in pages for record in page.documents} == {None}
        assert pages[0].documents[0].characters == 5

    async def test_the_total_counts_what_the_filters_let_through(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk(f"d{n}", "zebra", metadata={"even": n % 2 == 0}) for n in range(9)], collection="c")

        page = await store.list_documents(collection="c", filters={"even": (True,)}, offset=1, limit=2)

        assert [record.id for record in page.documents] == ["d2", "d4"]
        assert page.total == 5

    async def test_a_deleted_document_leaves_no_trace(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write(
            [chunk("gone", "zebra\n\nlion", metadata={"k": "v"}), chunk("kept", "zebra kept")], collection="c"
        )

        await store.delete_document("gone", collection="c")

        assert await texts(store, "zebra lion") == ["zebra kept"]
        assert await listed(store) == ["kept"]
        assert await listed(store, filters={"k": ("v",)}) == []
        assert await store.versions(["gone"], collection="c") == {}
        with pytest.raises(DocumentNotFound):
            await store.get_document("gone", collection="c")
        assert await store.collections() == [Collection("c", documents=1, passages=1)]

    async def test_a_deleted_document_may_come_back(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("d", "zebra")], collection="c")
        await store.delete_document("d", collection="c")

        outcomes = await store.write([chunk("d", "zebra")], collection="c")

        assert outcomes[0].status is WriteStatus.CREATED
        assert await texts(store, "zebra") == ["zebra"]


class TestCollections:
    async def test_names_that_resemble_each_other_do_not_mix(self, store: PassageStore, chunk: Chunk) -> None:
        names = ["a", "a-b", "a_b", "a-", "documents", "0", "x" * 63]
        for name in names:
            await store.write([chunk("d", f"zebra {name}")], collection=name)

        for name in names:
            assert await texts(store, "zebra", collection=name) == [f"zebra {name}"]
        assert await store.collections() == [Collection(name, 1, 1) for name in sorted(names)]

    async def test_a_deleted_collection_is_gone_and_its_neighbours_stay(
        self, store: PassageStore, chunk: Chunk
    ) -> None:
        for name in ("a", "a-b", "a_b"):
            await store.write([chunk("d", f"zebra {name}")], collection=name)

        await store.delete_collection("a")

        with pytest.raises(CollectionNotFound):
            await store.search("zebra", collection="a", filters={}, top_k=5)
        assert await store.versions(["d"], collection="a") == {}
        assert [collection.name for collection in await store.collections()] == ["a-b", "a_b"]
        assert await texts(store, "zebra", collection="a-b") == ["zebra a-b"]

    async def test_a_collection_made_again_starts_empty(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("old", "zebra old")], collection="c")
        await store.delete_collection("c")

        await store.write([chunk("new", "zebra new")], collection="c")

        assert await texts(store, "zebra") == ["zebra new"]
        assert await listed(store) == ["new"]

    async def test_a_collection_stays_when_its_last_document_goes(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("d", "zebra")], collection="c")

        await store.delete_document("d", collection="c")

        assert await store.collections() == [Collection("c", documents=0, passages=0)]
        assert await texts(store, "zebra") == []
        assert await listed(store) == []

    async def test_an_empty_store_has_none(self, store: PassageStore) -> None:
        assert await store.collections() == []


class TestLife:
    async def test_another_instance_sees_the_same(
        self, store: PassageStore, make_store: MakeStore, chunk: Chunk
    ) -> None:
        await store.write([chunk(f"d{n}", f"zebra {n}\n\nlion {n}") for n in range(5)], collection="c")
        await store.delete_document("d3", collection="c")
        await store.write([chunk("d4", "zebra replaced")], collection="c")
        hits = await store.search("zebra lion", collection="c", filters={}, top_k=20)
        record, collections = await store.get_document("d1", collection="c"), await store.collections()
        await store.close()

        other = make_store()
        await other.open()
        try:
            found = await other.search("zebra lion", collection="c", filters={}, top_k=20)
            by_id = {hit.passage.id: hit.passage for hit in found}
            assert by_id == {hit.passage.id: hit.passage for hit in hits}
            assert await other.get_document("d1", collection="c") == record
            assert await other.collections() == collections
            assert (await other.write([chunk("d4", "zebra replaced")], collection="c"))[0].status == "unchanged"
        finally:
            await other.close()

    async def test_it_says_that_it_works_and_what_it_holds(self, store: PassageStore, chunk: Chunk) -> None:
        await store.write([chunk("1", "zebra"), chunk("2", "lion")], collection="c")

        health = await store.check()

        assert (health.part, health.ok, health.required) == ("store", True, True)
        assert "1 collection" in health.detail

    async def test_closing_twice_is_allowed(self, store: PassageStore) -> None:
        await store.close()
        await store.close()
