"""What Ollama's own API says of a loaded model, and what other servers say there."""

import json
from typing import Any

import httpx2
import pytest

from askbox_api.servers.ollama import loaded_window


async def window(answer: bytes | Exception, *, model: str = "phi3", status: int = 200) -> int | None:
    def serve(request: httpx2.Request) -> httpx2.Response:
        assert str(request.url) == "http://box/api/ps"
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(status, content=answer)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(serve)) as http:
        return await loaded_window(http, server="http://box/v1", model=model)


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
        httpx2.ConnectError("away"),
        httpx2.ReadTimeout("slow"),
    ],
)
async def test_what_says_no_window_is_none(answer: bytes | Exception) -> None:
    assert await window(answer) is None
