"""The list of models of an OpenAI-shaped server, through the official client.

Imported when first asked for: the package takes half a second to load, and no question waits for it.
"""

from typing import Any

import openai
import orjson
from httpx2 import Response

TIMEOUT = 5.0

Listed = dict[str, dict[str, Any]]


class ListedModels:
    """The models of one server by their names."""

    def __init__(self, *, base_url: str, api_key: str) -> None:
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=0,
            timeout=TIMEOUT,
            http_client=openai.DefaultAioHttpClient(follow_redirects=False),
        )

    async def fetch(self) -> Listed | None:
        """What the server lists of each model; None where it does not answer, or with something else."""
        try:
            # The raw answer: what vLLM adds to it, `max_model_len`, the package's own model would hide.
            answer = await self._client.get("/models", cast_to=Response)
            listed = orjson.loads(answer.content)
        except (openai.OpenAIError, orjson.JSONDecodeError):
            return None
        data = listed.get("data") if isinstance(listed, dict) else None
        entries = data if isinstance(data, list) else []
        return {str(entry["id"]): entry for entry in entries if isinstance(entry, dict) and "id" in entry}

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
