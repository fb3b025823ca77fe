"""Clients that ask: whole answers, streams to their end, and streams that nobody reads."""

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2

from askbox.schemas import Problem

LLAMA = {"id": "llama", "text": "Llama 7B needs about 28 GB of GPU memory. Falcon 40B needs about 90 GB."}
QUESTION = "How much GPU memory does Llama 7B need?"


def ask(url: str, question: str = QUESTION, **more: Any) -> httpx2.Response:
    """Ask over a connection of its own."""
    with httpx2.Client(base_url=url, timeout=120) as http:
        return http.post("/ask", json={"question": question, **more})


def stream(url: str, question: str = QUESTION) -> list[str]:
    """Ask as a stream; the names of its events, and `cut` where the connection ended before the stream did."""
    names: list[str] = []
    with httpx2.Client(base_url=url, timeout=120) as http:
        try:
            with http.stream("POST", "/ask/stream", json={"question": question}) as response:
                if response.status_code != 200:
                    return [str(response.status_code)]
                for line in response.iter_lines():
                    if line.startswith("event: "):
                        names.append(line.removeprefix("event: "))
        except httpx2.TransportError:
            names.append("cut")
    return names


def at_once(count: int, work: Any, *arguments: Any) -> list[Any]:
    """Do the same work in so many threads, and return what came of each."""
    with ThreadPoolExecutor(count) as pool:
        futures: list[Future[Any]] = [pool.submit(work, *arguments) for _ in range(count)]
        return [future.result() for future in futures]


@contextmanager
def unread_streams(port: int, count: int, question: str = QUESTION) -> Iterator[list[socket.socket]]:
    """Streams whose clients have a tiny buffer and do not read; the clients leave at the end."""
    body = json.dumps({"question": question}).encode()
    head = (
        f"POST /ask/stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    clients = []
    try:
        for _ in range(count):
            client = socket.socket()
            clients.append(client)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the system takes its least
            # Segments as on a network: those of loopback make the sender's own buffer 2.6 MB.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            client.connect(("127.0.0.1", port))
            client.sendall(head.encode() + body)
        yield clients
    finally:
        for client in clients:
            client.close()


def is_refusal(response: httpx2.Response) -> bool:
    """Whether this is what askbox says when it cannot answer now: a 503 problem that says when to try again."""
    return (
        response.status_code == 503
        and response.headers["content-type"] == "application/problem+json"
        and int(response.headers["retry-after"]) > 0
        and Problem.model_validate(response.json()).remedy is not None
    )


class Background:
    """Threads that do the same again and again until told to stop; what one of them raises is raised at the end."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(64)
        self._futures: list[Future[None]] = []

    def repeat(self, work: Any) -> None:
        """Do it again and again in a thread of its own."""

        def run() -> None:
            while not self._stopping.is_set():
                work()

        self._futures.append(self._pool.submit(run))

    def __enter__(self) -> "Background":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._pool.shutdown()
        for future in self._futures:
            future.result()
