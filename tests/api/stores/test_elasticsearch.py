"""What the contract does not say: how the store on Elasticsearch lies there, fails, recovers and cleans up."""

import asyncio
import base64
import hashlib
import json
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from tests.api.stores.elasticsearch_stub import (
    BLOCKED,
    HIT,
    REFUSED,
    REJECTED,
    SHARDS,
    UNAUTHORIZED,
    StoppableProxy,
    StubElasticsearch,
    failed,
    found,
)
from tests.conftest import ElasticsearchServer

from askbox_api.domain import ChunkedDocument, Collection, Document, Passage, WriteStatus
from askbox_api.errors import (
    CollectionNotFound,
    DocumentNotFound,
    InvalidInput,
    SearchTimedOut,
    StoreReadOnly,
    StoreUnavailable,
)
from askbox_api.stores.elasticsearch import ElasticsearchStore
from askbox_api.stores.elasticsearch.bulk import Patience, bulk, put
from askbox_api.stores.elasticsearch.client import Server
from askbox_api.stores.elasticsearch.collections import Collections
from askbox_api.stores.elasticsearch.mapping import Layout
from askbox_api.stores.elasticsearch.sweeping import Sweeper

Chunk = Callable[..., ChunkedDocument]
Ask = Callable[..., Any]
MakeStore = Callable[..., ElasticsearchStore]

QUESTION = {"collection": "c", "filters": {}, "top_k": 50}


@pytest.fixture
def chunk() -> Chunk:
    """Makes a document whose passages are its paragraphs."""

    def make(id_: str, text: str, **metadata: Any) -> ChunkedDocument:
        version = hashlib.sha256(f"{id_} {text}".encode()).hexdigest()
        passages = [
            Passage(f"{version[:16]}-{n}", id_, n, "", (), part, 0, len(part), metadata)
            for n, part in enumerate(text.split("\n\n"))
        ]
        return ChunkedDocument(Document(id_, text, metadata=metadata), version, tuple(passages))

    return make


class TestRealServer:
    @pytest.fixture
    def prefix(self) -> str:
        return f"askboxtest-{uuid4().hex[:12]}"

    @pytest.fixture
    def ask(self, elasticsearch_server: ElasticsearchServer, prefix: str) -> Iterator[Ask]:
        """Asks the server itself; what the test made goes at the end."""
        credentials = f"{elasticsearch_server.username}:{elasticsearch_server.password}"
        headers = {
            "Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}",
            "Content-Type": "application/json",
        }

        def ask(method: str, path: str, body: Any = None) -> Any:
            request = urllib.request.Request(
                f"{elasticsearch_server.url}/{path}",
                method=method,
                headers=headers,
                data=json.dumps(body).encode() if body is not None else None,
            )
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)

        yield ask
        for index in ask("GET", f"{prefix}-*?expand_wildcards=all"):
            ask("DELETE", index)

    @pytest.fixture
    def make_store(self, elasticsearch_server: ElasticsearchServer, prefix: str, ask: Ask) -> MakeStore:
        account = {"username": elasticsearch_server.username, "password": elasticsearch_server.password}

        def make(url: str = elasticsearch_server.url, **changed: Any) -> ElasticsearchStore:
            arguments = {"url": url, "prefix": prefix, "search_timeout": 30.0, **account, **changed}
            return ElasticsearchStore(**arguments)

        return make

    @pytest.fixture
    async def store(self, make_store: MakeStore) -> AsyncIterator[ElasticsearchStore]:
        store = make_store()
        await store.open()
        yield store
        await store.close()

    @pytest.fixture
    async def sweeper(self, elasticsearch_server: ElasticsearchServer, prefix: str) -> AsyncIterator[Sweeper]:
        account = {"username": elasticsearch_server.username, "password": elasticsearch_server.password}
        server = Server(elasticsearch_server.url, api_key="", **account)
        layout = Layout(prefix)
        yield Sweeper(server, layout, Collections(server, layout))
        await server.close()

    async def test_indices_are_strict_and_lie_behind_aliases_that_carry_no_schema(
        self, store: ElasticsearchStore, chunk: Chunk, ask: Ask, prefix: str
    ) -> None:
        await store.write([chunk("1", "zebra")], collection="c")

        indices = ask("GET", f"{prefix}-*")

        aliases = {alias: (name, index) for name, index in indices.items() for alias in index["aliases"]}
        assert sorted(aliases) == [f"{prefix}-documents", f"{prefix}-passages.c"]
        for alias, (name, index) in aliases.items():
            assert name.removeprefix(f"{alias}.").isalnum()
            assert index["mappings"]["dynamic"] == "strict"
            assert index["settings"]["index"]["number_of_replicas"] == "0"
        vector = aliases[f"{prefix}-passages.c"][1]["mappings"]["properties"]["vector"]
        assert vector["index_options"]["type"] == "hnsw"

    async def test_a_basic_licence_is_enough(self, store: ElasticsearchStore, chunk: Chunk, ask: Ask) -> None:
        [outcome] = await store.write([chunk("1", "zebra")], collection="c")

        assert outcome.status is WriteStatus.CREATED
        assert ask("GET", "_license")["license"]["type"] == "basic"

    async def test_a_key_for_its_own_indices_is_enough(
        self, make_store: MakeStore, chunk: Chunk, ask: Ask, prefix: str
    ) -> None:
        rights = {"names": [f"{prefix}-*"], "privileges": ["read", "write", "manage"]}
        role = {"cluster": ["monitor"], "indices": [rights]}
        key = ask("POST", "_security/api_key", {"name": prefix, "role_descriptors": {"askbox": role}})
        store = make_store(api_key=key["encoded"])
        await store.open()
        try:
            await store.write([chunk("1", "zebra"), chunk("2", "lion")], collection="c")
            await store.write([chunk("1", "zebra again")], collection="c")
            assert [hit.passage.text for hit in await store.search("zebra", **QUESTION)] == ["zebra again"]
            assert (await store.list_documents(collection="c", filters={}, offset=0, limit=5)).total == 2
            await store.delete_document("1", collection="c")
            assert (await store.check()).ok
            assert await store.collections() == [Collection("c", documents=1, passages=1)]
            await store.delete_collection("c")
            assert await store.collections() == []
        finally:
            await store.close()
            ask("DELETE", "_security/api_key", {"ids": [key["id"]]})

    async def test_a_key_without_rights_names_the_settings(
        self, make_store: MakeStore, ask: Ask, prefix: str, chunk: Chunk
    ) -> None:
        role = {"cluster": ["monitor"], "indices": [{"names": ["other-*"], "privileges": ["read"]}]}
        key = ask("POST", "_security/api_key", {"name": prefix, "role_descriptors": {"askbox": role}})
        store = make_store(api_key=key["encoded"])
        try:
            for call in (
                store.search("zebra", **QUESTION),
                store.write([chunk("1", "zebra")], collection="c"),
                store.get_document("1", collection="c"),
            ):
                with pytest.raises(StoreUnavailable) as caught:
                    await call
                assert "ASKBOX_ELASTICSEARCH_API_KEY" in caught.value.remedy
                assert key["encoded"] not in str(vars(caught.value))
        finally:
            await store.close()
            ask("DELETE", "_security/api_key", {"ids": [key["id"]]})

    async def test_a_wrong_password_is_said_and_never_shown(self, make_store: MakeStore) -> None:
        store = make_store(password="wrong-secret")
        try:
            with pytest.raises(StoreUnavailable) as caught:
                await store.search("zebra", **QUESTION)
            health = await store.check()
        finally:
            await store.close()

        assert "ASKBOX_ELASTICSEARCH_PASSWORD" in caught.value.remedy
        assert (health.ok, health.remedy) == (False, caught.value.remedy)
        assert "wrong-secret" not in f"{caught.value.detail} {health.detail}"

    async def test_a_full_disk_stops_writing_and_not_searching(
        self, store: ElasticsearchStore, chunk: Chunk, ask: Ask, prefix: str
    ) -> None:
        await store.write([chunk("1", "zebra"), chunk("3", "zebra three")], collection="c")
        for blocked in (f"{prefix}-*", f"{prefix}-documents"):
            ask("PUT", f"{prefix}-*/_settings", {"index.blocks.read_only_allow_delete": None})
            ask("PUT", f"{blocked}/_settings", {"index.blocks.read_only_allow_delete": True})

            for documents in ([chunk("2", "zebra two")], [chunk("1", "zebra new")]):
                with pytest.raises(StoreReadOnly, match="read-only") as caught:
                    await store.write(documents, collection="c")
                assert "disk" in caught.value.remedy
            found_now = await store.search("zebra", **QUESTION)
            assert sorted(hit.passage.text for hit in found_now) == ["zebra", "zebra three"]
        ask("PUT", f"{prefix}-*/_settings", {"index.blocks.read_only_allow_delete": None})
        [outcome] = await store.write([chunk("1", "zebra new")], collection="c")
        assert outcome.status is WriteStatus.REPLACED

    async def test_a_collection_may_go_while_the_disk_is_full(
        self, store: ElasticsearchStore, chunk: Chunk, ask: Ask, prefix: str, sweeper: Sweeper
    ) -> None:
        await store.write([chunk("1", "zebra")], collection="c")
        ask("PUT", f"{prefix}-*/_settings", {"index.blocks.read_only_allow_delete": True})

        await store.delete_collection("c")

        assert await store.collections() == []
        ask("PUT", f"{prefix}-*/_settings", {"index.blocks.read_only_allow_delete": None})
        await sweeper.sweep()
        ask("POST", f"{prefix}-*/_refresh")
        assert ask("GET", f"{prefix}-documents/_count")["count"] == 0

    async def test_of_two_replicas_writing_one_document_one_version_remains(
        self, make_store: MakeStore, chunk: Chunk
    ) -> None:
        first, second = make_store(), make_store()
        try:
            for turn in range(20):
                ours, theirs = chunk("d", f"zebra {turn} a\n\nlion"), chunk("d", f"zebra {turn} b\n\nlion\n\nape")
                again = [chunk("d", f"zebra {turn - 1} a\n\nlion")]
                await asyncio.gather(
                    first.write([ours], collection="c"),
                    second.write([theirs], collection="c"),
                    second.write(again, collection="c"),
                )

                record = await first.get_document("d", collection="c")
                hits = await second.search("zebra lion ape", **QUESTION)
                assert sorted(hit.passage.text for hit in hits) == sorted((record.text or "").split("\n\n"))
                assert await first.versions(["d"], collection="c") == {"d": record.version}
        finally:
            await first.close()
            await second.close()

    @pytest.mark.parametrize("known", [False, True], ids=["new", "replaced"])
    async def test_a_writer_killed_before_any_request_leaves_nothing_once_it_comes_back(
        self,
        store: ElasticsearchStore,
        make_store: MakeStore,
        elasticsearch_server: ElasticsearchServer,
        chunk: Chunk,
        known: bool,
    ) -> None:
        new = [chunk("a", "zebra one\n\nzebra two"), chunk("b", "zebra three")]
        expected = ["zebra one", "zebra three", "zebra two"]
        stop_at, finished = 0, False
        while not finished:
            stop_at += 1
            collection = f"c{stop_at}"
            if known:
                await store.write([chunk("a", "lion\n\nape"), chunk("b", "ant")], collection=collection)
            async with StoppableProxy(elasticsearch_server.url, stop_at=stop_at) as proxy:
                killed = make_store(url=proxy.url)
                writing = asyncio.create_task(killed.write(new, collection=collection))
                stopping = asyncio.create_task(proxy.stopped.wait())
                await asyncio.wait([writing, stopping], return_when=asyncio.FIRST_COMPLETED)
                finished = not proxy.stopped.is_set()
                for task in (writing, stopping):
                    task.cancel()
                await asyncio.wait([writing, stopping])
                await killed.close()
                if finished:
                    assert [outcome.status for outcome in writing.result()] != [WriteStatus.FAILED] * 2

            outcomes = await store.write(new, collection=collection)

            assert WriteStatus.FAILED not in [outcome.status for outcome in outcomes]
            question = {**QUESTION, "collection": collection}
            assert sorted(hit.passage.text for hit in await store.search("zebra lion ape ant", **question)) == expected
            assert Collection(collection, documents=2, passages=3) in await store.collections()
            versions = {document.document.id: document.version for document in new}
            assert await store.versions(["a", "b"], collection=collection) == versions
        assert stop_at > 8

    async def test_what_a_killed_writer_left_of_another_version_goes_with_the_next_write(
        self, store: ElasticsearchStore, chunk: Chunk, ask: Ask, prefix: str
    ) -> None:
        await store.write([chunk("other", "ant")], collection="c")
        for passage in chunk("a", "lion\n\nzebra").passages + chunk("b", "ape").passages:
            source = {"id": passage.id, "document_id": passage.document_id, "version": "v", "text": passage.text}
            ask("PUT", f"{prefix}-passages.c/_doc/{passage.id}", source | {"indexed_at": "2126-01-01"})

        outcomes = await store.write([chunk("a", "zebra"), chunk("b", "")], collection="c")

        assert [outcome.status for outcome in outcomes] == [WriteStatus.CREATED] * 2
        hits = await store.search("zebra lion ape ant", **QUESTION)
        assert sorted(hit.passage.text for hit in hits) == ["ant", "zebra"]
        assert await store.collections() == [Collection("c", documents=3, passages=3)]

    async def test_the_sweep_removes_what_a_killed_writer_left_once_it_is_old(
        self,
        store: ElasticsearchStore,
        make_store: MakeStore,
        elasticsearch_server: ElasticsearchServer,
        chunk: Chunk,
        ask: Ask,
        prefix: str,
        sweeper: Sweeper,
    ) -> None:
        await store.write([chunk("a", "lion"), chunk("b", "ant")], collection="c")
        left = chunk("x", "zebra\n\nzebra two").passages + chunk("a", "zebra three").passages
        for passage in left:
            source = {"id": passage.id, "document_id": passage.document_id, "version": "v", "text": passage.text}
            ask("PUT", f"{prefix}-passages.c/_doc/{passage.id}?refresh=true", source | {"indexed_at": "2026-01-01"})
        young = {"id": "y", "document_id": "y", "version": "v", "text": "ape", "indexed_at": "2126-01-01"}
        ask("PUT", f"{prefix}-passages.c/_doc/y?refresh=true", young)

        removed = await sweeper.sweep()

        assert removed == 3
        assert ask("GET", f"{prefix}-passages.c/_count")["count"] == 3
        assert await sweeper.sweep(age=timedelta(0)) == 0

    async def test_a_removal_cut_short_leaves_nothing_to_a_collection_made_again(
        self, store: ElasticsearchStore, chunk: Chunk, ask: Ask, prefix: str
    ) -> None:
        await store.write([chunk("1", "zebra"), chunk("2", "lion")], collection="c")
        [index] = ask("GET", f"{prefix}-passages.c/_alias")
        ask("DELETE", index)
        assert await store.collections() == []
        assert await store.versions(["1"], collection="c") == {}
        with pytest.raises(CollectionNotFound):
            await store.get_document("1", collection="c")

        [outcome] = await store.write([chunk("1", "zebra")], collection="c")

        assert outcome.status is WriteStatus.CREATED
        assert await store.collections() == [Collection("c", documents=1, passages=1)]

    async def test_a_document_that_lost_passages_is_made_whole(
        self, store: ElasticsearchStore, chunk: Chunk, ask: Ask, prefix: str
    ) -> None:
        document = chunk("1", "zebra\n\nlion")
        await store.write([document], collection="c")
        ask("DELETE", f"{prefix}-passages.c/_doc/{document.passages[0].id}?refresh=true")
        assert await store.versions(["1"], collection="c") == {}

        [outcome] = await store.write([document], collection="c")

        assert outcome.status is WriteStatus.UNCHANGED
        assert len(await store.search("zebra lion", **QUESTION)) == 2

    async def test_a_hundred_and_twenty_eight_searches_run_side_by_side(
        self, store: ElasticsearchStore, chunk: Chunk
    ) -> None:
        await store.write([chunk("1", "zebra")], collection="c")

        answers = await asyncio.gather(*(store.search("zebra", **QUESTION) for _ in range(128)))

        assert {len(hits) for hits in answers} == {1}

    @pytest.mark.parametrize(
        "query", ["動" * 20_000, "🦓" * 20_000, "،a" * 900, "a.b" * 30_000, "zebra " * 50_000, "\0\ud800" * 5000]
    )
    async def test_no_query_is_too_long_or_too_odd(self, store: ElasticsearchStore, chunk: Chunk, query: str) -> None:
        await store.write([chunk("1", "zebra")], collection="c")

        hits = await store.search(f"zebra {query}", **QUESTION)

        assert [hit.passage.text for hit in hits] == ["zebra"]

    async def test_more_filter_values_than_the_server_takes_are_refused(
        self, store: ElasticsearchStore, chunk: Chunk
    ) -> None:
        await store.write([chunk("1", "zebra", course="a")], collection="c")

        for filters in ({"course": tuple(range(70_000))}, {f"f{n}": ("x",) for n in range(20_000)}):
            with pytest.raises(InvalidInput):
                await store.search("zebra", collection="c", filters=filters, top_k=5)

    async def test_a_list_beyond_ten_thousand_is_refused_in_words(self, store: ElasticsearchStore) -> None:
        with pytest.raises(InvalidInput, match="10,000"):
            await store.list_documents(collection="c", filters={}, offset=9_990, limit=20)

    @pytest.mark.parametrize("name", ["*", "_all", "a,b", "-c", "c*", ".security", "C", "a/b", "c\n", "a" * 64])
    async def test_a_name_is_never_an_expression(self, store: ElasticsearchStore, chunk: Chunk, name: str) -> None:
        await store.write([chunk("1", "zebra")], collection="c")

        with pytest.raises(CollectionNotFound):
            await store.search("zebra", collection=name, filters={}, top_k=5)
        with pytest.raises(CollectionNotFound):
            await store.delete_collection(name)
        with pytest.raises(InvalidInput):
            await store.write([chunk("1", "zebra")], collection=name)
        assert await store.versions(["1"], collection=name) == {}
        assert [collection.name for collection in await store.collections()] == ["c"]

    async def test_a_text_of_a_megabyte_is_kept(self, store: ElasticsearchStore, chunk: Chunk) -> None:
        text = "zebra " * 180_000

        await store.write([chunk("1", text)], collection="c")

        assert (await store.get_document("1", collection="c")).text == text

    async def test_deleting_a_document_twice_says_that_it_is_gone(
        self, store: ElasticsearchStore, chunk: Chunk
    ) -> None:
        await store.write([chunk("1", "zebra")], collection="c")
        await store.delete_document("1", collection="c")

        with pytest.raises(DocumentNotFound):
            await store.delete_document("1", collection="c")


class TestFaults:
    @pytest.fixture
    async def stub(self) -> AsyncIterator[StubElasticsearch]:
        stub = StubElasticsearch()
        await stub.start()
        yield stub
        await stub.stop()

    @pytest.fixture
    async def store(self, stub: StubElasticsearch) -> AsyncIterator[ElasticsearchStore]:
        store = ElasticsearchStore(url=stub.url, username="elastic", password="secret", search_timeout=0.3)
        yield store
        await store.close()

    async def test_a_hit_is_read_as_it_was_sent(self, stub: StubElasticsearch, store: ElasticsearchStore) -> None:
        stub.answers["_search"].append(found(HIT))

        [hit] = await store.search("text", **QUESTION)

        passage = Passage("p1", "d1", 0, "A title", ("Above",), "A text", 0, 6, {"course": ("a", "b")})
        assert (hit.passage, hit.score, hit.ranks) == (passage, 1.5, {"text": 1})

    async def test_items_refused_as_too_many_are_sent_again_alone(
        self, stub: StubElasticsearch, store: ElasticsearchStore, chunk: Chunk
    ) -> None:
        document = chunk("1", "a\n\nb\n\nc")
        ids = [passage.id for passage in document.passages]
        stub.answers["_bulk"] += [{ids[1]: (429, REJECTED), ids[2]: (429, REJECTED)}, {ids[2]: (429, REJECTED)}]

        [outcome] = await store.write([document], collection="c")

        assert outcome.status is WriteStatus.CREATED
        assert stub.bulks()[:3] == [ids, ids[1:], ids[2:]]

    async def test_a_thousand_new_documents_cost_seven_requests(
        self, stub: StubElasticsearch, store: ElasticsearchStore, chunk: Chunk
    ) -> None:
        await store.write([chunk(str(n), "a") for n in range(1000)], collection="c")

        ends = [path.rpartition("/")[2] for method, path, _ in stub.requests if method != "HEAD"]
        assert ends == ["_mget", "_bulk", "_refresh", "_search", "_bulk", "_refresh"]
        assert len(stub.requests) == len(ends) + 1

    async def test_an_item_that_is_refused_fails_its_document_and_no_other(
        self, stub: StubElasticsearch, store: ElasticsearchStore, chunk: Chunk
    ) -> None:
        documents = [chunk("1", "a\n\nb"), chunk("2", "c\n\nd"), chunk("3", "e")]
        good, bad = documents[1].passages
        stub.answers["_bulk"].append({bad.id: (400, REFUSED)})

        outcomes = await store.write(documents, collection="c")

        assert [outcome.status.value for outcome in outcomes] == ["created", "failed", "created"]
        assert outcomes[1].id == "2"
        assert "document_parsing_exception" in (outcomes[1].reason or "")
        assert "secret words" not in (outcomes[1].reason or "")
        assert stub.bulks()[-1] == [good.id]

    async def test_a_request_refused_as_a_whole_is_sent_again(
        self, stub: StubElasticsearch, store: ElasticsearchStore, chunk: Chunk
    ) -> None:
        stub.answers["_bulk"] += [failed(429, REJECTED), failed(503, {"type": "unavailable", "reason": ""})]
        document = chunk("1", "a")

        [outcome] = await store.write([document], collection="c")

        assert outcome.status is WriteStatus.CREATED
        assert stub.bulks()[:3] == [[document.passages[0].id]] * 3

    @pytest.mark.parametrize("whole", [True, False], ids=["request", "item"])
    async def test_a_server_that_stays_busy_is_not_asked_for_ever(self, stub: StubElasticsearch, whole: bool) -> None:
        told = failed(429, REJECTED) if whole else {"1": (429, REJECTED)}
        stub.answers["_bulk"] += [told, told, told] if not whole else [failed(429, REJECTED) for _ in range(3)]
        server = Server(stub.url, username="", password="", api_key="")
        patience = Patience(tries=3, first=0.001)
        try:
            if whole:
                with pytest.raises(StoreUnavailable, match="429"):
                    await bulk(server, "x", [put("1", {})], patience=patience)
            else:
                [result] = await bulk(server, "x", [put("1", {})], patience=patience)
                assert (result.status, result.error) == (429, "es_rejected_execution_exception")
        finally:
            await server.close()
        assert len(stub.bulks()) == 3

    async def test_a_block_is_not_asked_again(
        self, stub: StubElasticsearch, store: ElasticsearchStore, chunk: Chunk
    ) -> None:
        document = chunk("1", "a")
        stub.answers["_bulk"].append({document.passages[0].id: (429, BLOCKED)})

        with pytest.raises(StoreReadOnly):
            await store.write([document], collection="c")

        assert len(stub.bulks()) == 1

    async def test_bulk_requests_stay_below_their_limits(self, stub: StubElasticsearch) -> None:
        server = Server(stub.url, username="", password="", api_key="")
        lines = [put(str(n), {"text": "x" * (900_000 if n < 12 else 1)}) for n in range(4100)]
        try:
            results = await bulk(server, "x", lines)
        finally:
            await server.close()

        assert [result.place.id for result in results] == [str(n) for n in range(4100)]
        bodies = [body for _, path, body in stub.requests if path.endswith("/_bulk")]
        assert max(map(len, bodies)) <= 5_000_000
        assert max(map(len, stub.bulks())) <= 2000

    async def test_a_server_that_comes_back_is_used_at_once(self, chunk: Chunk) -> None:
        stub = StubElasticsearch()
        await stub.start()
        port = int(stub.url.rpartition(":")[2])
        await stub.stop()
        store = ElasticsearchStore(url=stub.url)
        await store.open()
        try:
            for _ in range(10):
                with pytest.raises(StoreUnavailable) as caught:
                    await store.search("zebra", **QUESTION)
            assert not (await store.check()).ok
            assert stub.url in caught.value.detail
            assert "ASKBOX_ELASTICSEARCH_URL" in caught.value.remedy

            await stub.start(port)

            assert await store.search("zebra", **QUESTION) == []
            assert (await store.check()).ok
            [outcome] = await store.write([chunk("1", "a")], collection="c")
            assert outcome.status is WriteStatus.CREATED
        finally:
            await store.close()
            await stub.stop()

    async def test_a_search_that_gets_503_works_again_with_the_next(
        self, stub: StubElasticsearch, store: ElasticsearchStore
    ) -> None:
        stub.answers["_search"].append(failed(503, {"type": "search_phase_execution_exception", "reason": ""}))

        with pytest.raises(StoreUnavailable):
            await store.search("zebra", **QUESTION)

        assert await store.search("zebra", **QUESTION) == []

    async def test_a_slow_search_ends_at_the_deadline_and_others_do_not_wait(
        self, stub: StubElasticsearch, store: ElasticsearchStore
    ) -> None:
        stub.answers["_search"].append(30.0)
        loop = asyncio.get_running_loop()
        began = loop.time()
        slow = asyncio.create_task(store.search("zebra", **QUESTION))
        await stub.asked.wait()

        assert await store.search("zebra", **QUESTION) == []
        assert not slow.done()
        with pytest.raises(SearchTimedOut, match=r"0\.3 s"):
            await slow
        assert loop.time() - began >= 0.3

    async def test_half_a_result_is_an_error(self, stub: StubElasticsearch, store: ElasticsearchStore) -> None:
        stub.answers["_search"].append(found(HIT, _shards=SHARDS | {"failed": 1}))
        stub.answers["_search"].append(found(HIT, timed_out=True))

        with pytest.raises(StoreUnavailable, match="1 of 1 shards"):
            await store.search("zebra", **QUESTION)
        with pytest.raises(SearchTimedOut):
            await store.search("zebra", **QUESTION)

    async def test_another_program_is_not_taken_for_elasticsearch(
        self, stub: StubElasticsearch, store: ElasticsearchStore
    ) -> None:
        stub.answers["_search"].append(web.json_response({"hits": {"hits": []}}))
        stub.answers["_search"].append(web.Response(text="<html>", content_type="text/html"))

        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="is not Elasticsearch") as caught:
                await store.search("zebra", **QUESTION)
            assert "ASKBOX_ELASTICSEARCH_URL" in caught.value.remedy

    async def test_refused_credentials_name_their_settings(
        self, stub: StubElasticsearch, store: ElasticsearchStore
    ) -> None:
        stub.answers["_search"].append(failed(401, UNAUTHORIZED, **{"WWW-Authenticate": "ApiKey"}))

        with pytest.raises(StoreUnavailable, match="401") as caught:
            await store.search("zebra", **QUESTION)

        assert "ASKBOX_ELASTICSEARCH_USERNAME" in caught.value.remedy
        assert "secret" not in caught.value.detail

    async def test_another_major_version_is_named(self, stub: StubElasticsearch, store: ElasticsearchStore) -> None:
        stub.version = "8.19.0"

        health = await store.check()

        assert not health.ok
        assert "8.19.0" in health.detail
        assert "version 9" in health.detail

    async def test_credentials_in_the_url_are_used_and_never_shown(self, stub: StubElasticsearch) -> None:
        await stub.stop()
        store = ElasticsearchStore(url=stub.url.replace("//", "//me:secret@"))
        try:
            health = await store.check()
        finally:
            await store.close()

        assert "secret" not in f"{health.detail} {health.remedy}"

    @pytest.mark.parametrize("wrong", [{"url": "localhost"}, {"url": "http://x:1", "prefix": "*"}])
    def test_settings_that_cannot_be_are_refused_at_once(self, wrong: dict[str, str]) -> None:
        with pytest.raises(ValueError, match=r"URL|prefix|indices"):
            ElasticsearchStore(**wrong)
