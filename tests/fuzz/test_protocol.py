"""Bytes that no client library would send, over plain sockets: 4xx or a closed connection, and the API goes on."""

import gzip
import json
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from tests.api.model_server import ModelServer, served
from tests.api.running import RunningApi, running_api
from tests.fuzz.counters import counters
from tests.fuzz.hooks import DOCUMENTS

pytestmark = [pytest.mark.fuzz, pytest.mark.slow]

ASKED = b'{"question": "How much does Llama 7B need?"}'
HOST = b"Host: localhost\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\n" + HOST


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    data = tmp_path_factory.mktemp("protocol")
    with served(ModelServer()) as model, running_api(data_dir=data, llm_base_url=model.url) as api:
        api.add(*DOCUMENTS)
        yield api


@pytest.fixture(autouse=True)
def still_answers(api: RunningApi, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After each test: the API lives, answers a question, and nothing was unexpected."""
    yield
    assert api.http.get("/health/live").json() == {"status": "ok"}
    assert api.ask("How much does Llama 7B need?").json()["model"] == "phi3"
    assert not [name for name in counters(api.http) if 'status="5' in name]
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


def sent(api: RunningApi, data: bytes, *, close: bool = False) -> bytes:
    """All that comes back for these bytes until the server closes; `close` ends our side first."""
    address = urlsplit(api.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        try:
            connection.sendall(data)
            if close:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it had read everything
        return _received(connection)


def _received(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def post(body: bytes, *headers: bytes, path: bytes = b"/ask") -> bytes:
    lines = [
        b"POST " + path + b" HTTP/1.1",
        HOST.strip(),
        b"Content-Length: %d" % len(body),
        b"Connection: close",
        *(headers or [b"Content-Type: application/json"]),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


WRONG_BODIES = {
    "NaN": b'{"question": "zebra", "generation": {"temperature": NaN}}',
    "Infinity": b'{"question": "zebra", "generation": {"temperature": -Infinity}}',
    "beyond a double": b'{"question": "zebra", "generation": {"temperature": 1e999}}',
    "a number of 100,000 digits": b'{"question": "zebra", "top_k": ' + b"9" * 100_000 + b"}",
    "lists 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "objects 100,000 deep": b'{"question":' * 100_000 + b"1" + b"}" * 100_000,
    "open lists": b"[" * 100_000,
    "a question of 1 MB": b'{"question": "' + b"zebra " * 170_000 + b'"}',
    "a history of 1 MB": b'{"question": "zebra", "history": [' + b'{"role":"user","content":"x"},' * 35_000 + b"1]}",
    "invalid UTF-8": b'{"question": "\xff\xfe\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"question": "\xed\xa0\x80"}',
    "a lone surrogate": b'{"question": "\\ud800"}',
    "half a surrogate pair": b'{"question": "\\ud83d zebra \\ude00"}',
    "a byte order mark": b"\xef\xbb\xbf" + ASKED,
    "UTF-16": ASKED.decode().encode("utf-16"),
    "nothing": b"",
    "white space": b" \r\n\t",
    "null": b"null",
    "a text": b'"zebra"',
    "two documents": ASKED + ASKED,
    "a comment": b"/* zebra */" + ASKED,
    "single quotes": b"{'question': 'zebra'}",
    "a comma too many": b'{"question": "zebra",}',
    "raw NUL": b'{"question": "ze\0bra"}',
    "a raw line break": b'{"question": "ze\nbra"}',
    "a field name of 1 MB": b'{"question": "zebra", "' + b"x" * 1_000_000 + b'": 1}',
    "100,000 fields": b'{"question":"zebra",' + b",".join(b'"f%d":1' % n for n in range(100_000)) + b"}",
    "a prototype": b'{"question": "zebra", "__proto__": {"a": 1}}',
    "gzip": gzip.compress(ASKED),
}


@pytest.mark.parametrize("path", [b"/ask", b"/ask/stream", b"/search", b"/documents"])
@pytest.mark.parametrize("name", WRONG_BODIES)
def test_a_wrong_body_is_a_problem(api: RunningApi, name: str, path: bytes) -> None:
    body = WRONG_BODIES[name]
    if path == b"/search":
        body = body.replace(b'"question"', b'"query"')
    if path == b"/documents":
        body = body.replace(b'"question": ', b'"documents": ').replace(b'"question":', b'"documents":')

    answer = sent(api, post(body, path=path))

    assert statuses(answer) == [422]
    assert b"content-type: application/problem+json" in answer
    problem = json.loads(answer.split(b"\r\n\r\n", 1)[1])
    assert problem["status"] == 422
    assert problem["errors"]
    assert len(answer) < 20_000
    assert b"zebra" not in answer


QUESTIONS = {
    "twice, the last counts": b'{"question": 1, "question": "How much does Llama 7B need?"}',
    "NUL": b'{"question": "\\u0000"}',
    "right to left": '{"question": "\u202eשלום مرحبا\u202c"}'.encode(),
    "2,000 emoji": b'{"question": "' + "👩‍👩‍👧".encode() * 1_000 + b'"}',
    "stop words": b'{"question": "the of and to be or not"}',
    "a query syntax": b'{"question": "AND ( * ~ /.*/ \\" zebra^9 {!func} zebra:[* TO *]"}',
    "8,000 times a bracket": b'{"question": "' + b"(" * 8_000 + b'"}',
    "8,000 stars": b'{"question": "' + b"* " * 4_000 + b'"}',
    "escapes": b'{"question": "\\"\\\\\\/\\b\\f\\n\\r\\t\\ud83d\\ude00 zebra"}',
    "a template": b'{"question": "{{ 7*7 }} {% raw %} ${x} <|im_end|> [INST] zebra"}',
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_any_question_gets_an_answer(api: RunningApi, name: str) -> None:
    answer = sent(api, post(QUESTIONS[name]))

    assert statuses(answer) == [200]
    assert "answer" in json.loads(answer.split(b"\r\n\r\n", 1)[1])


@pytest.mark.parametrize(
    "kind",
    [
        b"text/plain",
        b"application/xml",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data",
        b"nonsense",
        b"a/b;",
    ],
)
def test_another_kind_of_body_is_a_problem(api: RunningApi, kind: bytes) -> None:
    answer = sent(api, post(ASKED, b"Content-Type: " + kind))

    assert statuses(answer) == [422]
    assert b"application/problem+json" in answer


REQUESTS = {
    "absolute URI": (b"GET http://localhost/health/live HTTP/1.1\r\n" + HOST, {200, 404}),
    "no host": (b"GET /health/live HTTP/1.1\r\n", {200, 400}),
    "two hosts": (LIVE + HOST, {200, 400}),
    "HTTP/1.0": (b"GET /health/live HTTP/1.0\r\n", {200}),
    "HTTP/9.9": (b"GET /health/live HTTP/9.9\r\n" + HOST, {400}),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200, {400}),
    "binary": (bytes(range(256)), {400}),
    "unknown method": (b"FROBNICATE /health/live HTTP/1.1\r\n" + HOST, {400, 405}),
    "TRACE": (b"TRACE /ask HTTP/1.1\r\n" + HOST, {405}),
    "HEAD": (b"HEAD /health/live HTTP/1.1\r\n" + HOST, {405}),
    "OPTIONS": (b"OPTIONS /documents/a HTTP/1.1\r\n" + HOST, {405}),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\n" + HOST, {404}),
    "CONNECT": (b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST, {400, 404}),
    "an upgrade": (LIVE + b"Connection: Upgrade\r\nUpgrade: websocket\r\n", {200}),
    "a header of 100 KB": (LIVE + b"X-Long: " + b"x" * 100_000 + b"\r\n", {200, 400, 431}),
    "10,000 headers": (LIVE + b"".join(b"X-%d: x\r\n" % n for n in range(10_000)), {200, 400, 431}),
    "a path of 100 KB": (b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n" + HOST, {400, 404, 414}),
    "a header without a name": (LIVE + b": x\r\n", {400}),
    "a folded header": (LIVE + b"X-Folded: a\r\n b\r\n", {200, 400}),
    "NUL in a header": (LIVE + b"X-Nul: a\0b\r\n", {400}),
    "bare line feeds": (b"GET /health/live HTTP/1.1\nHost: localhost\n", {200, 400}),
    "NUL in a path": (b"GET /documents/%00 HTTP/1.1\r\n" + HOST, {404, 422}),
    "dots in a path": (b"GET /documents/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST, {404}),
    "plain dots": (b"GET /documents/../../etc/passwd HTTP/1.1\r\n" + HOST, {404}),
    "invalid UTF-8 in a path": (b"GET /documents/%ff%fe%c0%af HTTP/1.1\r\n" + HOST, {404, 422}),
    "a broken escape": (b"GET /documents/%zz%2 HTTP/1.1\r\n" + HOST, {404}),
    "raw bytes in a path": (b"GET /documents/\xff\xfe HTTP/1.1\r\n" + HOST, {400, 404, 422}),
    "a surrogate in a query": (b"GET /documents?collection=%ed%a0%80 HTTP/1.1\r\n" + HOST, {422}),
    "broken UTF-8 in a filter": (b"GET /documents?filter=%ff:%fe HTTP/1.1\r\n" + HOST, {200}),
    "NUL in a filter": (b"GET /documents?filter=a%00:b%00 HTTP/1.1\r\n" + HOST, {200}),
    "no colon in a filter": (b"GET /documents?filter=a HTTP/1.1\r\n" + HOST, {422}),
    "10,000 parameters": (b"GET /documents?" + b"a=1&" * 10_000 + b" HTTP/1.1\r\n" + HOST, {200, 400, 414}),
    "a huge offset": (b"GET /documents?offset=" + b"9" * 5_000 + b" HTTP/1.1\r\n" + HOST, {422}),
    "a fragment": (b"GET /health/live#a HTTP/1.1\r\n" + HOST, {200, 400, 404}),
    "two slashes": (b"GET //health/live HTTP/1.1\r\n" + HOST, {404}),
    "a body with GET": (LIVE + b"Content-Length: 5\r\n", {200}),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_an_odd_request_is_answered_or_refused(api: RunningApi, name: str) -> None:
    head, allowed = REQUESTS[name]

    answer = sent(api, head + b"Connection: close\r\n\r\n")

    assert len(statuses(answer)) == 1
    assert set(statuses(answer)) <= allowed


BROKEN = {
    "too small a length": b"Content-Length: 5\r\n\r\n" + ASKED,
    "too large a length": b"Content-Length: 5000\r\n\r\n" + ASKED,
    "a length far above the limit": b"Content-Length: 99999999999\r\n\r\n" + ASKED,
    "a length beyond 64 bits": b"Content-Length: 99999999999999999999999\r\n\r\n" + ASKED,
    "a negative length": b"Content-Length: -5\r\n\r\n" + ASKED,
    "a length that is no number": b"Content-Length: five\r\n\r\n" + ASKED,
    "two lengths": b"Content-Length: 44\r\nContent-Length: 45\r\n\r\n" + ASKED,
    "length and chunks": b"Content-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + ASKED,
    "chunks without an end": b"Transfer-Encoding: chunked\r\n\r\n2c\r\n" + ASKED + b"\r\n",
    "a chunk cut short": b"Transfer-Encoding: chunked\r\n\r\nffff\r\n" + ASKED,
    "a chunk size that is no number": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + ASKED,
    "a chunk size beyond 64 bits": b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n" + ASKED,
    "an encoding nobody knows": b"Transfer-Encoding: zebra\r\n\r\n" + ASKED,
    "headers without an end": b"X-Half: ",
}


@pytest.mark.parametrize("path", [b"/ask", b"/ask/stream", b"/documents"])
@pytest.mark.parametrize("name", BROKEN)
def test_a_body_that_is_not_as_announced_is_refused(api: RunningApi, name: str, path: bytes) -> None:
    answer = sent(api, b"POST " + path + b" HTTP/1.1\r\n" + HOST + BROKEN[name], close=True)

    assert all(400 <= status < 500 for status in statuses(answer))


def test_pipelined_requests_are_answered_in_order(api: RunningApi) -> None:
    ask = post(ASKED).replace(b"Connection: close\r\n", b"")
    last = LIVE + b"Connection: close\r\n\r\n"

    answer = sent(api, LIVE + b"\r\n" + ask + b"GET /nope HTTP/1.1\r\n" + HOST + b"\r\n" + last)

    assert statuses(answer) == [200, 200, 404, 200]


def test_connections_that_say_nothing_do_not_stop_the_others(api: RunningApi) -> None:
    address = urlsplit(api.url)
    silent = [socket.create_connection((address.hostname, address.port), timeout=30) for _ in range(300)]
    try:
        assert api.http.get("/health/live").status_code == 200
    finally:
        for connection in silent:
            connection.close()
