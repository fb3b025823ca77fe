"""What the adapter makes of servers that refuse, break or speak something else; see tests/contracts for the rest."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from tests.api.model_server import ModelServer

from askbox_api.domain import Generation, Message
from askbox_api.errors import AskboxError, GenerationFailed, ModelNotFound, ModelUnavailable
from askbox_api.servers.openai_compatible import OpenAICompatible

CANARY = "canary-4711"


@pytest.fixture
async def model(model_server: ModelServer) -> AsyncIterator[OpenAICompatible]:
    model = OpenAICompatible(base_url=f"{model_server.url}/", api_key=CANARY)
    yield model
    await model.close()


@pytest.fixture
async def nowhere() -> AsyncIterator[OpenAICompatible]:
    model = OpenAICompatible(base_url="http://127.0.0.1:9/v1", api_key="")
    yield model
    await model.close()


async def said(model: OpenAICompatible, **generation: Any) -> list[object]:
    """All that the model says to one message."""
    stream = model.stream([Message("user", CANARY)], model="phi3", generation=Generation(**generation))
    async with aclosing(stream) as pieces:
        return [piece async for piece in pieces]


async def test_only_what_was_chosen_is_sent(model: OpenAICompatible, model_server: ModelServer) -> None:
    await said(model)
    await said(model, top_p=0.5, top_k=7, seed=0, stop=("a", "b"), temperature=0.0, max_tokens=3)

    fixed = {"model": "phi3", "messages": [{"role": "user", "content": CANARY}], "stream": True}
    fixed["stream_options"] = {"include_usage": True}
    assert model_server.requests == [
        fixed | {"temperature": 0.1, "max_tokens": 512},
        fixed | {"temperature": 0.0, "max_tokens": 3, "top_p": 0.5, "top_k": 7, "seed": 0, "stop": ["a", "b"]},
    ]


@pytest.mark.parametrize(
    ("status", "message", "error", "words"),
    [
        (404, "model 'phi3' not found", ModelNotFound, "'phi3' is not at"),
        (404, "", ModelUnavailable, "has no /chat/completions"),
        (401, "", ModelUnavailable, r"refuses the API key \(401\)"),
        (403, "", ModelUnavailable, r"refuses the API key \(403\)"),
        (400, '"phi3" does not support chat', ModelUnavailable, "is not a chat model"),
        (400, "", ModelUnavailable, "answered 400"),
        (429, "", ModelUnavailable, "is busy"),
        (503, "", ModelUnavailable, "is busy"),
        (500, "", ModelUnavailable, "answered 500"),
        (302, "", ModelUnavailable, "answered 302"),
    ],
)
async def test_a_refusal_names_server_and_remedy_and_repeats_nothing(
    model: OpenAICompatible,
    model_server: ModelServer,
    status: int,
    message: str,
    error: type[AskboxError],
    words: str,
) -> None:
    model_server.refusal = (status, {"error": {"message": f"{message} {CANARY}"}})

    with pytest.raises(error, match=words) as raised:
        await said(model)

    assert raised.value.remedy
    assert CANARY not in raised.value.detail + raised.value.remedy
    assert len(model_server.requests) == 1, "a generation is never repeated"


async def test_a_server_that_is_not_there_is_unavailable_and_says_how_to_start_it(nowhere: OpenAICompatible) -> None:
    with pytest.raises(ModelUnavailable, match=r"http://127\.0\.0\.1:9/v1 does not answer") as raised:
        await said(nowhere)

    assert "ollama serve" in raised.value.remedy
    assert "ASKBOX_LLM_BASE_URL" in raised.value.remedy
    assert await nowhere.has("phi3") is None
    assert await nowhere.window("phi3") is None
    health = await nowhere.check("phi3")
    assert (health.part, health.ok, health.required) == ("model", False, False)
    assert "http://127.0.0.1:9/v1" in health.detail


@pytest.mark.parametrize(
    "raw", [b"", b"<html>", b"data: nonsense\n\n", b'data: {"error": {"message": "canary-4711"}}\n\n']
)
async def test_a_stream_without_a_token_is_unavailable(
    model: OpenAICompatible, model_server: ModelServer, raw: bytes
) -> None:
    model_server.raw = raw

    with pytest.raises(ModelUnavailable, match="gave no answer") as raised:
        await said(model)

    assert CANARY not in raised.value.detail


async def test_a_stream_cut_after_a_token_failed(model: OpenAICompatible, model_server: ModelServer) -> None:
    model_server.cut_after = 2
    model_server.token_delay = 0.02

    with pytest.raises(GenerationFailed, match="in the middle of its answer"):
        await said(model)


async def test_a_model_pulled_a_moment_ago_is_known_after_a_second(
    model: OpenAICompatible, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await model.has("gemma:2b") is False
    model_server.models.append("gemma:2b")

    monkeypatch.setattr("time.monotonic", lambda: 10.0**9)

    assert await model.has("gemma:2b") is True
    assert await model.has("phi3:latest") is True


async def test_the_window_is_read_from_ollama_else_from_the_list(
    model: OpenAICompatible, model_server: ModelServer
) -> None:
    assert await model.window("phi3") is None
    model_server.window = 2_048
    assert await model.window("phi3") == 2_048
    assert await model.window("nope") is None
