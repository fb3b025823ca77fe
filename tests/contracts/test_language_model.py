"""What every language model promises, sentence by sentence of the port; runs on the stand-in and on a real Ollama."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing

import pytest
from tests.api.model_server import ModelServer, served

from askbox_api.domain import Generation, Message, Usage
from askbox_api.errors import ModelNotFound, ModelUnavailable
from askbox_api.ports import LanguageModel
from askbox_api.servers.openai_compatible import OpenAICompatible

ASKED = (Message("system", "Answer at length."), Message("user", "How much memory does Llama 7B need?"))


class WordByWord(ModelServer):
    """The stand-in, heeding `max_tokens` as real servers do."""

    async def chat(self, request):  # type: ignore[no-untyped-def]  # the types of aiohttp's handlers add nothing here
        asked = await request.json()
        self.tokens = [" word"] * asked["max_tokens"]
        self.usage = {"prompt_tokens": 20, "completion_tokens": asked["max_tokens"]}
        if asked["model"] == "tinyembed":
            self.refusal = (400, {"error": {"message": '"tinyembed" does not support chat'}})
        return await super().chat(request)


@pytest.fixture
def standin_url() -> Iterator[str]:
    with served(WordByWord(models=["phi3:latest", "tinyembed:latest"], window=4_096, token_delay=0.001)) as server:
        yield server.url


@pytest.fixture(params=["standin", "ollama"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "standin":
        return str(request.getfixturevalue("standin_url"))
    return f"{request.getfixturevalue('ollama_url')}/v1"


@pytest.fixture
async def model(url: str) -> AsyncIterator[LanguageModel]:
    model = OpenAICompatible(base_url=url, api_key="any")
    yield model
    await model.close()


async def answer(model: LanguageModel, *, name: str = "phi3", max_tokens: int = 12) -> list[str | Usage]:
    generation = Generation(max_tokens=max_tokens, temperature=0.0, seed=1)
    return [piece async for piece in model.stream(ASKED, model=name, generation=generation)]


async def test_text_comes_in_pieces_and_the_usage_last(model: LanguageModel) -> None:
    *pieces, usage = await answer(model)

    assert pieces
    assert all(isinstance(piece, str) and piece for piece in pieces)
    assert isinstance(usage, Usage)
    assert usage.prompt_tokens > 0
    assert 0 < usage.completion_tokens <= 12


async def test_an_answer_ends_at_max_tokens(model: LanguageModel) -> None:
    *_, usage = await answer(model, max_tokens=2)

    assert isinstance(usage, Usage)
    assert usage.completion_tokens <= 2


async def test_an_unknown_model_is_not_found_and_says_how_to_get_it(model: LanguageModel) -> None:
    with pytest.raises(ModelNotFound, match="'nope'") as raised:
        await answer(model, name="nope")

    assert "ollama pull nope" in raised.value.remedy


async def test_a_model_for_embeddings_is_said_to_be_no_chat_model(model: LanguageModel) -> None:
    with pytest.raises(ModelUnavailable, match="'tinyembed' is not a chat model") as raised:
        await answer(model, name="tinyembed")

    assert "ASKBOX_LLM_MODEL" in raised.value.remedy


async def test_models_are_known_with_and_without_their_tag(model: LanguageModel) -> None:
    assert await model.has("phi3") is True
    assert await model.has("phi3:latest") is True
    assert await model.has("nope") is False


async def test_a_loaded_model_tells_its_window(model: LanguageModel) -> None:
    await answer(model)

    window = await model.window("phi3")

    assert isinstance(window, int)
    assert window >= 1_024
    assert await model.window("nope") is None


async def test_health_names_the_model_the_server_and_the_remedy(model: LanguageModel, url: str) -> None:
    good, bad = await model.check("phi3"), await model.check("nope")

    assert (good.ok, bad.ok) == (True, False)
    assert (good.required, bad.required) == (False, False)
    assert url in good.detail
    assert url in bad.detail
    assert "ollama pull nope" in bad.remedy


async def test_after_closing_in_the_middle_the_next_answer_comes(model: LanguageModel) -> None:
    stream = model.stream(ASKED, model="phi3", generation=Generation(max_tokens=2_000))
    async with aclosing(stream) as pieces:
        assert isinstance(await anext(pieces), str)

    assert await answer(model)


async def test_answers_at_once_do_not_mix(model: LanguageModel) -> None:
    async def text() -> str:
        return "".join(str(piece) for piece in await answer(model))

    alone = await text()

    assert await asyncio.gather(*(text() for _ in range(4))) == [alone] * 4


async def test_closing_ends_the_generation_at_the_server(model_server_slow: ModelServer) -> None:
    model = OpenAICompatible(base_url=model_server_slow.url, api_key="")
    async with aclosing(model.stream(ASKED, model="phi3", generation=Generation())) as pieces:
        await anext(pieces)
        assert model_server_slow.running == 1

    await asyncio.to_thread(_wait_until, lambda: not model_server_slow.running)
    await model.close()


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen within twenty seconds"
        time.sleep(0.01)


@pytest.fixture
def model_server_slow() -> Iterator[ModelServer]:
    with served(ModelServer(tokens=[" word"] * 100_000, token_delay=0.01)) as server:
        yield server
