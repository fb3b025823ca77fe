"""What users send and what must stay secret is in no log, no metric and no problem, whatever goes wrong."""

import logging
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from tests.api.model_server import ModelServer
from tests.api.running import RunningApi

from askbox_api.http.logs import JsonLines, TextLines

CANARY = "canary4711"
KEY = "sesame4711"
DOCUMENT = {
    "id": "a",
    "title": f"Title {CANARY}",
    "text": f"The zebra says {CANARY}.",
    "headings": [f"Heading {CANARY}"],
    "metadata": {"owner": CANARY, "tags": [CANARY]},
}
ASK: dict[str, Any] = {
    "question": f"What does the zebra say, {CANARY}?",
    "history": [{"role": "user", "content": f"Zebra {CANARY}?"}, {"role": "assistant", "content": CANARY}],
    "generation": {"system_prompt": f"You are {CANARY}.", "stop": [f"stop {CANARY}"]},
    "filters": {"owner": CANARY},
    "trace": True,
}


class Lines(logging.Handler):
    """Keeps each record as both kinds of line."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "httpx2":  # the test's own client; `configure` keeps it silent in the product
            self.lines += [JsonLines().format(record), TextLines().format(record)]


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """All that is logged at INFO and above, by anyone."""
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def zoo(start_api: Callable[..., RunningApi], model_server: ModelServer, logged: list[str]) -> RunningApi:
    """An API that logs every question as slow, with a secret key and a document full of the canary."""
    api = start_api(llm_base_url=model_server.url, llm_api_key=KEY, slow_seconds=1e-9, llm_window=2_000)
    api.add(DOCUMENT)
    return api


def secret(text: str) -> bool:
    return CANARY not in text and KEY not in text


def assert_nothing_is_told(api: RunningApi, logged: list[str], *, requests: int) -> None:
    end = time.monotonic() + 10  # the line of a request follows its last byte
    while sum('"message":"request"' in line for line in logged) < requests:
        assert time.monotonic() < end, "the requests must have been logged"
        time.sleep(0.01)
    assert all(secret(line) for line in logged)
    assert secret(api.http.get("/metrics").text)
    assert secret(api.http.get("/health/ready").text)


def test_answers_are_logged_without_their_words(zoo: RunningApi, logged: list[str]) -> None:
    assert zoo.http.post("/ask", json=ASK).status_code == 200
    assert zoo.http.post("/ask/stream", json=ASK).status_code == 200
    assert zoo.http.post("/search", json={"query": CANARY}).json()["hits"]
    assert zoo.http.get("/documents", params={"filter": f"owner:{CANARY}"}).status_code == 200
    assert zoo.http.get("/documents/a").status_code == 200

    assert_nothing_is_told(zoo, logged, requests=6)
    assert any("slow question" in line for line in logged)


@pytest.mark.parametrize(
    "refusal",
    [
        (401, {"error": {"message": f"wrong key {KEY}"}}),
        (400, {"error": {"message": f"bad prompt {CANARY}"}}),
        (500, {"error": {"message": f"cannot answer {CANARY}"}}),
        (404, {"error": {"message": f"model not found, asked {CANARY}"}}),
    ],
)
def test_what_the_model_server_says_is_not_passed_on(
    zoo: RunningApi, logged: list[str], model_server: ModelServer, refusal: tuple[int, dict[str, Any]]
) -> None:
    model_server.refusal = refusal

    answer = zoo.http.post("/ask", json=ASK)
    zoo.http.post("/ask/stream", json=ASK)

    assert all(secret(str(notice)) for notice in answer.json()["degraded"])
    assert_nothing_is_told(zoo, logged, requests=3)


def test_an_answer_cut_in_the_middle_is_a_problem_without_its_words(
    zoo: RunningApi, logged: list[str], model_server: ModelServer
) -> None:
    model_server.raw = b'data: {"choices":[{"delta":{"content":"I say canary4711"}}]}\n\ndata: canary4711'

    cut = zoo.http.post("/ask", json=ASK)
    zoo.http.post("/ask/stream", json=ASK)

    assert (cut.status_code, secret(cut.text)) == (502, True)
    assert_nothing_is_told(zoo, logged, requests=3)


@pytest.mark.parametrize(
    ("route", "body", "status"),
    [
        ("/ask", ASK | {"question": f"{CANARY} " * 700}, 422),
        ("/ask", ASK | {"question": f"{CANARY} " * 2_000}, 422),
        ("/ask", ASK | {"top_k": CANARY}, 422),
        ("/ask", ASK | {"model": [CANARY]}, 422),
        ("/ask", ASK | {"history": [{"role": CANARY, "content": CANARY}]}, 422),
        ("/ask", ASK | {"history": [CANARY]}, 422),
        ("/ask", ASK | {"generation": CANARY}, 422),
        ("/ask", ASK | {"generation": {"stop": [CANARY * 20]}}, 422),
        ("/ask", ASK | {"filters": {"owner": {"not": CANARY}}}, 422),
        ("/ask", ASK | {"collection": f"Not {CANARY}"}, 422),
        ("/ask", ASK | {"collection": "nope"}, 404),
        ("/ask", f'{{"question": "{CANARY}', 422),
        ("/ask", f"{CANARY}", 422),
        ("/ask", CANARY.encode() + b"\xff", 422),
        ("/search", {"query": CANARY * 2_000}, 422),
        ("/search", {"query": [CANARY]}, 422),
        ("/documents", {"documents": CANARY}, 422),
        ("/documents", {"documents": [DOCUMENT | {"metadata": CANARY}]}, 201),
        ("/documents", {"documents": [DOCUMENT | {"metadata": {"a": {"b": CANARY}}, "format": CANARY}]}, 201),
        ("/documents", {"documents": [CANARY, {"text": CANARY * 600_000}, {"title": CANARY}]}, 201),
    ],
)
def test_a_refusal_does_not_repeat_what_was_sent(
    zoo: RunningApi, logged: list[str], route: str, body: Any, status: int
) -> None:
    sent = {"json": body} if isinstance(body, dict) else {"content": body}

    response = zoo.http.post(route, headers={"content-type": "application/json"}, **sent)

    assert response.status_code == status
    assert secret(response.text)
    assert_nothing_is_told(zoo, logged, requests=2)


def test_an_unforeseen_error_tells_the_client_nothing(
    zoo: RunningApi, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **named: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(zoo.app.state.box.store, "search", broken)

    response = zoo.http.post("/ask", json=ASK)

    assert (response.status_code, secret(response.text)) == (500, True)
    assert "unforeseen" not in response.text
    assert_nothing_is_told(zoo, logged, requests=2)


@pytest.mark.parametrize(
    "given_id",
    [f"{CANARY}\r\nX-Evil: 1", f"{CANARY} [31m", f"{CANARY}/../", CANARY * 9, f"{CANARY}é"],
)
def test_a_request_id_that_is_not_sane_is_replaced(zoo: RunningApi, logged: list[str], given_id: str) -> None:
    address = httpx2.URL(zoo.url)
    with socket.create_connection((address.host, address.port or 80)) as connection:
        head = f"GET /collections/nope HTTP/1.1\r\nHost: x\r\nX-Request-Id: {given_id}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()

    if "\r\n" not in given_id:
        assert CANARY not in answer
    assert "x-evil" not in answer.lower()
    assert len(answer.lower().split("x-request-id: ")) == 2
    shown = CANARY in answer  # up to the line break the id is sane, and the client's own
    assert shown == any(CANARY in line for line in logged)
