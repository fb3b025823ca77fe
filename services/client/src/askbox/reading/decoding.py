"""Bytes → text: UTF-8, with or without a mark, or UTF-16 with its mark; anything else is a reason in words.

Knows no format; a file that streams is opened so that one bad line can fail alone.
"""

import codecs
import io
import re
from pathlib import Path
from typing import BinaryIO, TextIO

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")


class NotText(Exception):
    """The bytes are no text that can be read; the message says where, and holds none of them but one."""


def read_text(path: Path, *, most: int | None = None) -> str:
    """The whole file as text with `\\n` line ends. Raises `NotText`, also over `most` characters, and `OSError`."""
    with path.open("rb") as file:
        # No encoding read here takes more than 4 bytes a character.
        content = file.read() if most is None else file.read(4 * most + 4)
    text = _decoded(content)
    if most is not None and len(text) > most:
        raise NotText(f"is longer than {most:,} characters")
    if (position := text.find("\0")) >= 0:
        raise NotText(f"is not text: character {position} is NUL")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def open_text(path: Path, *, newline: str) -> TextIO:
    """The file as a stream of text; bytes that are not UTF-8 come as lone surrogates, which `bad_byte` finds.

    A stream of UTF-16 raises `UnicodeDecodeError` where it breaks. Raises `OSError`.
    """
    file = path.open("rb")
    encoding = "utf-16" if _starts_with_utf16_mark(file) else "utf-8-sig"
    errors = "strict" if encoding == "utf-16" else "surrogateescape"
    return io.TextIOWrapper(file, encoding=encoding, errors=errors, newline=newline)


def bad_byte(line: str) -> str:
    """The reason why `line`, from `open_text`, is not text, or an empty string."""
    if "\0" in line:
        return "is not text: it holds a NUL"
    if (escaped := _ESCAPED_BYTE.search(line)) is None:
        return ""
    before = line[: escaped.start()].encode("utf-8", "surrogateescape")
    return _not_utf8(ord(escaped[0]) - 0xDC00, len(before))


def _starts_with_utf16_mark(file: BinaryIO) -> bool:
    mark = file.read(2)
    file.seek(0)
    return mark in _UTF16_MARKS


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content.startswith(_UTF16_MARKS) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-16":
            raise NotText(f"is not UTF-16 at byte {error.start}") from None
        mark = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
        start = error.start + mark
        raise NotText(_not_utf8(content[start], start)) from None


def _not_utf8(byte: int, position: int) -> str:
    return f"is not UTF-8: byte 0x{byte:02x} at offset {position} (save it as UTF-8, or UTF-16 with its mark)"
