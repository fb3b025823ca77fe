"""Each format: what becomes of a good file, and what is said of a bad one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from askbox.reading import json_files
from askbox.reading.files import read
from askbox.reading.findings import Failure, Finding, Record, Remark
from askbox.reading.records import record_of
from askbox.reading.text_files import first_heading

Read = Callable[[str, str | bytes], list[Finding]]


@pytest.fixture
def read_file(tmp_path: Path) -> Read:
    """Writes one file, and reads it."""

    def findings(name: str, content: str | bytes) -> list[Finding]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read([path]))

    return findings


def documents(findings: list[Finding]) -> list[dict[str, Any]]:
    return [each.document.model_dump(exclude_unset=True) for each in findings if isinstance(each, Record)]


def failures(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(each.place.rpartition("/")[2], each.reason) for each in findings if isinstance(each, Failure)]


FAQ_DOCUMENT = {
    "text": "Yes.",
    "title": "May I join?",
    "headings": ["General"],
    "metadata": {"course": "llm"},
}


def test_the_faq_by_course_is_understood(read_file: Read) -> None:
    entry = {"text": "Yes.", "section": "General", "question": "May I join?"}
    content = [{"course": "llm", "documents": [entry, entry]}, {"course": "ml", "documents": [entry]}]

    found = documents(read_file("faq.json", json.dumps(content)))

    assert found == [FAQ_DOCUMENT, FAQ_DOCUMENT, FAQ_DOCUMENT | {"metadata": {"course": "ml"}}]


@pytest.mark.parametrize("name", ["faq.json", "faq.jsonl", "faq.ndjson"])
def test_the_flat_faq_is_understood(read_file: Read, name: str) -> None:
    entry = {"id": "c02", "text": "Yes.", "section": "General", "question": "May I join?", "course": "llm"}

    found = documents(read_file(name, json.dumps([entry] if name == "faq.json" else entry)))

    assert found == [FAQ_DOCUMENT | {"id": "c02"}]


def test_an_object_with_documents_and_a_single_record_are_taken(read_file: Read) -> None:
    assert documents(read_file("a.json", '{"documents": [{"text": "one"}, {"text": "two"}]}')) == [
        {"text": "one", "title": "", "metadata": {}},
        {"text": "two", "title": "", "metadata": {}},
    ]
    assert documents(read_file("b.json", '{"content": "one", "id": 7, "title": "T"}')) == [
        {"id": "7", "text": "one", "title": "T", "metadata": {}}
    ]


def test_a_document_of_our_own_contract_comes_back_as_it_was(read_file: Read) -> None:
    document = {
        "id": "a",
        "title": "T",
        "text": "# x",
        "format": "markdown",
        "headings": ["A", "B"],
        "metadata": {"tags": ["x", 1, True], "year": 2026},
    }

    assert documents(read_file("a.json", json.dumps(document))) == [document]


def test_what_a_title_or_a_text_already_has_goes_to_the_metadata(read_file: Read) -> None:
    entry = {
        "text": "T",
        "content": "C",
        "title": "A",
        "question": "Q",
        "headings": ["H"],
        "section": "S",
        "format": "pdf",
    }

    (found,) = documents(read_file("a.json", json.dumps(entry)))

    assert found["metadata"] == {"content": "C", "question": "Q", "section": "S", "format": "pdf"}


def test_fields_that_cannot_be_metadata_are_left_out_and_named(read_file: Read) -> None:
    entry: dict[str, Any] = {
        "text": "x",
        "ok": [1, "a"],
        "nothing": None,
        "empty": "",
        "object": {"a": 1},
        "nested": [[1]],
        "long": "y" * 2_001,
        "many": [0] * 101,
        "number": float("nan"),
        "huge": 2**64,
        "": "nameless",
        "n" * 201: 1,
    }

    findings = read_file("a.json", json.dumps(entry))

    remarks = [each.text for each in findings if isinstance(each, Remark)]
    assert documents(findings) == [{"text": "x", "title": "", "metadata": {"ok": [1, "a"]}}]
    assert len(remarks) == 8
    assert "the field 'object' was left out: an object or a nested list" in remarks
    assert not any("yyy" in remark for remark in remarks)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({}, "has no `text`"),
        ({"text": None}, "has no `text`"),
        ({"text": " \n"}, "its `text` is blank"),
        ({"text": 5}, "its `text` is not a string"),
        ({"text": "x", "id": [1]}, "its `id` is neither a string nor a whole number"),
        ({"text": "x", "id": True}, "its `id` is neither a string nor a whole number"),
        ({"text": "x", "id": "i" * 513}, "id: String should have at most 512 characters"),
        ({"text": "x", "title": "t" * 1_001}, "title: String should have at most 1000 characters"),
        ({"text": "x", "headings": [{}]}, "headings.0: Input should be a valid string"),
        ({"text": "x\ud800"}, "holds something that is not valid Unicode"),
        ("words", "is not an object with a `text`"),
        (None, "is not an object with a `text`"),
    ],
)
def test_a_bad_record_fails_alone_with_its_number(read_file: Read, entry: object, reason: str) -> None:
    findings = read_file("a.json", json.dumps([{"text": "good"}, entry, {"documents": [entry]}]))

    assert failures(findings) == [("a.json: item 2", reason), ("a.json: item 3, document 1", reason)]
    assert len(documents(findings)) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[\n {"text": }\n]', "is not JSON: Expecting value at line 2, column 11"),
        ("", "is not JSON: Expecting value at line 1, column 1"),
        ('"words"', "is not an object with a `text`"),
        ("[]", "holds an empty list"),
        ("[" * 100_000, "is nested too deeply"),
        ("9" * 5_000, "holds a number that is too long"),
        (b'{"text": "caf\xe9"}', "is not UTF-8: byte 0xe9 at offset 13 (save it as UTF-8, or UTF-16 with its mark)"),
        (b"{\x00}", "is not text: character 1 is NUL"),
        (b"\xff\xfe{\x00}\xd8", "is not UTF-16 at byte 4"),
    ],
)
def test_json_that_cannot_be_read_says_where(read_file: Read, content: str | bytes, reason: str) -> None:
    assert failures(read_file("a.json", content)) == [("a.json", reason)]


def test_a_bad_line_of_json_lines_fails_alone(read_file: Read) -> None:
    lines = [b'{"text": "1"}', b"", b'{"text": ', b'{"text": "\xff"}', b'{"text": "\x00"}', b"[1]", b'{"text": "7"}\r']

    findings = read_file("a.jsonl", b"\n".join(lines))

    assert [found["text"] for found in documents(findings)] == ["1", "7"]
    assert failures(findings) == [
        ("a.jsonl:3", "is not JSON: Expecting value at line 1, column 10"),
        ("a.jsonl:4", "is not UTF-8: byte 0xff at offset 10 (save it as UTF-8, or UTF-16 with its mark)"),
        ("a.jsonl:5", "is not text: it holds a NUL"),
        ("a.jsonl:6", "is not an object with a `text`"),
    ]


def test_a_line_without_end_is_not_read_into_memory(read_file: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_files, "_LONGEST_LINE", 100)
    long = json.dumps({"text": "x" * 1_000})

    findings = read_file("a.jsonl", f'{{"text": "1"}}\n{long}\n{{"text": "3"}}')

    assert [found["text"] for found in documents(findings)] == ["1", "3"]
    assert failures(findings) == [("a.jsonl:2", "the line is longer than 100 characters")]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv", "a.md", "a.txt"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_format_is_read_in_every_encoding(read_file: Read, name: str, encoding: str) -> None:
    text = "Grüße, 日本 😀"
    content = {"a.json": json.dumps({"text": text}, ensure_ascii=False), "a.csv": f'text,id\n"{text}",1\n'}
    content["a.jsonl"] = content["a.json"]

    (found,) = documents(read_file(name, content.get(name, text).encode(encoding)))

    assert found["text"] == text


def test_utf16_that_breaks_off_in_a_stream_is_a_failure(read_file: Read) -> None:
    findings = read_file("a.jsonl", '{"text": "1"}\n'.encode("utf-16") + b"\x00")

    (failure,) = failures(findings)
    assert failure[0] == "a.jsonl"
    assert "UTF-16" in failure[1]


def test_csv_columns_become_fields_and_the_others_metadata(read_file: Read) -> None:
    content = 'id, text ,question,section,course,,empty\n1,"a, ""b""\nc",Q,S,llm,7,\n\n2,d,,,,,\n'

    assert documents(read_file("a.csv", content)) == [
        {"id": "1", "text": 'a, "b"\nc', "title": "Q", "headings": ["S"], "metadata": {"course": "llm"}},
        {"id": "2", "text": "d", "title": "", "metadata": {}},
    ]


def test_a_bad_row_fails_alone_with_the_line_it_starts_on(read_file: Read) -> None:
    rows = [
        b"text,id",
        b'"one\nline two",1',
        b"too,many,cells",
        b"few",
        b'"a"b,3',
        b"\xff,4",
        b"\x00,5",
        b",6",
        b"good,7",
    ]

    findings = read_file("a.csv", b"\n".join(rows))

    assert [found["id"] for found in documents(findings)] == ["1", "7"]
    assert [place for place, _ in failures(findings)] == [f"a.csv:{line}" for line in (4, 5, 6, 7, 8, 9)]
    assert failures(findings)[0][1] == "has 3 cells where the header has 2"


def test_a_quote_that_never_closes_is_a_failure(read_file: Read) -> None:
    findings = read_file("a.csv", 'text\ngood\n"never closed\nand so on\n')

    assert len(documents(findings)) == 1
    assert failures(findings) == [("a.csv:3", "is not CSV: unexpected end of data")]


def test_a_cell_may_be_longer_than_the_library_wants(read_file: Read) -> None:
    (found,) = documents(read_file("a.csv", f"text\n{'x' * 200_000}\n"))

    assert len(found["text"]) == 200_000


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "has no header row"),
        ("question,course\na,b\n", "the header has no column `text` or `content`"),
        ("text,a,a\n1,2,3\n", "two columns of the header have the same name"),
        (b"text,\xff\n1,2\n", "is not UTF-8: byte 0xff at offset 0 (save it as UTF-8, or UTF-16 with its mark)"),
    ],
)
def test_a_csv_without_a_usable_header_is_one_failure(read_file: Read, content: str | bytes, reason: str) -> None:
    assert failures(read_file("a.csv", content)) == [("a.csv:1", reason)]


def test_markdown_is_one_document_titled_by_its_first_heading(read_file: Read) -> None:
    content = "---\n# a comment\ntitle: x\n---\n```sh\n# not this\n```\n## nor this\r\n# The *title* #\r\nText\n"

    assert documents(read_file("a.md", content)) == [
        {
            "id": "a.md",
            "title": "The *title*",
            "text": content.replace("\r\n", "\n"),
            "format": "markdown",
            "metadata": {"source": "a.md"},
        }
    ]


@pytest.mark.parametrize("content", ["No heading", "#no space", "# " + "x" * 1_001, "~~~\n# never closed"])
def test_markdown_without_a_usable_heading_is_titled_by_its_name(read_file: Read, content: str) -> None:
    (found,) = documents(read_file("notes.md", content))

    assert found["title"] == "notes"


def test_plain_text_is_one_document_titled_by_its_name(read_file: Read) -> None:
    assert documents(read_file("notes.txt", "# not a heading")) == [
        {
            "id": "notes.txt",
            "title": "notes",
            "text": "# not a heading",
            "format": "plain",
            "metadata": {"source": "notes.txt"},
        }
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b" \n", "holds no text"),
        (b"", "holds no text"),
        (b"\x7fELF\x00\x00", "is not text: character 4 is NUL"),
        (b"\xef\xbb\xbfab\xff", "is not UTF-8: byte 0xff at offset 5 (save it as UTF-8, or UTF-16 with its mark)"),
        (b"x" * 5_000_001, "is longer than 5,000,000 characters"),
        ("ü" * 12_000_000, "is longer than 5,000,000 characters"),
    ],
    ids=["blank", "empty", "binary", "latin", "long", "very long"],
)
def test_a_text_file_that_cannot_be_read_says_why(read_file: Read, content: bytes | str, reason: str) -> None:
    assert failures(read_file("a.txt", content)) == [("a.txt", reason)]
    assert failures(read_file("a.md", content)) == [("a.md", reason)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELD = st.sampled_from(
    ["text", "content", "id", "title", "question", "section", "headings", "metadata", "format", "x"]
)


@given(fields=st.dictionaries(FIELD, JSON | st.text(min_size=1), max_size=6))
def test_any_object_is_a_record_or_a_failure(fields: dict[str, Any]) -> None:
    *remarks, last = record_of(fields, file="f", place="p")

    assert all(isinstance(remark, Remark) for remark in remarks)
    assert isinstance(last, Record | Failure)


@given(text=st.text())
def test_any_text_has_a_heading_or_none(text: str) -> None:
    assert "\n" not in first_heading(text)
