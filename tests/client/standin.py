"""A stand-in for the API on loopback: real HTTP and the bodies of the contract, over documents kept in a dictionary.

A test may put any answer in its place (`answers`), and write any bytes as the stream (`stream`).
"""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import ValidationError

from askbox.schemas import AskRequest, DocumentIn, SearchRequest

HIT = {
    "document_id": "faq/1",
    "passage_id": "p1",
    "title": "Can I still join?",
    "text": "Yes, you can join until the project is due.",
    "location": {"start": 0, "end": 43, "headings": ["General"]},
    "metadata": {"course": "llm"},
    "score": 7.5,
    "ranks": {"text": 1},
}
ANSWER: dict[str, Any] = {
    "id": "a1",
    "answer": "Yes, you can. [1]",
    "citations": [
        {
            "n": 1,
            "document_id": "faq/1",
            "passage_id": "p1",
            "title": "Can I still join?",
            "location": {"start": 0, "end": 43, "headings": ["General"]},
            "quote": "Yes, you can join until the project is due.",
        }
    ],
    "hits": [HIT],
    "model": "phi3",
    "timings": {"queue_ms": 0.1, "search_ms": 2.0, "total_ms": 9.0},
}
RECORD = {"version": "v1", "passages": 1, "created_at": "2026-11-25T12:00:00Z", "updated_at": "2026-11-25T12:00:00Z"}


def problem(status: int, code: str, detail: str, **more: Any) -> bytes:
    return json.dumps({"title": code, "status": status, "code": code, "detail": detail, **more}).encode()


def sse(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


GOOD_STREAM = [
    sse("hits", {"hits": [HIT]}),
    sse("token", {"text": "Yes, "}),
    sse("token", {"text": "you can. [1]"}),
    sse("answer", ANSWER),
]


@dataclass
class Answer:
    """One answer in place of the usual; without `whole` the connection breaks after the body's first half."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    whole: bool = True


@dataclass
class Request:
    """What came in: the path as it stood on the wire."""

    method: str
    path: str
    query: list[tuple[str, str]]
    body: Any


@dataclass
class StandIn:
    """The state of the stand-in, which a test sets and reads."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    documents: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    stream: list[bytes] = field(default_factory=lambda: list(GOOD_STREAM))
    stream_ends_well: bool = True
    stream_goes_on: bool = False
    reader_left: threading.Event = field(default_factory=threading.Event)
    batches_before_loss: int | None = None

    def last(self) -> Request:
        return self.requests[-1]


class Handler(BaseHTTPRequestHandler):
    """Routes as the contract has them."""

    protocol_version = "HTTP/1.1"
    api: StandIn

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self.route()

    def do_POST(self) -> None:
        self.route()

    def do_DELETE(self) -> None:
        self.route()

    def route(self) -> None:
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = Request(self.command, parts.path, parse_qsl(parts.query), json.loads(content) if content else None)
        self.api.requests.append(request)
        if (answer := self.api.answers.get(f"{request.method} {request.path}")) is not None:
            self.send(answer)
        elif request.method == "POST" and request.path == "/ask/stream":
            self.send_stream()
        else:
            self.send(self.answer(request, dict(request.query)))

    def answer(self, request: Request, query: dict[str, str]) -> Answer:
        stored = self.api.documents.get(query.get("collection", "default"), {})
        match request.method, request.path.strip("/").split("/", 1):
            case "POST", ["ask"]:
                AskRequest.model_validate(request.body)
                return self.json(ANSWER)
            case "POST", ["search"]:
                SearchRequest.model_validate(request.body)
                return self.json({"hits": [HIT]})
            case "POST", ["documents"]:
                return self.add(request.body)
            case "GET", ["documents"]:
                page = [self.record(each) for _, each in sorted(stored.items())]
                start = int(query["offset"])
                chosen = page[start : start + int(query["limit"])]
                return self.json({"documents": chosen, "total": len(page)})
            case "GET", ["documents", name] if unquote(name) in stored:
                return self.json(self.record(stored[unquote(name)], text=True))
            case "DELETE", ["documents", name] if unquote(name) in stored:
                del stored[unquote(name)]
                return Answer(204)
            case "GET", ["collections"]:
                sets = sorted(self.api.documents.items())
                return self.json(
                    {"collections": [{"name": n, "documents": len(d), "passages": len(d)} for n, d in sets]}
                )
            case "DELETE", ["collections", name] if unquote(name) in self.api.documents:
                del self.api.documents[unquote(name)]
                return Answer(204)
            case "GET", ["health", "ready"]:
                return self.json({"ready": True, "parts": [{"part": "store", "ok": True, "detail": "embedded"}]})
            case "GET", ["version"]:
                return self.json({"version": "0.1.0", "python": "3.11"})
            case _:
                body = problem(404, "not_found", "there is no such thing", remedy="list what there is")
                return Answer(404, body, "application/problem+json", {"X-Request-Id": "r-404"})

    def add(self, body: Any) -> Answer:
        if self.api.batches_before_loss is not None:
            self.api.batches_before_loss -= 1
            if self.api.batches_before_loss < 0:
                return Answer(201, b"{}", whole=False)
        stored = self.api.documents.setdefault(body.get("collection", "default"), {})
        return self.json({"documents": [self.put(stored, each) for each in body["documents"]]}, status=201)

    def put(self, stored: dict[str, dict[str, Any]], sent: Any) -> dict[str, Any]:
        try:
            document = DocumentIn.model_validate(sent)
        except ValidationError:
            return {"id": sent.get("id"), "status": "failed", "reason": "does not fit the contract"}
        if "indigestible" in document.text:
            return {"id": document.id, "status": "failed", "reason": "the API could not digest it"}
        name = document.id or f"hash-of-{document.text}"
        before = stored.get(name)
        stored[name] = document.model_dump() | {"id": name}
        status = "created" if before is None else "unchanged" if before == stored[name] else "replaced"
        return {"id": name, "version": "v1", "status": status}

    def record(self, stored: dict[str, Any], *, text: bool = False) -> dict[str, Any]:
        record = stored | RECORD | {"collection": "default", "characters": len(stored["text"])}
        return record if text else record | {"text": None}

    def json(self, value: Any, *, status: int = 200) -> Answer:
        return Answer(status, json.dumps(value).encode())

    def send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body if answer.whole else answer.body[: len(answer.body) // 2])
        self.close_connection = not answer.whole

    def send_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for chunk in self.api.stream:
                self.send_chunk(chunk)
            while self.api.stream_goes_on:
                self.send_chunk(b": still here\n\n")
        except OSError:
            self.api.reader_left.set()
            self.close_connection = True
            return
        if self.api.stream_ends_well:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = not self.api.stream_ends_well

    def send_chunk(self, chunk: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that leaves is no news."""
