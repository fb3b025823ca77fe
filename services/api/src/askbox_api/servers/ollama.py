"""What only Ollama's own API tells, next to its OpenAI routes."""

from typing import Any

import httpx2
import orjson

TIMEOUT = 5.0


async def loaded_window(http: httpx2.AsyncClient, *, server: str, model: str) -> int | None:
    """The window in tokens of a model that is loaded now; None where it is not, or the server is no Ollama.

    `server` is the address of the OpenAI routes, which end in /v1.
    """
    try:
        response = await http.get(f"{server.removesuffix('/v1')}/api/ps", timeout=TIMEOUT)
        loaded: Any = orjson.loads(response.content)
    except (httpx2.HTTPError, orjson.JSONDecodeError):
        return None
    for entry in loaded.get("models") or [] if isinstance(loaded, dict) else []:
        window = entry.get("context_length")
        if entry.get("name") in (model, f"{model}:latest") and isinstance(window, int) and window > 0:
            return window
    return None
