"""What Ollama's own API says of a loaded model, and what other servers say there."""

import json
from typing import Any

import aiohttp
import pytest
from aiohttp import test_utils, web

from askbox_api.servers.ollama import loaded_window


async def window(answer: bytes, *, model: str = "phi3", status: int = 200) -> int | None:
    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=answer, status=status)

    app = web.Application()
    app.router.add_get("/api/ps", serve)
    async with test_utils.TestServer(app) as server, aiohttp.ClientSession() as session:
        return await loaded_window(session, server=str(server.make_url("/v1")), model=model)


def loaded(*models: Any) -> bytes:
    return json.dumps({"models": models}).encode()


async def test_a_loaded_model_tells_its_window() -> None:
    answer = loaded({"name": "gemma:2b", "context_length": 1}, {"name": "phi3:latest", "context_length": 8_192})

    assert await window(answer) == await window(answer, model="phi3:latest") == 8_192
    assert await window(answer, model="gemma:2b") == 1
    assert await window(answer, model="gemma") is None


@pytest.mark.parametrize(
    "answer",
    [
        loaded(),
        loaded("phi3"),
        loaded(None, {"name": "phi3"}),
        loaded({"name": "phi3", "context_length": 0}),
        loaded({"name": "phi3", "context_length": "8192"}),
        b'{"models": null}',
        b'{"models": {"phi3": 1}}',
        b'{"error": "no"}',
        b"[]",
        b"<html>",
        b"",
        b"\xff",
    ],
)
async def test_what_says_no_window_is_none(answer: bytes) -> None:
    assert await window(answer) is None


async def test_a_server_that_is_away_says_no_window() -> None:
    async with aiohttp.ClientSession() as session:
        assert await loaded_window(session, server="http://127.0.0.1:9/v1", model="phi3") is None
