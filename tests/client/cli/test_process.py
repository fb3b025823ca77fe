"""The command as a process of its own: interrupts, closed pipes, encodings, no API."""

import os
import signal
import subprocess
import sys
from typing import IO

import pytest
from tests.client.standin import ANSWER, GOOD_STREAM, StandIn, sse

# A shell that runs the tests in its background has its children ignore interrupts; a person's shell does not.
HEED_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
PROGRAM = f"{HEED_INTERRUPTS}; from askbox.__main__ import main; main()"


def start(
    api: StandIn, *arguments: str, stdout: int | IO[bytes] = subprocess.PIPE, **environment: str
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--url", api.url, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
    )


def test_an_interrupt_ends_an_answer_cleanly_and_closes_the_stream(api: StandIn) -> None:
    api.stream = GOOD_STREAM[:2]
    api.stream_goes_on = True
    process = start(api, "ask", "May I join?")
    assert process.stdout is not None
    assert process.stdout.read(5) == b"Yes, "

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert (out, err) == (b"\n", b"")
    assert api.reader_left.wait(timeout=60)


@pytest.mark.parametrize("command", [["ask", "May I join?"], ["search", "join"], ["--json", "health"], ["--help"]])
def test_a_closed_pipe_is_no_crash(api: StandIn, command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        process = start(api, *command, stdout=pipe)

    _, err = process.communicate(timeout=60)

    assert process.returncode == 1
    assert err == b""


def test_a_terminal_without_unicode_gets_plain_marks_and_escapes(api: StandIn) -> None:
    citation = ANSWER["citations"][0] | {"quote": "It’s 日本"}
    api.stream = [sse("answer", ANSWER | {"answer": "Grüße 😀", "citations": [citation]})]

    out, err = start(api, "ask", "x", PYTHONIOENCODING="ascii", PYTHONUTF8="0").communicate(timeout=60)

    assert err == b""
    assert out.decode("ascii").splitlines() == [
        r"Gr\xfc\xdfe \U0001f600",
        "",
        "Sources",
        r"""[1] Can I still join? > General - "It's \u65e5\u672c" """.rstrip(),
    ]


def test_no_api_is_one_line_and_its_remedy(api: StandIn) -> None:
    process = start(api, "--url", "http://127.0.0.1:1", "ask", "x")

    out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (1, b"")
    assert err.decode().splitlines() == [
        "error: the askbox API at http://127.0.0.1:1 does not answer: [Errno 111] Connection refused",
        "remedy: start it with `make demo` or `askbox-api`, or set ASKBOX_URL to where it runs",
    ]


def test_the_address_comes_from_the_environment(api: StandIn) -> None:
    program = [sys.executable, "-m", "askbox", "--json", "version"]

    done = subprocess.run(
        program, env=os.environ | {"ASKBOX_URL": api.url}, capture_output=True, timeout=60, check=True
    )

    assert b'"api"' in done.stdout
