import logging
from typing import Any

from gunicorn.glogging import Logger


class WithoutRequest(logging.Filter):
    """Drops the request from a log record: it carries the path, the address and the user agent."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name in ("request", "status_code", "server_time"):
            record.__dict__.pop(name, None)
        return True


class GunicornLogger(Logger):
    """gunicorn's log without what it would tell of a sender: the address and the request line."""

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if msg.startswith("Invalid request"):
            msg, args = "A malformed request was refused.", ()
        super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if msg.startswith("Error handling request"):
            msg, args = "Error handling a request", ()
        super().exception(msg, *args, **kwargs)
