"""Language models behind any server that speaks the OpenAI API: Ollama, LocalAI, vLLM, llama.cpp, hosted ones."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import httpx2
import openai
import orjson

from askbox_api.domain import Generation, Message, PartHealth, Usage
from askbox_api.errors import GenerationFailed, ModelUnavailable
from askbox_api.servers import ollama
from askbox_api.servers.aiohttp_transport import AiohttpTransport
from askbox_api.servers.openai_errors import refused, start, unreachable
from askbox_api.servers.openai_stream import BadStream, StreamReader

CONNECT_TIMEOUT = 5.0
LIST_TIMEOUT = 5.0
LIST_FRESH = 30.0
"""Seconds for which the list of models is remembered."""

_NO_READ_TIMEOUT = {"timeout": {"connect": CONNECT_TIMEOUT}}


class OpenAICompatible:
    """One server at `base_url` (it mostly ends in /v1). Generations are never repeated by themselves."""

    def __init__(self, *, base_url: str, api_key: str) -> None:
        self._server = base_url.rstrip("/")
        self._transport = AiohttpTransport(connections=1_024)
        self._http = httpx2.AsyncClient(transport=self._transport)
        self._client = openai.AsyncOpenAI(
            base_url=self._server, api_key=api_key or "none", max_retries=0, http_client=self._http
        )
        self._chat = httpx2.URL(f"{self._server}/chat/completions")
        self._headers = httpx2.Headers({"Content-Type": "application/json", **self._client.auth_headers})
        self._listing = asyncio.Lock()
        self._listed: dict[str, dict[str, Any]] | None = None
        self._listed_at = float("-inf")

    async def stream(
        self, messages: Sequence[Message], *, model: str, generation: Generation
    ) -> AsyncGenerator[str | Usage, None]:
        """See the port."""
        reader = StreamReader()
        begun = False
        response = await self._begin(_body(messages, model, generation), model)
        try:
            async for data in response.aiter_raw():
                if text := reader.feed(data):
                    begun = True
                    yield text
            if not reader.finished:
                raise BadStream("its stream ended before the answer did")
        except (BadStream, httpx2.HTTPError) as error:
            raise self._cut(model, error, begun=begun) from error
        finally:
            await response.aclose()
        if reader.usage:
            yield reader.usage

    async def has(self, model: str) -> bool | None:
        """See the port; the server's list is remembered for half a minute."""
        known = await self._models(fresh_for=LIST_FRESH)
        if known is not None and not _named(model, known):
            known = await self._models(fresh_for=1.0)  # it may have been pulled a moment ago
        return None if known is None else bool(_named(model, known))

    async def window(self, model: str) -> int | None:
        """See the port: Ollama tells it of loaded models, vLLM in its list of models."""
        window = await ollama.loaded_window(self._http, server=self._server, model=model)
        if window is None and (known := await self._models(fresh_for=LIST_FRESH)):
            listed = (_named(model, known) or {}).get("max_model_len")
            window = listed if isinstance(listed, int) else None
        return window

    async def check(self, model: str) -> PartHealth:
        """See the port."""
        known = await self._models(fresh_for=1.0)
        if known is None:
            return _health(False, f"the model's server at {self._server} does not answer", start(self._server))
        if not _named(model, known):
            return _health(False, f"{model!r} is not at {self._server}", f"Get it with `ollama pull {model}`.")
        return _health(True, f"{model!r} at {self._server}", "")

    async def close(self) -> None:
        """See the port."""
        await self._client.close()

    async def _begin(self, body: dict[str, Any], model: str) -> httpx2.Response:
        # Straight through the transport under the client: the client's own way to this request takes a quarter of a
        # question's CPU (docs/decisions/0005). Address, key and headers are still the client's.
        request = httpx2.Request(
            "POST", self._chat, headers=self._headers, content=orjson.dumps(body), extensions=_NO_READ_TIMEOUT
        )
        try:
            response = await self._transport.handle_async_request(request)
            if response.status_code == 200:
                return response
            await response.aread()
        except httpx2.HTTPError as error:
            raise unreachable(error, server=self._server) from error
        raise refused(response, model=model, server=self._server)

    def _cut(self, model: str, error: Exception, *, begun: bool) -> GenerationFailed | ModelUnavailable:
        why = str(error) if isinstance(error, BadStream) else "the connection broke"
        if begun:
            return GenerationFailed(
                f"The model {model!r} at {self._server} stopped in the middle of its answer: {why}.",
                remedy="Ask again; if it happens often, see the log of that server.",
            )
        return ModelUnavailable(
            f"the model {model!r} at {self._server} gave no answer: {why}", remedy="See the log of that server."
        )

    async def _models(self, *, fresh_for: float) -> dict[str, dict[str, Any]] | None:
        async with self._listing:
            if time.monotonic() - self._listed_at < fresh_for:
                return self._listed
            try:
                response = await self._client.get("/models", cast_to=httpx2.Response, options={"timeout": LIST_TIMEOUT})
                self._listed = _by_name(orjson.loads(response.content))
            except (openai.OpenAIError, httpx2.HTTPError, orjson.JSONDecodeError):
                self._listed = None
            self._listed_at = time.monotonic()
            return self._listed


def _body(messages: Sequence[Message], model: str, generation: Generation) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "temperature": generation.temperature,
        "max_tokens": generation.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    for name in ("top_p", "top_k", "seed"):
        if (value := getattr(generation, name)) is not None:
            body[name] = value
    if generation.stop:
        body["stop"] = generation.stop
    return body


def _by_name(listed: Any) -> dict[str, dict[str, Any]]:
    data = listed.get("data") if isinstance(listed, dict) else None
    return {
        str(entry["id"]): entry
        for entry in (data if isinstance(data, list) else [])
        if isinstance(entry, dict) and "id" in entry
    }


def _named(model: str, known: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    return known.get(model) or known.get(f"{model}:latest")


def _health(ok: bool, detail: str, remedy: str) -> PartHealth:
    return PartHealth(part="model", ok=ok, detail=detail, remedy=remedy, required=False)
