"""Language models behind any server that speaks the OpenAI API: Ollama, LocalAI, vLLM, llama.cpp, hosted ones."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.request import getproxies_environment

import aiohttp
import orjson

from askbox_api.domain import Generation, Message, PartHealth, Usage
from askbox_api.errors import GenerationFailed, ModelUnavailable
from askbox_api.servers import ollama
from askbox_api.servers.openai_errors import refused, start, unreachable
from askbox_api.servers.openai_stream import BadStream, StreamReader

if TYPE_CHECKING:
    from askbox_api.servers.openai_models import Listed, ListedModels

T = TypeVar("T")

LIST_FRESH = 30.0
"""Seconds for which the list of models is remembered."""

_CONNECT_ONLY = aiohttp.ClientTimeout(total=None, sock_connect=5.0)  # the use case has deadlines of its own
_LONGEST_REFUSAL = 65_536  # bytes that are read of an answer that is no stream
_READ_BUFFER = 65_536  # bytes; twice as much is held for each reader that does not read


class OpenAICompatible:
    """One server at `base_url` (it mostly ends in /v1). Generations are never repeated by themselves."""

    def __init__(self, *, base_url: str, api_key: str) -> None:
        self._server = base_url.rstrip("/")
        self._api_key = api_key
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {api_key or 'none'}"}
        self._session: aiohttp.ClientSession | None = None
        self._models: ListedModels | None = None
        self._listing = asyncio.Lock()
        self._listed: Listed | None = None
        self._listed_at = float("-inf")

    async def stream(
        self, messages: Sequence[Message], *, model: str, generation: Generation
    ) -> AsyncGenerator[str | Usage, None]:
        """See the port."""
        reader = StreamReader()
        begun = False
        response = await self._begin(_body(messages, model, generation), model)
        try:
            async for data in response.content.iter_any():
                if text := reader.feed(data):
                    begun = True
                    yield text
            if not reader.finished:
                raise BadStream("its stream ended before the answer did")
        except (BadStream, aiohttp.ClientError, OSError) as error:
            raise self._cut(model, error, begun=begun) from error
        finally:
            response.close()
        if reader.usage:
            yield reader.usage

    async def has(self, model: str) -> bool | None:
        """See the port; the server's list is remembered for half a minute."""
        known = await self._list(fresh_for=LIST_FRESH)
        if known is not None and not _named(model, known):
            known = await self._list(fresh_for=1.0)  # it may have been pulled a moment ago
        return None if known is None else bool(_named(model, known))

    async def window(self, model: str) -> int | None:
        """See the port: Ollama tells it of loaded models, vLLM in its list of models."""
        windows = await ollama.loaded_windows(self._open_session(), server=self._server)
        if windows is not None:
            return _named(model, windows)
        listed = _named(model, await self._list(fresh_for=LIST_FRESH) or {}) or {}
        window = listed.get("max_model_len")
        return window if isinstance(window, int) else None

    async def check(self, model: str) -> PartHealth:
        """See the port."""
        known = await self._list(fresh_for=1.0)
        if known is None:
            return _health(False, f"the model's server at {self._server} does not answer", start(self._server))
        if not _named(model, known):
            return _health(False, f"{model!r} is not at {self._server}", f"Get it with `ollama pull {model}`.")
        return _health(True, f"{model!r} at {self._server}", "")

    async def close(self) -> None:
        """See the port."""
        if self._session:
            await self._session.close()
        if self._models:
            await self._models.close()

    async def _begin(self, body: dict[str, Any], model: str) -> aiohttp.ClientResponse:
        # Past the official client: its way to this request takes a quarter of a question's CPU (docs/decisions/0005).
        try:
            response = await self._open_session().post(
                f"{self._server}/chat/completions",
                data=orjson.dumps(body),
                headers=self._headers,
                allow_redirects=False,
                timeout=_CONNECT_ONLY,
            )
            if response.status == 200:
                return response
            said = await response.content.read(_LONGEST_REFUSAL)
        except (aiohttp.ClientError, OSError) as error:
            raise unreachable(error, server=self._server) from error
        response.close()
        raise refused(response.status, said, model=model, server=self._server)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=1_024),
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=_READ_BUFFER,
                # Looking for a proxy in the environment would cost a twentieth of each request.
                trust_env=bool(getproxies_environment()),
            )
        return self._session

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

    async def _list(self, *, fresh_for: float) -> "Listed | None":
        async with self._listing:
            if time.monotonic() - self._listed_at >= fresh_for:
                if self._models is None:
                    self._models = await asyncio.to_thread(_listed_models, self._server, self._api_key)
                self._listed = await self._models.fetch()
                self._listed_at = time.monotonic()
            return self._listed


def _listed_models(server: str, api_key: str) -> "ListedModels":
    from askbox_api.servers.openai_models import ListedModels

    return ListedModels(base_url=server, api_key=api_key)


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


def _named(model: str, known: Mapping[str, T]) -> T | None:
    return known.get(model) or known.get(f"{model}:latest")


def _health(ok: bool, detail: str, remedy: str) -> PartHealth:
    return PartHealth(part="model", ok=ok, detail=detail, remedy=remedy, required=False)
