"""Log lines: one a record, whatever is in it; nothing in it steers a terminal or looks like another line."""

import json
import logging
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from askbox_api.http.logs import JsonLines, TextLines

HOSTILE = "a\r\n12:00:00 info    forged\x1b[31m\x9b2J\x00\x7f\u2028\u202e\ud800"


def record(message: str = "request", error: Exception | None = None, **fields: object) -> logging.LogRecord:
    info = None
    if error:
        try:
            raise error
        except type(error):
            info = sys.exc_info()
    made = logging.LogRecord("askbox_api", logging.INFO, __file__, 1, message, None, info)
    made.fields = fields
    return made


@settings(deadline=None, max_examples=200)
@given(message=st.text() | st.just(HOSTILE), value=st.text() | st.just(HOSTILE))
def test_a_record_is_one_printable_line(message: str, value: str) -> None:
    for lines in (TextLines(), JsonLines()):
        line = lines.format(record(message.replace("%", ""), field=value))

        assert line.isprintable()
        assert line.encode("utf-8")


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_json_keeps_what_was_said(message: str) -> None:
    line = json.loads(JsonLines().format(record(message, route="/ask", status=200, degraded=["a"])))

    assert line["message"] == message
    assert (line["level"], line["route"], line["status"], line["degraded"]) == ("info", "/ask", 200, ["a"])
    assert line["time"].endswith("+00:00")


def test_a_line_for_people_has_its_fields_at_the_end_and_no_empty_ones() -> None:
    line = TextLines().format(record(route="/ask", degraded=[], failure="", status=200))

    assert line[8:] == " info    request route=/ask status=200"


def test_the_request_id_of_a_record_is_shown() -> None:
    made = record()
    made.request_id = "abc"

    assert TextLines().format(made).endswith("request request_id=abc")
    assert json.loads(JsonLines().format(made))["request_id"] == "abc"


def test_a_traceback_is_shown_and_forges_nothing() -> None:
    made = record(error=ValueError(HOSTILE))

    first, *rest = TextLines().format(made).split("\n")

    assert first.endswith("request")
    assert any("in record" in line for line in rest)
    assert all(line.startswith("    ") and line.isprintable() for line in rest)
    line = JsonLines().format(made)
    assert line.isprintable()
    assert "Traceback" in json.loads(line)["exception"]


@pytest.mark.parametrize("value", [object, {1: 2}, b"\xff", float("inf")])
def test_any_value_can_be_a_field(value: object) -> None:
    assert "field" in JsonLines().format(record(field=value))
    assert "field=" in TextLines().format(record(field=value))
