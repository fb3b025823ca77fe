"""What the client's tests share: a stand-in API on loopback, a client of it, and the command line."""

import io
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.client.standin import Handler, Server, StandIn

from askbox import Client
from askbox.cli.running import run


@pytest.fixture
def api() -> Iterator[StandIn]:
    state = StandIn()
    server = Server(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"api": state}))
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    yield state
    state.stream_goes_on = False
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(api: StandIn) -> Iterator[Client]:
    with Client(api.url) as client:
        yield client


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Askbox = Callable[..., Run]


@pytest.fixture
def askbox(api: StandIn, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Askbox:
    """Runs the command line in this process against the stand-in."""

    def command(*arguments: str, stdin: bytes = b"") -> Run:
        monkeypatch.setenv("ASKBOX_URL", api.url)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return command
