"""CSV with a header row → records. It streams; a bad row fails alone, named by the line it starts on."""

import csv
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from askbox.reading.decoding import bad_byte, open_text
from askbox.reading.findings import Failure, Finding, Source
from askbox.reading.records import TEXT_FIELDS, record_of

if TYPE_CHECKING:
    from _csv import Reader

_LONGEST_CELL = 20_000_000


def read_csv(source: Source) -> Iterator[Finding]:
    """The record of each row. Columns as the fields of JSON; the others are metadata, as strings."""
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    with open_text(source.path, newline="") as file:
        rows = _rows(csv.reader(file, strict=True))
        header = next(rows, (1, [], ""))
        columns = [column.strip() for column in header[1]]
        if reason := header[2] or _header_fault(columns):
            yield Failure(f"{source.place}:{header[0]}", reason)
            return
        for line, row, fault in rows:
            place = f"{source.place}:{line}"
            if reason := fault or _row_fault(row, columns):
                yield Failure(place, reason)
            else:
                fields = {column: cell for column, cell in zip(columns, row, strict=True) if column and cell}
                yield from record_of(fields, file=source.place, place=place)


def _rows(reader: "Reader") -> Iterator[tuple[int, Sequence[str], str]]:
    """Each row that is not empty: the line it starts on, its cells, and why it cannot be read, if so."""
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [], f"is not CSV: {error}"
            continue
        if row:
            yield line, row, next(filter(None, map(bad_byte, row)), "")


def _header_fault(columns: list[str]) -> str:
    if not columns:
        return "has no header row"
    if len(set(filter(None, columns))) < len(list(filter(None, columns))):
        return "two columns of the header have the same name"
    if set(columns).isdisjoint(TEXT_FIELDS):
        return "the header has no column `text` or `content`"
    return ""


def _row_fault(row: Sequence[str], columns: list[str]) -> str:
    if len(row) != len(columns):
        return f"has {len(row)} cells where the header has {len(columns)}"
    return ""
