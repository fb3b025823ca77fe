"""What only Ollama's own API tells, next to its OpenAI routes."""

from typing import Any

import aiohttp
import orjson

_TIMEOUT = aiohttp.ClientTimeout(total=5.0)


async def loaded_windows(session: aiohttp.ClientSession, *, server: str) -> dict[str, int] | None:
    """The windows in tokens of the models that are loaded now, by their names; None where the server is no Ollama.

    `server` is the address of the OpenAI routes, which end in /v1.
    """
    try:
        async with session.get(f"{server.removesuffix('/v1')}/api/ps", timeout=_TIMEOUT) as response:
            said: Any = orjson.loads(await response.read())
    except (aiohttp.ClientError, OSError, orjson.JSONDecodeError):
        return None
    loaded = said.get("models") if isinstance(said, dict) else None
    if not isinstance(loaded, list):
        return None
    windows = {entry.get("name"): entry.get("context_length") for entry in loaded if isinstance(entry, dict)}
    return {str(name): window for name, window in windows.items() if isinstance(window, int) and window > 0}
