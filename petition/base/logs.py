"""The log: lines for people, or a line of JSON for each event. Never what somebody typed.

What this program says of itself is made of words of ours, numbers and classes of errors. What a library says may
repeat what it was given: of its lines only the pattern is written, without what was filled in; of an error its class
and where it happened, never its text. So no setting of a level makes names appear.
"""

import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import orjson

#: Whose words are ours: this program's, and the web server's about its own processes.
_OURS = ("petition", "_granian")


def begin(log_format: str) -> None:
    """Write everything that is told to standard error, in a format of LOG_FORMAT. Once for each process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(log_format))
    # It answers for its own mistakes by printing what it was given: better not at all.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("petition").setLevel(logging.INFO)
    logging.getLogger("_granian").addFilter(_is_news)
    # A warning of Python's own quotes the line it is about, which is a line of a program.
    logging.captureWarnings(True)


def _is_news(record: logging.LogRecord) -> bool:
    """Not the advice to have fewer threads than the settings give: most of the time they wait for the database."""
    return not record.getMessage().startswith("Configuration allows spawning")


class Lines(logging.Formatter):
    """A line for each event."""

    def __init__(self, log_format: str) -> None:
        super().__init__()
        self._write: Callable[[dict[str, object]], str] = _json if log_format == "json" else _text

    def format(self, record: logging.LogRecord) -> str:
        """The fields that may be written, and no others."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, object] = {
            "at": at.replace("+00:00", "Z"), "level": record.levelname.lower(), "by": record.name,
            "process": record.process, "words": _words(record),
        }  # fmt: skip
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            fields["error"] = record.exc_info[0].__name__
            fields["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
        return self._write(fields)


def _words(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] in _OURS:
        return record.getMessage()
    # A pattern of a library's; where it was filled in before it was handed over, nothing of it can be trusted.
    return str(record.msg) if record.args and isinstance(record.msg, str) else f"at {record.module}:{record.lineno}"


def _json(fields: dict[str, object]) -> str:
    return orjson.dumps(fields).decode()


def _text(fields: dict[str, object]) -> str:
    words = f"{fields['level']} {fields['by']}: {fields['words']}".replace("\n", " ")
    where = fields.get("where")
    error = f" {fields['error']}: {' < '.join(where)}" if isinstance(where, list) else ""
    return words + error
