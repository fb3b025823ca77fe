"""The routes of documents and collections, over real HTTP on the embedded store."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from tests.api.running import RunningApi

from askbox.schemas import CollectionsResponse, DocumentPage, DocumentRecord, DocumentsResponse


@pytest.fixture
def empty(start_api: Callable[..., RunningApi]) -> RunningApi:
    return start_api()


def test_each_item_is_validated_by_itself(empty: RunningApi) -> None:
    items = [
        {"id": "good", "text": "A zebra."},
        {"id": "bad", "text": ""},
        {"id": "worse", "text": "x", "colour": "red"},
        17,
        {"text": "Another zebra."},
        {"id": "nested", "text": "x", "metadata": {"a": {"b": 1}}},
        {"id": "line\nbreak", "text": "x"},
    ]
    response = empty.http.post("/documents", json={"documents": items})
    outcomes = DocumentsResponse.model_validate(response.json()).documents
    assert response.status_code == 201
    assert [outcome.status for outcome in outcomes] == [
        "created",
        "failed",
        "failed",
        "failed",
        "created",
        "failed",
        "failed",
    ]
    assert [outcome.id for outcome in outcomes[:4]] == ["good", "bad", "worse", None]
    assert all(outcome.reason for outcome in outcomes if outcome.status == "failed")
    assert "text" in (outcomes[1].reason or "")
    assert empty.http.post("/search", json={"query": "zebra"}).json()["hits"][0]["document_id"]


def test_the_same_again_is_unchanged_and_other_content_replaces(empty: RunningApi) -> None:
    document = {"id": "a", "title": "Zebra", "text": "It has stripes."}
    assert [empty.add(document)[0]["status"], empty.add(document)[0]["status"]] == ["created", "unchanged"]
    assert empty.add(document | {"text": "It has spots."})[0]["status"] == "replaced"
    assert empty.http.post("/search", json={"query": "stripes"}).json()["hits"] == []


def test_an_id_twice_in_one_batch_lets_the_last_one_win_and_says_so(empty: RunningApi) -> None:
    first, last = empty.add({"id": "a", "text": "first"}, {"id": "a", "text": "second"})
    assert "last one counts" in first["reason"]
    assert last["reason"] is None
    assert empty.http.get("/documents/a").json()["text"] == "second"


def test_a_document_without_an_id_gets_one_from_its_content(empty: RunningApi) -> None:
    (one,), (again,), (other,) = (empty.add({"text": text}) for text in ("same", "same", "other"))
    assert one["id"] == again["id"] != other["id"]
    assert again["status"] == "unchanged"


@pytest.mark.parametrize("id", ["a/b", "..", "a b", "ü?#%", "*", "_all", "x" * 512, "\u202eabc"])
def test_any_id_can_be_read_and_deleted(empty: RunningApi, id: str) -> None:
    empty.add({"id": id, "text": "zebra"})
    path = "/documents/" + quote(id, safe="").replace(".", "%2E")
    assert DocumentRecord.model_validate(empty.http.get(path).json()).id == id
    assert empty.http.delete(path).status_code == 204
    assert empty.http.get(path).status_code == 404
    assert empty.http.post("/search", json={"query": "zebra"}).json()["hits"] == []


def test_documents_are_listed_in_order_of_id_with_filters_and_pages(empty: RunningApi) -> None:
    empty.add(*({"id": f"d{n}", "text": "zebra", "metadata": {"even": n % 2 == 0, "n": n}} for n in range(6)))
    page = DocumentPage.model_validate(empty.http.get("/documents", params={"offset": 2, "limit": 2}).json())
    assert ([record.id for record in page.documents], page.total) == (["d2", "d3"], 6)
    assert page.documents[0].text is None
    filtered = empty.http.get("/documents", params={"filter": ["even:true", "n:4", "n:5"]}).json()
    assert [record["id"] for record in filtered["documents"]] == ["d4"]


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 5_000}, {"offset": -1}, {"filter": "nocolon"}, {"collection": "A"}]
)
def test_bad_parameters_are_422_with_the_field(empty: RunningApi, params: dict[str, object]) -> None:
    response = empty.http.get("/documents", params=params)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"].startswith("query.")


def test_collections_are_counted_and_deleted(empty: RunningApi) -> None:
    empty.add({"id": "a", "text": "zebra"}, collection="one")
    empty.add({"id": "a", "text": "zebra"}, {"id": "b", "text": "lion"}, collection="two")
    listed = CollectionsResponse.model_validate(empty.http.get("/collections").json()).collections
    assert [(one.name, one.documents, one.passages) for one in listed] == [("one", 1, 1), ("two", 2, 2)]
    assert empty.http.delete("/collections/two").status_code == 204
    assert empty.http.delete("/collections/two").json()["code"] == "collection_not_found"
    assert [one["name"] for one in empty.http.get("/collections").json()["collections"]] == ["one"]


@pytest.mark.parametrize(
    "value", ['{"match_all": {}}', "' OR 1=1 --", "ctx._source", "a*", '"quoted"', "x\x1fy", "ключ"]
)
def test_filter_values_are_data(empty: RunningApi, value: str) -> None:
    empty.add({"id": "mine", "text": "zebra", "metadata": {"k": value}}, {"id": "other", "text": "zebra"})
    hits = empty.http.post("/search", json={"query": "zebra", "filters": {"k": value}}).json()["hits"]
    assert [hit["document_id"] for hit in hits] == ["mine"]


@pytest.mark.parametrize("name", ["*", "_all", ".security", "a,b", "-x", "A", "a" * 64, "a b"])
def test_collection_names_are_checked(empty: RunningApi, name: str) -> None:
    response = empty.http.post("/documents", json={"collection": name, "documents": [{"text": "x"}]})
    assert response.status_code == 422
    assert empty.http.delete(f"/collections/{quote(name, safe='')}").status_code in (404, 422)


def test_markdown_is_cut_along_its_headings(empty: RunningApi) -> None:
    empty.add({"id": "page", "format": "markdown", "text": "# Zoo\n\nIntro.\n\n## Zebras\n\nThey have stripes.\n"})
    (hit,) = empty.http.post("/search", json={"query": "stripes"}).json()["hits"]
    assert hit["title"] == "Zoo"
    assert hit["location"]["headings"] == ["Zebras"]
    assert hit["text"] == "They have stripes."
    text = empty.http.get("/documents/page").json()["text"]
    assert text[hit["location"]["start"] : hit["location"]["end"]] == hit["text"]
