"""JSON and JSON Lines → records. JSON is loaded whole; JSON Lines stream, and a bad line fails alone."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

from askbox.reading.decoding import bad_byte, open_text, read_text
from askbox.reading.findings import Failure, Finding, Source
from askbox.reading.records import findings_of

_LONGEST_LINE = 64 * 2**20


def read_json(source: Source) -> Iterator[Finding]:
    """The records of a list, of an object with `documents`, or the one record that the file is."""
    try:
        value = _loaded(read_text(source.path))
    except ValueError as error:
        yield Failure(source.place, str(error))
        return
    if not isinstance(value, list):
        yield from findings_of(value, file=source.place, place=source.place)
        return
    if not value:
        yield Failure(source.place, "holds an empty list")
    for number, item in enumerate(value, start=1):
        yield from findings_of(item, file=source.place, place=f"{source.place}: item {number}")


def read_json_lines(source: Source) -> Iterator[Finding]:
    """The record of each line."""
    with open_text(source.path, newline="\n") as file:
        for number, line in enumerate(_lines(file), start=1):
            place = f"{source.place}:{number}"
            if line is None:
                yield Failure(place, f"the line is longer than {_LONGEST_LINE:,} characters")
            elif reason := bad_byte(line):
                yield Failure(place, reason)
            elif line.strip():
                yield from _line_findings(line, file=source.place, place=place)


def _line_findings(line: str, *, file: str, place: str) -> Iterator[Finding]:
    try:
        value = _loaded(line.strip("\r\n"))
    except ValueError as error:
        yield Failure(place, str(error))
        return
    yield from findings_of(value, file=file, place=place)


def _lines(file: TextIO) -> Iterator[str | None]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) < _LONGEST_LINE or line.endswith("\n"):
            yield line
            continue
        while line and not line.endswith("\n"):
            line = file.readline(_LONGEST_LINE)
        yield None


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError:
        # Python refuses to read whole numbers of more than 4,300 digits.
        raise ValueError("holds a number that is too long") from None
