"""What only Ollama's own API tells, next to its OpenAI routes."""

from typing import Any

import aiohttp
import orjson

_TIMEOUT = aiohttp.ClientTimeout(total=5.0)


async def loaded_window(session: aiohttp.ClientSession, *, server: str, model: str) -> int | None:
    """The window in tokens of a model that is loaded now; None where it is not, or the server is no Ollama.

    `server` is the address of the OpenAI routes, which end in /v1.
    """
    try:
        async with session.get(f"{server.removesuffix('/v1')}/api/ps", timeout=_TIMEOUT) as response:
            loaded: Any = orjson.loads(await response.read())
    except (aiohttp.ClientError, OSError, orjson.JSONDecodeError):
        return None
    entries = loaded.get("models") if isinstance(loaded, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("name") in (model, f"{model}:latest"):
            window = entry.get("context_length")
            return window if isinstance(window, int) and window > 0 else None
    return None
