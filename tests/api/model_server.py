"""A stand-in for a server of language models, on loopback, with the bodies of Ollama's OpenAI routes.

It obeys: what it says, when it stalls, where it is cut and what it refuses is set by a test.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class ModelServer:
    """What the stand-in does, and what it saw."""

    tokens: list[str] = field(default_factory=lambda: ["Llama 7B", " needs", " about", " 28 GB", " [1]", "."])
    models: list[str] = field(default_factory=lambda: ["phi3:latest"])
    first_token_delay: float = 0.0
    token_delay: float = 0.0
    cut_after: int | None = None
    raw: bytes | None = None
    refusal: tuple[int, dict[str, Any]] | None = None
    usage: dict[str, int] = field(
        default_factory=lambda: {"prompt_tokens": 400, "completion_tokens": 6, "total_tokens": 406}
    )
    window: int | None = None
    url: str = ""
    running: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.requests.append(asked)
        if self.refusal:
            return web.json_response(self.refusal[1], status=self.refusal[0])
        if asked["model"] not in self.models and f"{asked['model']}:latest" not in self.models:
            message = f"model '{asked['model']}' not found"
            error = {"message": message, "type": "not_found_error", "param": None, "code": None}
            return web.json_response({"error": error}, status=404)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self.running += 1
        try:
            await self._write(request, response)
        finally:
            self.running -= 1
        return response

    async def _write(self, request: web.Request, response: web.StreamResponse) -> None:
        await asyncio.sleep(self.first_token_delay)
        if self.raw is not None:
            await response.write(self.raw)
            return
        for index, token in enumerate(self.tokens):
            if index == self.cut_after:
                assert request.transport is not None
                request.transport.abort()
                return
            await response.write(_event(choices=[_choice(token, None)]))
            await asyncio.sleep(self.token_delay)
        await response.write(_event(choices=[_choice("", "stop")]))
        await response.write(_event(choices=[], usage=self.usage))
        await response.write(b"data: [DONE]\n\n")

    async def list_models(self, request: web.Request) -> web.Response:
        data = [{"id": name, "object": "model", "created": 1795201561, "owned_by": "library"} for name in self.models]
        return web.json_response({"object": "list", "data": data})

    async def loaded(self, request: web.Request) -> web.Response:
        models = [{"name": name, "context_length": self.window} for name in self.models if self.window]
        return web.json_response({"models": models})

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_get("/v1/models", self.list_models)
        app.router.add_get("/api/ps", self.loaded)
        return app


def _choice(text: str, finish: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}


def _event(**members: Any) -> bytes:
    body = {"id": "chatcmpl-603", "object": "chat.completion.chunk", "created": 1795201562, "model": "phi3", **members}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


@contextmanager
def served(server: ModelServer) -> Iterator[ModelServer]:
    """The stand-in on a free port, in a thread of its own."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(server.app(), handler_cancellation=True, shutdown_timeout=0.1)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    port = loop.run_until_complete(start())
    server.url = f"http://127.0.0.1:{port}/v1"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
