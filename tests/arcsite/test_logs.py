import json
import logging
import sqlite3
import sys
from typing import cast

import pytest
from django.conf import settings
from django.db import IntegrityError
from django.utils.module_loading import import_string
from gunicorn.config import Config

from arcsite.logs import GunicornLogger, JsonLines, WithoutRequest


def test_a_record_loses_its_request() -> None:
    record = logging.makeLogRecord({"msg": "x", "request": object(), "status_code": 500})
    assert WithoutRequest().filter(record)
    assert not hasattr(record, "request")


class TestGunicornLogger:
    @pytest.fixture
    def log(self, caplog: pytest.LogCaptureFixture) -> GunicornLogger:
        logger = GunicornLogger(Config())
        logger.error_log.propagate = True
        caplog.set_level(logging.INFO)
        return logger

    def test_a_malformed_request_leaves_no_address(
        self, log: GunicornLogger, caplog: pytest.LogCaptureFixture
    ) -> None:
        log.warning("Invalid request from ip=203.0.113.9: Invalid HTTP request line: 'GET /secret'")
        assert "A malformed request was refused." in caplog.text
        assert "203.0.113" not in caplog.text
        assert "secret" not in caplog.text

    def test_a_failing_request_leaves_no_address_line(
        self, log: GunicornLogger, caplog: pytest.LogCaptureFixture
    ) -> None:
        try:
            raise RuntimeError("it broke")
        except RuntimeError:
            log.exception("Error handling request %s %s", "GET", "/secret")
        assert "it broke" in caplog.text
        assert "secret" not in caplog.text

    def test_other_warnings_pass(self, log: GunicornLogger, caplog: pytest.LogCaptureFixture) -> None:
        log.warning("worker %d is slow", 7)
        assert "worker 7 is slow" in caplog.text


BROKEN, DETAIL = 'breaks "one_each"', "DETAIL:  Key (number)=(K7SECRET) already exists."


def formatter_of_gunicorn() -> logging.Formatter | None:
    """Of its own handler; pytest may have added others."""
    handlers = GunicornLogger(Config()).error_log.handlers
    found: list[logging.Formatter | None] = [
        handler.formatter for handler in handlers if hasattr(handler, "_gunicorn")
    ]
    assert len(found) == 1
    return found[0]


def failed() -> logging.LogRecord:
    """As an error of PostgreSQL arrives: Django's, because of the driver's, both with the row."""
    try:
        try:
            raise sqlite3.IntegrityError(f"{BROKEN}\n{DETAIL}")
        except sqlite3.IntegrityError as cause:
            raise IntegrityError(*cause.args) from cause
    except IntegrityError:
        return logging.makeLogRecord({"msg": "it failed", "exc_info": sys.exc_info()})


@pytest.mark.parametrize("formatter", [JsonLines(), "text", "gunicorn"])
def test_no_log_quotes_a_row(formatter: logging.Formatter | str | None) -> None:
    if formatter == "text":
        given = dict(settings.LOGGING["formatters"]["text"])
        formatter = import_string(given.pop("()"))(**given)
    if formatter == "gunicorn":
        formatter = formatter_of_gunicorn()
    assert isinstance(formatter, logging.Formatter)
    text = formatter.format(failed())
    assert "K7SECRET" not in text
    assert "IntegrityError" in text
    assert "test_logs.py" in text
    if not isinstance(formatter, JsonLines):
        assert text.count(BROKEN) == text.count("raise ") == 2


class TestJsonLines:
    """What a machine reads: a few named fields, and nothing else that a record may carry."""

    @staticmethod
    def line(**record: object) -> dict[str, object]:
        text = JsonLines().format(logging.makeLogRecord(record))
        assert "\n" not in text
        found: dict[str, object] = json.loads(text)
        return found

    def test_the_fields(self) -> None:
        line = self.line(
            name="matching.x", levelname="INFO", msg="did %d\nthings", args=(3,), created=0.5, path="/secret"
        )
        assert line == {
            "time": "1970-01-01T00:00:00.500+00:00",
            "level": "INFO",
            "logger": "matching.x",
            "message": "did 3\nthings",
            "code": "",
        }

    def test_an_error_says_what_and_where_and_no_value(self) -> None:
        try:
            int("K7 secret")
        except ValueError:
            line = self.line(msg="it failed", exc_info=sys.exc_info())
        assert line["code"] == "ValueError"
        assert any("test_logs.py" in str(place) for place in cast("list[str]", line["where"]))
        assert "K7 secret" not in json.dumps(line)

    def test_gunicorn_writes_them_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ARC_LOG_FORMAT", "json")
        assert isinstance(formatter_of_gunicorn(), JsonLines)
