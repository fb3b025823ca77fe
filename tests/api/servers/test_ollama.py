"""What Ollama's own API says of a loaded model, and what other servers say there."""

import json
from typing import Any

import aiohttp
import pytest
from aiohttp import test_utils, web

from askbox_api.servers.ollama import loaded_windows


async def windows(answer: bytes, *, status: int = 200) -> dict[str, int] | None:
    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=answer, status=status)

    app = web.Application()
    app.router.add_get("/api/ps", serve)
    async with test_utils.TestServer(app) as server, aiohttp.ClientSession() as session:
        return await loaded_windows(session, server=str(server.make_url("/v1")))


def loaded(*models: Any) -> bytes:
    return json.dumps({"models": models}).encode()


async def test_a_loaded_model_tells_its_window() -> None:
    answer = loaded({"name": "gemma:2b", "context_length": 1}, {"name": "phi3:latest", "context_length": 8_192})

    assert await windows(answer) == {"gemma:2b": 1, "phi3:latest": 8_192}


@pytest.mark.parametrize(
    "answer",
    [
        loaded(),
        loaded("phi3"),
        loaded(None, {"name": "phi3"}),
        loaded({"name": "phi3", "context_length": 0}),
        loaded({"name": "phi3", "context_length": "8192"}),
    ],
)
async def test_an_ollama_that_says_no_window_has_none(answer: bytes) -> None:
    assert await windows(answer) == {}


@pytest.mark.parametrize(
    "answer",
    [b'{"models": null}', b'{"models": {"phi3": 1}}', b'{"error": "no"}', b"[]", b"<html>", b"", b"\xff"],
)
async def test_what_says_something_else_is_no_ollama(answer: bytes) -> None:
    assert await windows(answer) is None


async def test_a_server_that_is_away_is_no_ollama() -> None:
    async with aiohttp.ClientSession() as session:
        assert await loaded_windows(session, server="http://127.0.0.1:9/v1") is None
