"""Event streams of OpenAI-shaped servers, byte by byte."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askbox_api.domain import Usage
from askbox_api.servers.openai_stream import LONGEST_LINE, BadStream, StreamReader


@pytest.fixture
def reader() -> StreamReader:
    return StreamReader()


def event(**members: Any) -> bytes:
    return b"data: " + json.dumps(members, ensure_ascii=False).encode() + b"\n\n"


def token(text: str | None, finish: str | None = None) -> bytes:
    return event(choices=[{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}])


@settings(deadline=None, max_examples=200)
@given(
    texts=st.lists(st.text(max_size=8), max_size=8),
    size=st.integers(1, 40),
    line_end=st.sampled_from([b"\n", b"\r\n"]),
)
def test_however_the_bytes_are_cut_the_text_is_the_same(texts: list[str], size: int, line_end: bytes) -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    stream = b"".join([*map(token, texts), token("", "stop"), event(choices=[], usage=usage), b"data: [DONE]\n\n"])
    stream = stream.replace(b"\n", line_end)
    reader = StreamReader()

    said = "".join(reader.feed(stream[at : at + size]) for at in range(0, len(stream), size))

    assert said == "".join(texts)
    assert reader.finished
    assert reader.usage == Usage(prompt_tokens=5, completion_tokens=2)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda data: b"data: " + data + b"\n"))
def test_any_bytes_give_text_or_a_bad_stream(data: bytes) -> None:
    with suppress(BadStream):
        assert isinstance(StreamReader().feed(data), str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["delta", "content", "usage"]), inner),
    max_leaves=6,
)


@settings(deadline=None, max_examples=200)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("choices", "usage", "error", "delta"), JSON)))
def test_any_json_gives_text_or_a_bad_stream(members: dict[str, Any]) -> None:
    reader = StreamReader()
    try:
        assert isinstance(reader.feed(event(**members)), str)
    except BadStream:
        assert members["error"]


@pytest.mark.parametrize("reason", ["stop", "length"])
def test_a_finish_reason_ends_the_answer(reader: StreamReader, reason: str) -> None:
    assert reader.feed(token("a")) == "a"
    assert not reader.finished
    assert reader.feed(token("b", reason)) == "b"
    assert reader.finished


def test_done_alone_ends_the_answer_too(reader: StreamReader) -> None:
    reader.feed(b"data:[DONE]\n\n")

    assert reader.finished


def test_an_error_in_the_stream_is_not_repeated(reader: StreamReader) -> None:
    with pytest.raises(BadStream, match="reports an error") as raised:
        reader.feed(token("a") + event(error={"message": "secret question"}))

    assert "secret" not in str(raised.value)


def test_an_error_that_is_null_is_none(reader: StreamReader) -> None:
    assert reader.feed(event(error=None, choices=[{"delta": {"content": "a"}}])) == "a"


@pytest.mark.parametrize("data", [b"data: nonsense\n", b"data: [1]\n", b'data: "a"\n', b"data: {\n", b"data: 1\n"])
def test_what_is_no_json_object_is_a_bad_stream(reader: StreamReader, data: bytes) -> None:
    with pytest.raises(BadStream, match="not"):
        reader.feed(data)


def test_a_line_without_end_is_a_bad_stream(reader: StreamReader) -> None:
    with pytest.raises(BadStream, match="more than"):
        reader.feed(b"data: " + b"a" * LONGEST_LINE)


def test_broken_utf8_becomes_replacement_characters(reader: StreamReader) -> None:
    assert reader.feed(b'data: {"choices":[{"delta":{"content":"caf\xc3"}}]}\n') == "caf�"


def test_other_fields_and_comments_are_passed_over(reader: StreamReader) -> None:
    assert reader.feed(b": ping\nevent: x\nid: 1\nretry: 5\n\n" + token("a") + token(None) + event(choices=[])) == "a"


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": "5"}, {"prompt_tokens": 5, "completion_tokens": -1}, 7])
def test_a_usage_that_cannot_be_is_none(reader: StreamReader, usage: Any) -> None:
    reader.feed(event(choices=[], usage=usage))

    assert reader.usage is None
