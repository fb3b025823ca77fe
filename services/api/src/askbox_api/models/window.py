"""How many tokens a model's window holds: the setting, else what its server says of the loaded model, else 4,096."""

import time
from collections.abc import Awaitable, Callable

DEFAULT_WINDOW = 4_096
"""What Ollama gives a model on small machines where nothing is set."""

FRESH = 60.0
"""Seconds after which a window is read again: a server may load the model anew with another one."""


class Windows:
    """Remembers the windows of models. Reading never stands in a question's way: see `refresh`."""

    def __init__(
        self,
        *,
        fixed: int | None,
        read: Callable[[str], Awaitable[int | None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fixed = fixed
        self._read = read
        self._clock = clock
        self._known: dict[str, int] = {}
        self._read_at: dict[str, float] = {}

    def of(self, model: str) -> int:
        """The window in tokens, as far as it is known now."""
        return self._fixed or self._known.get(model, DEFAULT_WINDOW)

    def stale(self, model: str) -> bool:
        """Whether `refresh` would ask the server."""
        if self._fixed:
            return False
        return self._clock() - self._read_at.get(model, -FRESH) >= FRESH

    async def refresh(self, model: str) -> None:
        """Read the window again; only the loaded model knows it, so this belongs after an answer."""
        self._read_at[model] = self._clock()
        window = await self._read(model)
        if window:
            self._known[model] = window
