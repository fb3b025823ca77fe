"""The client over real HTTP: what it sends, what it understands, and how it fails."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from tests.client.standin import ANSWER, GOOD_STREAM, Answer, StandIn, problem, sse

from askbox import (
    AnswerEvent,
    ApiProblem,
    ApiTimedOut,
    ApiUnreachable,
    AskboxError,
    Client,
    DocumentIn,
    ErrorEvent,
    Generation,
    HitsEvent,
    InvalidRequest,
    StreamBroken,
    TokenEvent,
    Turn,
    UnexpectedAnswer,
)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_ask_sends_everything_and_understands_the_answer(api: StandIn, client: Client) -> None:
    answer = client.ask(
        "May I join?",
        collection="faq",
        model="phi3",
        history=[Turn(role="user", content="Hello")],
        filters={"course": ["llm", "mlops"]},
        top_k=7,
        generation=Generation(temperature=0.5, seed=1),
        trace=True,
    )

    assert answer.answer == ANSWER["answer"]
    assert api.last().body == {
        "question": "May I join?",
        "collection": "faq",
        "model": "phi3",
        "history": [{"role": "user", "content": "Hello"}],
        "filters": {"course": ["llm", "mlops"]},
        "top_k": 7,
        "generation": {"temperature": 0.5, "seed": 1},
        "trace": True,
    }


def test_a_stream_gives_its_events_in_order_and_ends_with_the_answer(client: Client) -> None:
    kinds = [type(event) for event in client.ask_stream("May I join?")]

    assert kinds == [HitsEvent, TokenEvent, TokenEvent, AnswerEvent]


def test_nothing_is_sent_before_the_first_event_is_asked_for(api: StandIn, client: Client) -> None:
    stream = client.ask_stream("May I join?")

    assert api.requests == []
    stream.close()


def test_unknown_events_and_comments_of_a_stream_are_passed_over(api: StandIn, client: Client) -> None:
    api.stream = [b": hello\r\n\r\n", sse("thinking", {"a": 1}), *GOOD_STREAM]

    assert len(list(client.ask_stream("May I join?"))) == len(GOOD_STREAM)


def test_an_error_event_is_the_last_one(api: StandIn, client: Client) -> None:
    fault = json.loads(problem(502, "generation_failed", "the model stopped", remedy="ask again"))
    api.stream = [GOOD_STREAM[0], sse("error", fault), sse("token", {"text": "too late"})]

    *_, last = client.ask_stream("May I join?")

    assert isinstance(last, ErrorEvent)
    assert last.problem.code == "generation_failed"


@pytest.mark.parametrize("ends_well", [True, False], ids=["closed in order", "connection lost"])
def test_a_stream_without_an_end_raises_after_its_last_event(api: StandIn, client: Client, ends_well: bool) -> None:
    api.stream = GOOD_STREAM[:2]
    api.stream_ends_well = ends_well
    stream = client.ask_stream("May I join?")

    seen = [next(stream), next(stream)]

    assert [type(event) for event in seen] == [HitsEvent, TokenEvent]
    with pytest.raises(StreamBroken, match="broke off"):
        next(stream)


def test_closing_a_stream_in_the_middle_closes_its_connection(api: StandIn, client: Client) -> None:
    api.stream = GOOD_STREAM[:2]
    api.stream_goes_on = True
    stream = client.ask_stream("May I join?")
    next(stream)

    stream.close()

    assert api.reader_left.wait(timeout=30)


def test_a_stream_that_is_refused_raises_the_problem(api: StandIn, client: Client) -> None:
    api.answers["POST /ask/stream"] = Answer(503, problem(503, "overloaded", "too many questions"))

    with pytest.raises(ApiProblem, match="too many questions") as caught:
        next(client.ask_stream("May I join?"))

    assert (caught.value.status, caught.value.code) == (503, "overloaded")


@pytest.mark.parametrize(
    "answer",
    [Answer(200, b"<html>", "text/html"), Answer(200, b"event: token\ndata: {}\n\n", "text/event-stream")],
    ids=["no stream", "an event that does not fit"],
)
def test_a_stream_that_is_none_is_an_unexpected_answer(api: StandIn, client: Client, answer: Answer) -> None:
    api.answers["POST /ask/stream"] = answer

    with pytest.raises(UnexpectedAnswer, match="not answer as askbox does"):
        list(client.ask_stream("May I join?"))


def test_search_gives_hits(api: StandIn, client: Client) -> None:
    found = client.search("join", collection="faq", top_k=3, filters={"year": 2026})

    assert [hit.document_id for hit in found.hits] == ["faq/1"]
    assert api.last().body == {"query": "join", "collection": "faq", "top_k": 3, "filters": {"year": 2026}}


def test_documents_of_both_shapes_are_added_and_each_has_its_outcome(client: Client) -> None:
    outcome = client.add_documents([DocumentIn(id="a", text="one"), {"id": "b", "text": ""}], collection="faq")

    assert [(each.id, each.status) for each in outcome.documents] == [("a", "created"), ("b", "failed")]


def test_documents_are_listed_in_pages_with_filters(api: StandIn, client: Client) -> None:
    client.add_documents([DocumentIn(id=f"d{n}", text="x") for n in range(5)])

    page = client.documents(
        filters={"course": ["llm", "ml"], "done": True, "year": 2026.0, "share": 0.5}, offset=1, limit=2
    )

    assert ([each.id for each in page.documents], page.total) == (["d1", "d2"], 5)
    assert api.last().query == [
        ("collection", "default"), ("offset", "1"), ("limit", "2"), ("filter", "course:llm"), ("filter", "course:ml"),
        ("filter", "done:true"), ("filter", "year:2026"), ("filter", "share:0.5"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "id",
    ["a/b", ".", "..", "../../x", "a/./b", "a b?c#d%2F&=+;", "%2e%2e", "ü/日本", "a\\..\\b", "//", "x" * 512],
)
def test_an_id_of_any_characters_reaches_its_document(api: StandIn, client: Client, id: str) -> None:
    client.add_documents([DocumentIn(id=id, text="found")])

    assert client.document(id).text == "found"
    client.delete_document(id)

    assert api.last().path.count("/") == 2
    assert api.documents["default"] == {}


def test_collections_are_listed_and_deleted(client: Client) -> None:
    client.add_documents([DocumentIn(text="x")], collection="faq")

    assert [each.name for each in client.collections().collections] == ["faq"]
    client.delete_collection("faq")

    assert client.collections().collections == []


def test_not_ready_is_an_answer_too(api: StandIn, client: Client) -> None:
    part = {"part": "model", "ok": False, "detail": "pulling 43 %", "remedy": "wait", "required": False}
    api.answers["GET /health/ready"] = Answer(503, json.dumps({"ready": False, "parts": [part]}).encode())

    ready = client.ready()

    assert not ready.ready
    assert ready.parts[0].detail == "pulling 43 %"


def test_a_503_that_tells_nothing_of_parts_is_a_problem(api: StandIn, client: Client) -> None:
    api.answers["GET /health/ready"] = Answer(503, b"<html>no upstream</html>", "text/html")

    with pytest.raises(ApiProblem, match="answered 503"):
        client.ready()


def test_the_version_is_told(client: Client) -> None:
    assert client.version().version == "0.1.0"


def test_a_problem_carries_all_that_the_api_said(api: StandIn, client: Client) -> None:
    errors = [{"field": "top_k", "message": "too large"}]
    body = problem(422, "invalid_input", "top_k is too large", remedy="at most 50", request_id="r1", errors=errors)
    api.answers["POST /search"] = Answer(422, body, "application/problem+json")

    with pytest.raises(ApiProblem) as caught:
        client.search("x")

    fault = caught.value
    assert (fault.status, fault.code, fault.remedy, fault.request_id) == (422, "invalid_input", "at most 50", "r1")
    assert fault.errors == ({"field": "top_k", "message": "too large"},)
    assert str(fault) == "top_k is too large (at most 50)"


def test_the_header_gives_the_request_id_that_a_body_lacks(client: Client) -> None:
    with pytest.raises(ApiProblem) as caught:
        client.document("absent")

    assert caught.value.request_id == "r-404"


@pytest.mark.parametrize(
    ("status", "body"),
    [(502, b"<html><script>alert(1)</script></html>"), (404, b'{"detail":"Not Found"}'), (500, b""), (307, b"\xff")],
)
def test_an_error_of_something_else_names_the_status_and_not_its_body(
    api: StandIn, client: Client, status: int, body: bytes
) -> None:
    api.answers["GET /collections"] = Answer(status, body, "text/html", {"Location": "http://127.0.0.1:1/"})

    with pytest.raises(ApiProblem, match=f"answered {status}") as caught:
        client.collections()

    assert caught.value.status == status
    assert "html" not in str(caught.value)
    assert "ASKBOX_URL" in caught.value.remedy


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b"\xff"])
def test_a_good_status_with_another_body_is_an_unexpected_answer(api: StandIn, client: Client, body: bytes) -> None:
    api.answers["GET /version"] = Answer(200, body)

    with pytest.raises(UnexpectedAnswer, match="no Version"):
        client.version()


def test_a_connection_that_breaks_in_the_body_is_said_so(api: StandIn, client: Client) -> None:
    api.answers["GET /version"] = Answer(200, b'{"version": "0.1.0"}', whole=False)

    with pytest.raises(ApiUnreachable, match="does not answer"):
        client.version()


def test_no_server_is_said_with_its_address_and_what_to_do(closed_port: int) -> None:
    with Client(f"http://127.0.0.1:{closed_port}/") as client, pytest.raises(ApiUnreachable) as caught:
        client.version()

    assert f"http://127.0.0.1:{closed_port} does not answer" in caught.value.detail
    assert "make demo" in caught.value.remedy
    assert "ASKBOX_URL" in caught.value.remedy


def test_a_server_that_says_nothing_is_given_up(silent_url: str) -> None:
    with Client(silent_url, timeout=0.05) as client, pytest.raises(ApiTimedOut, match=r"said nothing for 0\.05 s"):
        client.version()


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8000", "ftp://x", "http://", "http://[::1", "//x", "http://x:99999", "x\udcff"],
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidRequest, match="address"):
        Client(url)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e9])
def test_a_timeout_that_cannot_be_is_refused_at_once(timeout: float) -> None:
    with pytest.raises(InvalidRequest, match="timeout"):
        Client(timeout=timeout)


def test_a_password_in_the_address_is_never_shown(closed_port: int) -> None:
    with Client(f"http://ann:secret@127.0.0.1:{closed_port}") as client, pytest.raises(ApiUnreachable) as caught:
        client.version()

    assert "secret" not in f"{caught.value} {client.url}"


def test_an_address_may_have_a_path_before_the_routes(api: StandIn) -> None:
    with Client(f"{api.url}/askbox/") as client, pytest.raises(ApiProblem):
        client.document("a/b")

    assert api.last().path == "/askbox/documents/a%2Fb"


@pytest.mark.parametrize("proxy", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_of_the_environment_never_stands_before_this_machine(
    api: StandIn, monkeypatch: pytest.MonkeyPatch, closed_port: int, proxy: str
) -> None:
    monkeypatch.setenv(proxy, f"http://127.0.0.1:{closed_port}")

    with Client(api.url) as client:
        assert client.version().version == "0.1.0"


def test_what_breaks_the_contract_is_named_and_not_sent(api: StandIn, client: Client) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.ask("  ", top_k=0, collection="Not A Name")

    assert all(name in caught.value.detail for name in ("question", "top_k", "collection"))
    assert "Not A Name" not in caught.value.detail
    assert api.requests == []


def test_half_characters_are_refused_and_not_sent(api: StandIn, client: Client) -> None:
    calls = [
        lambda: client.ask("a\ud800"),
        lambda: client.add_documents([{"text": "\ud800"}]),
        lambda: client.document("\ud800"),
        lambda: client.documents(collection="\ud800"),
        lambda: client.documents(filters={"\ud800": "x"}),
        lambda: client.document(""),
        lambda: client.document("x" * 100_000),
    ]

    for call in calls:
        with pytest.raises(InvalidRequest):
            call()

    assert api.requests == []


def test_the_errors_are_one_tree() -> None:
    kinds = [ApiProblem, ApiTimedOut, ApiUnreachable, InvalidRequest, StreamBroken, UnexpectedAnswer]

    assert all(issubclass(kind, AskboxError) for kind in kinds)


def test_threads_may_share_a_client(client: Client) -> None:
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(client.version().version)) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == ["0.1.0"] * 8
