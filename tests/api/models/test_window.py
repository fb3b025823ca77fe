"""The window of a model: set, read or assumed."""

import pytest

from askbox_api.models.window import DEFAULT_WINDOW, Windows


class Server:
    """What a server says of its models, what it was asked, and the time."""

    def __init__(self) -> None:
        self.windows: dict[str, int] = {"phi3": 8_192}
        self.asked: list[str] = []
        self.now = 0.0

    async def read(self, model: str) -> int | None:
        self.asked.append(model)
        return self.windows.get(model)

    def clock(self) -> float:
        return self.now


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def windows(server: Server) -> Windows:
    return Windows(fixed=None, read=server.read, clock=server.clock)


async def test_an_unknown_window_is_assumed_until_it_was_read(windows: Windows, server: Server) -> None:
    assert windows.of("phi3") == DEFAULT_WINDOW == 4_096
    assert windows.stale("phi3")
    assert server.asked == []

    await windows.refresh("phi3")

    assert windows.of("phi3") == 8_192
    assert windows.of("gemma") == 4_096
    assert server.asked == ["phi3"]


async def test_a_window_is_stale_after_a_minute(windows: Windows, server: Server) -> None:
    await windows.refresh("phi3")

    server.now = 59.9
    assert not windows.stale("phi3")
    assert windows.stale("gemma")
    server.now = 60.0
    assert windows.stale("phi3")


async def test_a_server_that_says_nothing_any_more_leaves_what_was_known(windows: Windows, server: Server) -> None:
    await windows.refresh("phi3")
    server.windows.clear()
    server.now = 100.0

    await windows.refresh("phi3")

    assert windows.of("phi3") == 8_192
    assert not windows.stale("phi3")


async def test_a_window_that_changed_is_taken_over(windows: Windows, server: Server) -> None:
    await windows.refresh("phi3")
    server.windows["phi3"] = 2_048

    await windows.refresh("phi3")

    assert windows.of("phi3") == 2_048


def test_a_window_that_is_set_wins_and_is_never_asked_for(server: Server) -> None:
    windows = Windows(fixed=1_000, read=server.read, clock=server.clock)

    assert windows.of("phi3") == 1_000
    assert not windows.stale("phi3")
