"""Text on a terminal or a pipe: nothing that a document or a model says can steer a terminal.

Control characters and those that turn the direction of writing are shown as escapes; no markup is ever read.
Knows nothing of what is printed.
"""

import codecs
import io
import json
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of writing
    "\ud800-\udfff\ufeff\U000e0000-\U000e007f]"  # half characters, marks and tags nobody can see
)
_LINE_BREAK = re.compile("\r\n|\r|\u2028|\u2029")
_PLAIN = {"›": ">", "—": "-", "–": "-", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "•": "*"}


def safe(text: str) -> str:
    """`text` with its lines and tabs, everything that steers a terminal shown as an escape."""
    return _STEERING.sub(_escape, _LINE_BREAK.sub("\n", text))


def safe_line(text: str) -> str:
    """`text` on one line."""
    return safe(" ".join(text.split()))


def say(text: str = "", *, end: str = "\n") -> None:
    """Prints on standard output, at once."""
    sys.stdout.write(safe(text) + end)
    sys.stdout.flush()


def complain(text: str) -> None:
    """Prints one line on standard error."""
    sys.stderr.write(safe_line(text) + "\n")
    sys.stderr.flush()


def confirmed(question: str) -> bool:
    """Asks on standard error, so that standard output stays for what was asked for; no reply is a no."""
    sys.stderr.write(f"{safe_line(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def say_json(value: "BaseModel | dict[str, Any]") -> None:
    """Prints one JSON document in ASCII, which every terminal and pipe can carry."""
    plain = value if isinstance(value, dict) else value.model_dump(mode="json")
    sys.stdout.write(json.dumps(plain, indent=2, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def say_table(rows: Sequence[Sequence[str]]) -> None:
    """Prints rows in columns as wide as their widest cell; the last column is not padded."""
    from rich.cells import cell_len

    lines = [[safe_line(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)]
        say("  ".join(cells).rstrip())


def prepare_streams() -> None:
    """Makes both streams take any text, whatever their encoding: typographic marks become plain ones."""
    codecs.register_error("askbox-plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="askbox-plain")


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("ascii", "backslashreplace").decode("ascii") if match[0] > "\x7f" else _hex(match[0])


def _hex(character: str) -> str:
    return f"\\x{ord(character):02x}"


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    plain = (_PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode("ascii") for each in characters)
    return "".join(plain), error.end
