import logging

import pytest
from gunicorn.config import Config

from arcsite.logs import GunicornLogger, WithoutRequest


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
