import json
import logging
import os
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from gunicorn.glogging import Logger

from matching import failures

# How deep an error is traced; what lies further up is the server's own.
MOST_FRAMES = 30


class WithoutRequest(logging.Filter):
    """Drops the request from a log record: it carries the path, the address and the user agent."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name in ("request", "status_code", "server_time"):
            record.__dict__.pop(name, None)
        return True


class TextLines(logging.Formatter):
    """For a person: with the lines of code an error passed through, and without what a row may hold."""

    def formatException(self, exc_info: Any) -> str:  # noqa: N802 - logging's name
        """The error and those before it, the first one first; of the database's no more than is safe."""
        return "\n".join(map(_told, reversed([*_chain(exc_info[1])])))


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, code, and for an error where it happened.

    ``code`` is the name of the exception's class, "" without one. What an exception says is left out, because
    a library may put anything into it; so is everything else that a record carries.
    """

    def format(self, record: logging.LogRecord) -> str:
        kind, _, trace = record.exc_info or (None, None, None)
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "code": kind.__name__ if kind else "",
        }
        if trace is not None:
            fields["where"] = _places(trace)
        return json.dumps(fields, ensure_ascii=False)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> str:
    lines = "".join(traceback.format_tb(error.__traceback__)[-MOST_FRAMES:])
    return f"{lines}{type(error).__name__}: {failures.described(error)}"


def _places(trace: TracebackType) -> list[str]:
    """Where the error passed through, the innermost last; no line of code, which may hold a value."""
    frames = traceback.extract_tb(trace)[-MOST_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


class GunicornLogger(Logger):
    """gunicorn's log without what it would tell of a sender: the address and the request line."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        # Read here because gunicorn logs before it loads the application and its settings.
        as_json = os.environ.get("ARC_LOG_FORMAT", "").strip() == "json"
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines() if as_json else TextLines(self.error_fmt, self.datefmt))

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if msg.startswith("Invalid request"):
            msg, args = "A malformed request was refused.", ()
        super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if msg.startswith("Error handling request"):
            msg, args = "Error handling a request", ()
        super().exception(msg, *args, **kwargs)
