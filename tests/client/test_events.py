"""Server-sent events in any pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askbox import events
from askbox.events import EventParser, ServerSentEvent, contract_event
from askbox.schemas import TokenEvent

LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20)
NAME = st.text(st.characters(codec="utf-8", exclude_characters="\r\n:"), min_size=1, max_size=8)


def parse(*chunks: bytes) -> list[ServerSentEvent]:
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


def pieces(content: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({cut % (len(content) + 1) for cut in cuts})
    return [content[start:end] for start, end in zip([0, *ends], [*ends, len(content)], strict=True)]


@given(
    sent=st.lists(st.tuples(NAME, st.lists(LINE, min_size=1, max_size=3)), max_size=5),
    line_end=st.sampled_from([b"\n", b"\r", b"\r\n"]),
    cuts=st.lists(st.integers(0, 10_000), max_size=20),
)
def test_events_survive_any_line_end_and_any_split(
    sent: list[tuple[str, list[str]]], line_end: bytes, cuts: list[int]
) -> None:
    lines = [part for name, data in sent for part in (f"event: {name}", *(f"data: {line}" for line in data), ": x", "")]
    stream = b"".join(line.encode() + line_end for line in lines)

    found = parse(*pieces(stream, cuts))

    assert found == [ServerSentEvent(name, "\n".join(data)) for name, data in sent]


@given(content=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=10))
def test_no_bytes_crash_the_parser_and_splits_change_nothing(content: bytes, cuts: list[int]) -> None:
    assert parse(*pieces(content, cuts)) == parse(content)


def test_an_event_is_out_as_soon_as_its_empty_line_is_in() -> None:
    parser = EventParser()

    assert list(parser.feed(b"data: 1\r\n\r")) == [ServerSentEvent("message", "1")]
    assert list(parser.feed(b"\ndata: 2\r\n\r\n")) == [ServerSentEvent("message", "2")]


def test_comments_unknown_fields_and_events_without_data_are_passed_over() -> None:
    assert parse(b": hello\n\nid: 7\nretry: 5\n\nevent: lonely\n\nnonsense\n\n") == []


def test_a_name_holds_for_one_event_only() -> None:
    assert parse(b"event: a\ndata: 1\n\ndata: 2\n\n") == [("a", "1"), ("message", "2")]


def test_a_byte_order_mark_at_the_start_is_no_part_of_the_first_field() -> None:
    assert parse(b"\xef\xbb", b"\xbfdata: 1\n\n") == [("message", "1")]


def test_an_unfinished_event_at_the_end_is_no_event() -> None:
    assert parse(b"data: 1\n") == []


def test_an_event_without_end_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_EVENT_BYTES", 1_000)

    with pytest.raises(ValueError, match="1000 bytes"):
        parse(*[b"data: and so on" * 10] * 10)


def test_names_that_the_contract_does_not_know_are_none() -> None:
    assert contract_event(ServerSentEvent("thinking", "{")) is None
    assert contract_event(ServerSentEvent("token", '{"text": "a", "new": 1}')) == TokenEvent(text="a")


@pytest.mark.parametrize("name", ["hits", "token", "answer", "error"])
def test_data_that_do_not_fit_are_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        contract_event(ServerSentEvent(name, '{"no": "such"'))
