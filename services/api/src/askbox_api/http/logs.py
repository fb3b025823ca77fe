"""How log lines look: one line each, as text or JSON; control characters of any origin are escaped."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _ascii_json(line)


class TextLines(logging.Formatter):
    """A line for people: time, level, message, then fields as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record; a traceback follows, indented so that no line of it looks like a record."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items() if value not in (None, [], ""))
        line = _escaped(f"{time} {record.levelname.lower():7} {record.getMessage()}{fields}")
        traceback = self.formatException(record.exc_info).split("\n") if record.exc_info else []
        return "\n    ".join([line, *map(_escaped, traceback)])


def configure(*, level: str, form: str) -> None:
    """Send all logs to standard error in this form."""
    # The standard library's own advice for what no line of ours shows: the caller's file, thread and process.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("httpx2", "httpcore2", "openai", "elastic_transport", "uvicorn"):
        # Their INFO lines name each request, their WARNING lines each try at a server that is away: ready says that.
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)


def _ascii_json(line: dict[str, Any]) -> str:
    """JSON in plain ASCII. orjson is quick, but lets DEL and what lies above pass, and refuses lone surrogates."""
    try:
        text = orjson.dumps(line, default=str).decode()
    except TypeError:
        text = "\x7f"
    return text if text.isascii() and "\x7f" not in text else json.dumps(line, default=str)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = dict(getattr(record, "fields", {}))
    if request_id := getattr(record, "request_id", ""):
        fields["request_id"] = request_id
    return fields


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
