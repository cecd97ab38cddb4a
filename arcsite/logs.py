import logging


class WithoutRequest(logging.Filter):
    """Drops the request from a log record: it carries the path, the address and the user agent."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name in ("request", "status_code", "server_time"):
            record.__dict__.pop(name, None)
        return True
