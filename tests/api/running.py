"""A real API on a free port of loopback, in a thread of its own: what tests of the HTTP contract talk to."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from askbox_api.http.app import create_app
from askbox_api.settings import Settings


class RunningApi:
    """The API that runs, and a client of it."""

    def __init__(self, app: FastAPI, http: httpx2.Client, url: str) -> None:
        self.app = app
        self.http = http
        self.url = url

    def add(self, *documents: dict[str, Any], collection: str = "default") -> list[dict[str, Any]]:
        """Ingest documents and return their outcomes."""
        response = self.http.post("/documents", json={"collection": collection, "documents": list(documents)})
        assert response.status_code == 201, response.text
        outcomes: list[dict[str, Any]] = response.json()["documents"]
        return outcomes

    def ask(self, question: str, **more: Any) -> httpx2.Response:
        """Ask, and return the response."""
        return self.http.post("/ask", json={"question": question, **more})

    def stream(self, question: str, **more: Any) -> list[tuple[str, str]]:
        """Ask as a stream, and return all events as (name, data)."""
        response = self.http.post("/ask/stream", json={"question": question, **more})
        assert response.status_code == 200, response.text
        return events_of(response.text)


def events_of(text: str) -> list[tuple[str, str]]:
    """The events of a whole stream as (name, data)."""
    events = []
    for block in text.split("\n\n")[:-1]:
        name, data = block.split("\n")
        events.append((name.removeprefix("event: "), data.removeprefix("data: ")))
    return events


@contextmanager
def running_api(**settings: Any) -> Iterator[RunningApi]:
    """An API with these settings; the default model is at an address where nothing answers."""
    settings = {"llm_base_url": "http://127.0.0.1:9/v1"} | settings
    app = create_app(Settings(_env_file=None, **settings))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the API did not start"
        time.sleep(0.005)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        with httpx2.Client(base_url=url, timeout=60) as http:
            yield RunningApi(app, http, url)
    finally:
        server.should_exit = True
        thread.join(30)
