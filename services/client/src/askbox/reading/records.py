"""Objects of JSON or rows of CSV → documents: which field becomes what. Opens no file.

The course's FAQ is understood in both its shapes: `[{course, documents: [{text, section, question}]}]` and the
flat `[{id, text, section, question, course}]`.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from askbox.reading.findings import Failure, Finding, Record, Remark
from askbox.schemas import DocumentIn

TEXT_FIELDS = ("text", "content")
NOT_UNICODE = "holds something that is not valid Unicode"
_FORMATS = ("plain", "markdown")
_LONGEST_VALUE = 2_000
_LONGEST_LIST = 100


def findings_of(value: Any, *, file: str, place: str) -> Iterator[Finding]:
    """What one JSON value holds: a record, or an object with a list of them under `documents`."""
    if not isinstance(value, dict):
        yield Failure(place, "is not an object with a `text`")
        return
    documents = value.get("documents")
    if not isinstance(documents, list):
        yield from record_of(value, file=file, place=place)
        return
    shared = {name: field for name, field in value.items() if name != "documents"}
    for number, item in enumerate(documents, start=1):
        inner = f"{place}, document {number}"
        if isinstance(item, dict):
            yield from record_of(shared | item, file=file, place=inner)
        else:
            yield Failure(inner, "is not an object with a `text`")


def record_of(fields: Mapping[str, Any], *, file: str, place: str) -> Iterator[Finding]:
    """The document that `fields` make, after remarks on what was left out of it; or a failure.

    `text` or `content` → text; `title` or `question` → title; `headings` or `section` → headings; `id`; `format`;
    all other scalars, and those in an object `metadata`, → metadata.
    """
    rest = _given(fields)
    try:
        known = _known_fields(rest)
    except ValueError as error:
        yield Failure(place, str(error))
        return
    if isinstance(rest.get("metadata"), dict):
        rest |= _given(rest.pop("metadata"))
    metadata = {}
    for name, value in rest.items():
        if reason := _unfit(name, value):
            yield Remark(file, f"the field {_shortened(name)!r} was left out: {reason}")
        else:
            metadata[name] = value
    yield checked(place, known | {"metadata": metadata})


def checked(place: str, values: Mapping[str, Any]) -> Record | Failure:
    """A record, if `values` are a document as the contract has it."""
    try:
        document = DocumentIn(**values)
        size = len(document.model_dump_json(exclude_defaults=True).encode())
    except ValidationError as error:
        return Failure(place, _faults(error))
    except PydanticSerializationError:
        return Failure(place, NOT_UNICODE)
    return Record(place, document, size)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def _known_fields(rest: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {"text": _taken(rest, *TEXT_FIELDS)}
    if known["text"] is None:
        raise ValueError("has no `text`")
    if not isinstance(known["text"], str):
        raise ValueError("its `text` is not a string")
    if not known["text"].strip():
        raise ValueError("its `text` is blank")
    known["title"] = _string(_taken(rest, "title", "question"), "title") or ""
    if id := _string(rest.pop("id", None), "id"):
        known["id"] = id
    if rest.get("format") in _FORMATS:
        known["format"] = rest.pop("format")
    headings = _taken(rest, "headings", "section")
    if headings is not None:
        known["headings"] = headings if isinstance(headings, list) else [headings]
    return known


def _taken(rest: dict[str, Any], *names: str) -> Any:
    return next((rest.pop(name) for name in names if name in rest), None)


def _string(value: Any, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"its `{name}` is neither a string nor a whole number")


def _unfit(name: str, value: Any) -> str:
    if not name:
        return "it has no name"
    if len(name) > 200:
        return "its name is longer than 200 characters"
    if isinstance(value, list):
        if len(value) > _LONGEST_LIST:
            return f"a list of more than {_LONGEST_LIST} values"
        return next(filter(None, map(_unfit_scalar, value)), "")
    return _unfit_scalar(value)


def _unfit_scalar(value: Any) -> str:
    match value:
        case str() if len(value) > _LONGEST_VALUE:
            return f"longer than {_LONGEST_VALUE:,} characters"
        case float() if not math.isfinite(value):
            return "not a finite number"
        case int() if not -(2**63) <= value < 2**64:
            return "a whole number of more than 64 bits"
        case str() | bool() | int() | float():
            return ""
        case _:
            return "an object or a nested list"


def _faults(error: ValidationError) -> str:
    faults: dict[str, str] = {}
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        if fault["type"] == "string_unicode":
            return NOT_UNICODE
        # A value that may be of several types has a fault for each; the first is the one of strings.
        faults.setdefault(".".join(map(str, fault["loc"][:2])), fault["msg"])
    return "; ".join(f"{field}: {message}" for field, message in faults.items())[:500]


def _shortened(name: str) -> str:
    return name if len(name) <= 60 else name[:59] + "…"
