"""`askbox documents`, `collections`, `health` and `version`."""

import json

import pytest
from tests.client.conftest import Askbox
from tests.client.standin import Answer, StandIn

from askbox import Client


@pytest.fixture
def filled(client: Client) -> Client:
    client.add_documents(
        [{"id": "a/1", "title": "First", "text": "One\ntwo", "headings": ["H"], "metadata": {"tags": ["x", 1]}}]
    )
    client.add_documents([{"id": "../b", "title": "\x1b[2JSecond", "text": "three"}])
    return client


@pytest.mark.usefixtures("filled")
def test_documents_are_listed_with_their_number_on_standard_error(askbox: Askbox) -> None:
    run = askbox("documents", "list")

    assert run.out == "../b  1 passages  \\x1b[2JSecond\na/1   1 passages  First\n"
    assert run.err == "2 of 2 documents\n"


@pytest.mark.usefixtures("filled")
def test_a_page_of_documents_is_listed_as_json(api: StandIn, askbox: Askbox) -> None:
    run = askbox("--json", "documents", "list", "--offset", "1", "--limit", "1", "--filter", "course=a:b")

    assert [each["id"] for each in run.json["documents"]] == ["a/1"]
    assert ("filter", "course:a:b") in api.last().query


@pytest.mark.usefixtures("filled")
def test_a_document_is_shown_with_its_text(askbox: Askbox) -> None:
    run = askbox("documents", "show", "a/1")

    assert "title     First\n" in run.out
    assert "tags      x, 1\n" in run.out
    assert run.out.endswith("\n\nOne\ntwo\n")
    assert askbox("--json", "documents", "show", "a/1").json["text"] == "One\ntwo"


@pytest.mark.usefixtures("filled")
def test_a_document_is_deleted_by_any_id(api: StandIn, askbox: Askbox) -> None:
    run = askbox("documents", "delete", "../b")

    assert (run.code, run.out) == (0, "deleted ../b from default\n")
    assert list(api.documents["default"]) == ["a/1"]
    assert askbox("--json", "documents", "delete", "a/1").json == {"deleted": "a/1", "collection": "default"}


def test_a_document_that_is_not_there_is_an_error_with_remedy_and_request(askbox: Askbox) -> None:
    run = askbox("documents", "show", "absent")

    assert (run.code, run.out) == (1, "")
    assert run.err == "error: there is no such thing\nremedy: list what there is\nrequest: r-404\n"


def test_an_empty_id_is_wrong_usage(askbox: Askbox) -> None:
    assert askbox("documents", "delete", "").code == 2


@pytest.mark.usefixtures("filled")
def test_collections_are_listed(askbox: Askbox) -> None:
    assert askbox("collections", "list").out == "default  2 documents  2 passages\n"
    assert askbox("--json", "collections", "list").json["collections"][0]["name"] == "default"


def test_no_collection_yet_is_said_with_what_to_do(askbox: Askbox) -> None:
    run = askbox("collections", "list")

    assert run.out == ""
    assert "askbox ingest" in run.err


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("reply", [b"n\n", b""])
def test_a_collection_is_not_deleted_without_a_yes(api: StandIn, askbox: Askbox, reply: bytes) -> None:
    run = askbox("collections", "delete", "default", stdin=reply)

    assert (run.code, run.out) == (1, "")
    assert "Delete the collection default" in run.err
    assert "default" in api.documents


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("arguments", "reply"), [([], b"y\n"), (["--yes"], b"")])
def test_a_collection_is_deleted_after_a_yes(api: StandIn, askbox: Askbox, arguments: list[str], reply: bytes) -> None:
    run = askbox("collections", "delete", "default", *arguments, stdin=reply)

    assert (run.code, run.out) == (0, "deleted default\n")
    assert api.documents == {}


@pytest.mark.usefixtures("filled")
def test_a_deletion_as_json_prints_json_only(askbox: Askbox) -> None:
    assert askbox("--json", "collections", "delete", "default", stdin=b"y\n").json == {"deleted": "default"}


def test_health_says_what_works(askbox: Askbox) -> None:
    run = askbox("health")

    assert (run.code, run.out) == (0, "ready\nok  store  embedded\n")


def test_health_is_exit_code_1_with_remedies_when_not_ready(api: StandIn, askbox: Askbox) -> None:
    parts = [
        {"part": "store", "ok": False, "detail": "no answer", "remedy": "start it"},
        {"part": "model", "ok": False, "detail": "pulling 43 %", "required": False},
    ]
    api.answers["GET /health/ready"] = Answer(503, json.dumps({"ready": False, "parts": parts}).encode())

    run = askbox("health")

    assert run.code == 1
    assert run.out == ("not ready\nDOWN      store  no answer — start it\ndegraded  model  pulling 43 %\n")
    assert askbox("--json", "health").json["ready"] is False


def test_version_tells_of_both_sides(api: StandIn, askbox: Askbox) -> None:
    assert askbox("version").out == f"client  0.1.0\napi     0.1.0 (Python 3.11) at {api.url}\n"
    assert askbox("--json", "version").json["api"] == {"version": "0.1.0", "python": "3.11"}


def test_the_version_of_the_client_asks_nobody(api: StandIn, askbox: Askbox) -> None:
    assert askbox("--version").out == "0.1.0\n"
    assert api.requests == []
