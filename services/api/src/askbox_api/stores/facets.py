"""Metadata as exact terms: how one field and value is written down so that every store filters alike.

Knows nothing of any engine but the longest term that all of them take.
"""

import hashlib

from askbox_api.domain import Metadata, Scalar

_SEPARATOR = "\x1f"
_HASH_MARK = "\x1e"
_LONGEST_TERM = 512  # bytes of UTF-8


def facet(field: str, value: Scalar) -> str:
    """The term of one metadata value: the field, a separator, the value's normalised form.

    Equal values give equal terms whatever their type: `1` and `1.0`, `True` and `"true"`. A term over 512
    bytes of UTF-8, with a NUL, or that is not valid Unicode is replaced by its SHA-256: any string is safe.
    """
    term = f"{field}{_SEPARATOR}{_normalised(value)}"
    if _SEPARATOR not in field and "\0" not in term and _fits(term):
        return term
    content = f"{len(field)}{_SEPARATOR}{term}".encode("utf-8", "surrogatepass")
    return _HASH_MARK + hashlib.sha256(content).hexdigest()


def facets(metadata: Metadata) -> list[str]:
    """The terms of all values, each once, in the order of the metadata; a list gives one term a value."""
    terms: dict[str, None] = {}
    for field, value in metadata.items():
        for scalar in value if isinstance(value, tuple) else (value,):
            terms[facet(field, scalar)] = None
    return list(terms)


def _normalised(value: Scalar) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not value.is_integer():
            return repr(value)
        value = int(value)
    # Decimal digits of huge integers are refused by Python itself (a guard against slow conversions).
    return str(value) if -(2**63) <= value < 2**64 else hex(value)


def _fits(term: str) -> bool:
    try:
        return len(term.encode()) <= _LONGEST_TERM
    except UnicodeEncodeError:
        return False
