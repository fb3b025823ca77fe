"""The routes of a question, over real HTTP: the contract, and what happens when the model fails."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest
from tests.api.model_server import ModelServer
from tests.api.running import RunningApi

from askbox.schemas import AskResponse, HitsEvent, Problem, SearchResponse

QUESTION = "How much GPU memory does Llama 7B need?"


def test_an_answer_cites_the_sentence_its_mark_points_to(api: RunningApi) -> None:
    answer = AskResponse.model_validate(api.ask(QUESTION).json())
    assert answer.answer == "Llama 7B needs about 28 GB [1]."
    assert answer.model == "phi3"
    assert answer.degraded == []
    (citation,) = answer.citations
    assert citation.quote == "Llama 7B needs about 28 GB of GPU memory."
    assert (citation.n, citation.document_id, citation.location.start, citation.inferred) == (1, "llama", 0, False)
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 400


def test_an_answer_without_marks_is_matched_by_its_words(api: RunningApi, model_server: ModelServer) -> None:
    model_server.tokens = ["Falcon 40B needs", " about 90 GB."]
    answer = AskResponse.model_validate(api.ask("What does Falcon need?").json())
    (citation,) = answer.citations
    assert citation.inferred
    assert citation.quote == "Falcon 40B needs about 90 GB."


def test_the_model_gets_the_passages_and_the_question_last(api: RunningApi, model_server: ModelServer) -> None:
    api.ask(QUESTION, generation={"temperature": 0.7, "max_tokens": 33, "seed": 4, "stop": ["\n\n"]})
    (sent,) = model_server.requests
    system, user = sent["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert "[1] Model size" in user["content"]
    assert user["content"].endswith(f"Question: {QUESTION}")
    assert (sent["temperature"], sent["max_tokens"], sent["seed"], sent["stop"]) == (0.7, 33, 4, ["\n\n"])
    assert "top_p" not in sent


def test_a_stream_is_hits_then_tokens_then_the_same_answer(api: RunningApi) -> None:
    events = api.stream(QUESTION)
    names = [name for name, _ in events]
    assert names[0] == "hits"
    assert names[-1] == "answer"
    assert set(names[1:-1]) == {"token"}
    answer = AskResponse.model_validate_json(events[-1][1])
    assert "".join(json.loads(data)["text"] for name, data in events if name == "token") == answer.answer
    assert HitsEvent.model_validate_json(events[0][1]).hits == answer.hits


def test_without_a_model_the_best_passage_is_quoted_and_the_reason_given(start_api: Callable[..., RunningApi]) -> None:
    api = start_api()
    api.add({"id": "llama", "text": "Llama 7B needs about 28 GB of GPU memory."})
    answer = AskResponse.model_validate(api.ask(QUESTION).json())
    assert answer.answer == "Llama 7B needs about 28 GB of GPU memory. [1]"
    assert answer.model is None
    assert answer.citations[0].quote == "Llama 7B needs about 28 GB of GPU memory."
    (notice,) = answer.degraded
    assert (notice.part, notice.code) == ("model", "model_unavailable")
    assert "http://127.0.0.1:9/v1" in notice.detail
    assert "ollama serve" in notice.remedy


def test_a_default_model_that_is_not_pulled_degrades_with_the_command(
    api: RunningApi, model_server: ModelServer
) -> None:
    model_server.models = []
    answer = AskResponse.model_validate(api.ask(QUESTION).json())
    assert answer.model is None
    assert answer.hits
    assert "ollama pull phi3" in answer.degraded[0].remedy


@pytest.mark.parametrize("route", ["/ask", "/ask/stream"])
def test_a_named_model_that_is_absent_is_404_with_the_command(api: RunningApi, route: str) -> None:
    response = api.http.post(route, json={"question": QUESTION, "model": "nope"})
    problem = Problem.model_validate(response.json())
    assert response.status_code == 404
    assert problem.code == "model_not_found"
    assert "ollama pull nope" in problem.remedy
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("route", ["/ask", "/ask/stream", "/search"])
def test_an_unknown_collection_is_404(api: RunningApi, route: str) -> None:
    words = "query" if route == "/search" else "question"
    response = api.http.post(route, json={words: QUESTION, "collection": "nope"})
    assert (response.status_code, response.json()["code"]) == (404, "collection_not_found")


def test_no_hit_is_abstained_without_asking_the_model(api: RunningApi, model_server: ModelServer) -> None:
    answer = AskResponse.model_validate(api.ask("xylophone quux").json())
    assert answer.abstained
    assert answer.hits == []
    assert answer.model is None
    assert model_server.requests == []


def test_the_sentence_of_the_prompt_file_is_recognised_as_abstained(api: RunningApi, model_server: ModelServer) -> None:
    model_server.tokens = ["The documents do not ", "answer this question."]
    answer = AskResponse.model_validate(api.ask(QUESTION).json())
    assert answer.abstained
    assert answer.citations == []
    assert answer.hits
    assert answer.model == "phi3"


def test_a_cut_answer_is_an_error_event_and_502(api: RunningApi, model_server: ModelServer) -> None:
    model_server.cut_after = 3
    model_server.token_delay = 0.02
    response = api.ask(QUESTION)
    assert (response.status_code, response.json()["code"]) == (502, "generation_failed")
    events = api.stream(QUESTION)
    assert [name for name, _ in events][-1] == "error"
    assert "answer" not in [name for name, _ in events]
    assert Problem.model_validate_json(events[-1][1]).status == 502


def test_a_stream_that_ends_without_its_end_is_cut_too(api: RunningApi, model_server: ModelServer) -> None:
    model_server.raw = b'data: {"choices":[{"index":0,"delta":{"content":"half an"},"finish_reason":null}]}\n\n'
    assert api.ask(QUESTION).status_code == 502


def test_silence_until_the_deadline_degrades_and_gives_the_slot_back(
    start_api: Callable[..., RunningApi], model_server: ModelServer
) -> None:
    model_server.first_token_delay = 600
    api = start_api(llm_base_url=model_server.url, first_token_timeout=0.2, generations=1)
    api.add({"id": "llama", "text": "Llama 7B needs about 28 GB of GPU memory."})
    first = AskResponse.model_validate(api.ask(QUESTION).json())
    assert first.degraded[0].code == "first_token_timed_out"
    assert first.model is None
    model_server.first_token_delay = 0
    assert AskResponse.model_validate(api.ask(QUESTION).json()).model == "phi3"
    assert api.app.state.box.asking.slots.busy == 0


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ((401, {"error": {"message": "bad key"}}), "model_unavailable"),
        ((400, {"error": {"message": '"phi3" does not support chat'}}), "model_unavailable"),
        ((503, {"error": {"message": "server busy, please try again."}}), "model_unavailable"),
        ((500, {"error": {"message": f"secret {QUESTION}"}}), "model_unavailable"),
        ((404, {"detail": "Not Found"}), "model_unavailable"),
    ],
)
def test_a_refusing_server_degrades_and_its_words_are_not_repeated(
    api: RunningApi, model_server: ModelServer, refusal: tuple[int, dict[str, object]], code: str
) -> None:
    model_server.refusal = refusal
    answer = AskResponse.model_validate(api.ask(QUESTION).json())
    assert answer.degraded[0].code == code
    assert answer.degraded[0].remedy
    assert "secret" not in answer.degraded[0].detail


@pytest.mark.parametrize(
    "token",
    ["\n\ndata: x\n\n", "\r\rdata:", "\x1b[31mred", "\u2028\u2029", "event: answer\ndata: {}", "x" * 1_000_000, "�"],
)
def test_any_token_keeps_the_stream_framed(api: RunningApi, model_server: ModelServer, token: str) -> None:
    model_server.tokens = ["a", token, "b"]
    events = api.stream(QUESTION)
    assert [name for name, _ in events][-1] == "answer"
    answer = AskResponse.model_validate_json(events[-1][1])
    assert answer.answer == f"a{token}b"
    assert "".join(json.loads(data)["text"] for name, data in events if name == "token") == answer.answer


def test_broken_utf8_of_the_model_becomes_replacement_characters(api: RunningApi, model_server: ModelServer) -> None:
    model_server.raw = (
        b'data: {"choices":[{"index":0,"delta":{"content":"caf\xc3"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    )
    assert api.ask(QUESTION).json()["answer"] == "caf�"


@pytest.mark.parametrize("route", ["/ask", "/ask/stream"])
def test_a_client_that_leaves_ends_the_generation(api: RunningApi, model_server: ModelServer, route: str) -> None:
    model_server.tokens = ["word "] * 10_000
    model_server.token_delay = 0.01
    with _asked(api, route):
        _wait_until(lambda: model_server.running == 1)
    _wait_until(lambda: model_server.running == 0 and api.app.state.box.asking.slots.busy == 0)


def test_a_full_queue_is_503_with_retry_after(start_api: Callable[..., RunningApi], model_server: ModelServer) -> None:
    model_server.first_token_delay = 600
    api = start_api(llm_base_url=model_server.url, generations=1, queue=0)
    api.add({"id": "llama", "text": "Llama 7B needs about 28 GB of GPU memory."})
    slots = api.app.state.box.asking.slots
    with _asked(api, "/ask"):
        _wait_until(lambda: slots.busy == 1)
        response = api.ask(QUESTION)
        assert (response.status_code, response.json()["code"]) == (503, "overloaded")
        assert int(response.headers["retry-after"]) > 0
    _wait_until(lambda: slots.busy == 0)


def test_history_joins_the_query_and_reaches_the_model(api: RunningApi, model_server: ModelServer) -> None:
    history = [{"role": "user", "content": "Tell me of Llama 7B."}, {"role": "assistant", "content": "It is a model."}]
    answer = api.ask("And its memory?", history=history, trace=True).json()
    assert answer["trace"]["query"] == "Tell me of Llama 7B.\nAnd its memory?"
    assert [message["role"] for message in model_server.requests[0]["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert answer["trace"]["messages"] == model_server.requests[0]["messages"]
    assert answer["trace"]["kept"] == [1]


def test_a_question_too_long_for_the_window_is_422(
    start_api: Callable[..., RunningApi], model_server: ModelServer
) -> None:
    api = start_api(llm_base_url=model_server.url, llm_window=700)
    api.add({"id": "a", "text": "word"})
    response = api.ask("word " * 300)
    assert (response.status_code, response.json()["code"]) == (422, "question_too_long")
    assert "700" in response.json()["detail"]


def test_filters_and_top_k_reach_the_search(api: RunningApi) -> None:
    found = SearchResponse.model_validate(
        api.http.post("/search", json={"query": "Llama zebra", "filters": {"year": [2023, 2024]}, "top_k": 7}).json()
    )
    assert [hit.document_id for hit in found.hits] == ["llama"]
    assert found.hits[0].ranks == {"text": 1}


@pytest.mark.parametrize(
    "question",
    [
        "the of and",
        'AND ( * ~ /.*/ "',
        "{{7*7}} {question.__class__} %s ${x}",
        "\x00 zebra",
        "שלום zebra",
        "😀" * 4_000,
    ],
)
def test_any_question_gets_an_answer(api: RunningApi, question: str) -> None:
    response = api.ask(question, trace=True)
    assert response.status_code == 200
    messages = response.json()["trace"]["messages"]
    assert not messages or question in messages[-1]["content"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"question": ""}',
        b'{"question": " \\n"}',
        b'{"question": "\\ud800"}',
        b'{"question": "a", "generation": {"temperature": NaN}}',
        b'{"question": "a", "top_k": "5"}',
        b'{"question": "a", "nobody": 1}',
        b'{"question": "a", "collection": "../etc"}',
        b'{"question": "a", "collection": "*"}',
        b'{"question": "a", "filters": {"x": {"terms": 1}}}',
        b'{"question": "a", "history": [{"role": "system", "content": "x"}]}',
        b'{"question": "' + b"a" * 1_000_000 + b'"}',
        b'{"question": ' * 2_000,
        b"\xff\xfe",
    ],
)
def test_bad_bodies_are_422_and_never_repeat_what_was_sent(api: RunningApi, body: bytes) -> None:
    response = api.http.post("/ask", content=body, headers={"content-type": "application/json"})
    problem = Problem.model_validate(response.json())
    assert response.status_code == problem.status == 422
    assert len(response.content) < 2_000
    assert problem.request_id == response.headers["x-request-id"]


def test_a_body_over_the_limit_is_413(start_api: Callable[..., RunningApi]) -> None:
    api = start_api(max_body=100_000)
    response = api.http.post("/ask", content=b"x" * 100_001, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["status"]) == (413, 413)
    assert "ASKBOX_MAX_BODY" in response.json()["remedy"]
    chunked = api.http.post("/ask", content=iter([b"x" * 60_000] * 2), headers={"content-type": "application/json"})
    assert chunked.status_code == 413


@contextmanager
def _asked(api: RunningApi, route: str) -> Iterator[None]:
    """A client that asks, reads nothing, and leaves at the end."""
    address = httpx2.URL(api.url)
    body = json.dumps({"question": QUESTION}).encode()
    head = f"POST {route} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((address.host, address.port or 80)) as connection:
        connection.sendall(head.encode() + body)
        yield


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not happen within ten seconds"
        time.sleep(0.01)
