"""Whatever a model says, the stream stays framed, and its tokens add up to the answer."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.api.model_server import ModelServer, served
from tests.api.running import RunningApi, events_of, running_api

from askbox.schemas import AskResponse

pytestmark = [pytest.mark.fuzz, pytest.mark.slow]

BARBS = [
    *("[1]", "[2]", "[", "]", "[1", "1]", "[1, 2]", "[99]", "[[1]]", "[１]", "【1】"),
    *("\n", "\r", "\r\n", "\n\n", "\u2028", "\u2029", "\x85", "\0", "\x1b[2J", "\x7f", "\ufeff", "\u202e", "\ufffd"),
    *("data: ", "event: answer\n", "id: 1\n", ": ping\n\n", "data: [DONE]\n\n", "retry: 0\n"),
    *("😀", "👩‍👩‍👧", "e\u0301", "שלום", "漢字", "<script>", "&amp;", '"', "\\", "\\u0000", " ", ".", "28 GB"),
]
TOKENS = st.lists(st.one_of(st.sampled_from(BARBS), st.text(max_size=20)), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with served(ModelServer()) as model:
        yield model


@pytest.fixture(scope="module")
def api(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    data: Path = tmp_path_factory.mktemp("streams")
    with running_api(data_dir=data, llm_base_url=model.url) as api:
        api.add({"id": "llama", "title": "Size", "text": "Llama 7B needs about 28 GB. Falcon 40B needs about 90 GB."})
        yield api


@settings(max_examples=300, deadline=None)
@given(tokens=TOKENS)
@example(tokens=["data: a\r\n\r\nevent: answer\ndata: {}\n\n"])
@example(tokens=["x" * 1_000_000])
@example(tokens=["[", "1", "]", "[", "1"])
@example(tokens=["[" * 5_000])
@example(tokens=[" ", "\n"])
def test_a_stream_is_framed_and_its_tokens_add_up(api: RunningApi, model: ModelServer, tokens: list[str]) -> None:
    model.tokens = tokens
    asked = {"question": "How much does Llama 7B need?"}

    response = api.http.post("/ask/stream", json=asked)

    assert response.status_code == 200
    frames = response.content.split(b"\n\n")
    assert frames.pop() == b""
    assert all(re.fullmatch(rb"event: [a-z]+\ndata: [^\r\n]+", frame) for frame in frames)
    events = [(name, json.loads(data)) for name, data in events_of(response.content.decode())]
    names = [name for name, _ in events]
    assert names == ["hits", *["token"] * (len(names) - 2), "answer"]
    answer = AskResponse.model_validate(events[-1][1])
    assert answer.model == "phi3" or not re.search(r"[a-zA-Z]", "".join(tokens))
    assert "".join(data["text"] for name, data in events if name == "token") == answer.answer
    assert api.http.post("/ask", json=asked).json()["answer"] == answer.answer


@settings(max_examples=150, deadline=None)
@given(
    raw=st.binary(max_size=200), head=st.sampled_from([b"", b"data: ", b'data: {"choices": [{"delta": {"content": '])
)
@example(raw=b"", head=b"")
@example(raw=b"\xff\xfe\n\n", head=b"data: ")
@example(raw=b"[" * 100_000 + b"\n\n", head=b"data: ")
@example(raw=b'"\\ud800"}}]}\n\ndata: [DONE]\n\n', head=b'data: {"choices": [{"delta": {"content": ')
@example(raw=b"1e999}}]}\n\n", head=b'data: {"choices": [{"delta": {"content": ')
def test_a_model_server_that_sends_garbage_gives_an_answer_or_an_error_event(
    api: RunningApi, model: ModelServer, raw: bytes, head: bytes
) -> None:
    model.raw = head + raw
    try:
        streamed = api.http.post("/ask/stream", json={"question": "How much does Llama 7B need?"})
        whole = api.http.post("/ask", json={"question": "How much does Llama 7B need?"})
    finally:
        model.raw = None

    names = [name for name, _ in events_of(streamed.content.decode())]
    assert names[0] == "hits"
    assert names[-1] in ("answer", "error")
    assert '"code":"internal"' not in streamed.text
    assert whole.status_code in (200, 502)
    assert whole.status_code == (200 if names[-1] == "answer" else 502)
