"""/metrics: who may read it, what it says of known rows, that it stays cheap, and that its table is true."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import review_rows
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from partner_rows import live_partner, record
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from arcsite.operations import metrics
from arcsite.operations.metrics import METRICS
from enrollment import limiter
from enrollment.models import OriginalKey
from enrollment.states import PhotoState
from matching import heartbeat
from matching.models import Partner
from review import audit
from review.models import AuditCheck, Outcome

DOCS = Path(__file__).resolve().parents[3] / "docs" / "operators.md"
TOKEN = "t" * 43
MOST_QUERIES = 12
Values = dict[tuple[str, ...], float]


@pytest.fixture
def token(settings: Settings) -> str:
    settings.ARC_METRICS_TOKEN = TOKEN
    return TOKEN


def values() -> Values:
    """Every sample by its name and its labels' values, in the order of the labels' names."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, *sample.labels.values()): sample.value for one in families for sample in one.samples
    }


class TestAccess:
    def test_without_a_token_there_is_nothing(self, client: Client, db: None) -> None:
        assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404

    def test_with_the_token_in_the_header(self, client: Client, token: str, db: None) -> None:
        answer = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=")
        assert answer["Cache-Control"] == "no-store"
        assert b"arc_queue_photos" in answer.content

    @pytest.mark.parametrize(
        "given", ["", TOKEN, "Bearer " + "t" * 42, f"Basic {TOKEN}", "Bearer \xe9" + TOKEN]
    )
    def test_with_anything_else(self, given: str, client: Client, token: str, db: None) -> None:
        answer = client.get("/metrics", headers={"authorization": given})
        assert answer.status_code == 401
        assert b"arc_" not in answer.content

    def test_never_by_the_address(self, client: Client, token: str, db: None) -> None:
        assert client.get(f"/metrics?token={token}&access_token={token}").status_code == 401

    def test_a_database_that_does_not_answer(
        self, client: Client, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> Iterator[object]:
            raise OperationalError("no connection to db.internal")

        monkeypatch.setattr("arcsite.operations.readings.read", fail)
        answer = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.content) == (503, b"database-unusable\n")


@pytest.mark.django_db
class TestValues:
    def test_of_a_new_service(self) -> None:
        found = values()
        assert found["arc_queue_photos", "awaiting_review"] == 0
        assert found["arc_queue_oldest_seconds", "escalated"] == 0
        assert found[("arc_worker_silence_seconds",)] == float("inf")
        assert found[("arc_audit_sound",)] == 1
        assert ("arc_decision_seconds", "0.5") not in found

    def test_of_photos(self) -> None:
        hour, now = timedelta(hours=1), timezone.now()
        waiting = review_rows.photos(3, age=hour)
        late: dict[str, Any] = {"due_at": now - hour}
        review_rows.photos(1, state=PhotoState.COVERED, **late)
        review_rows.photos(2, state=PhotoState.WITHDRAWN, **late)
        review_rows.photos(1, state=PhotoState.WITHDRAWN, original_removed_at=now)
        OriginalKey.objects.create(photo=waiting[0], wrapped=b"x")
        found = values()
        assert found["arc_queue_photos", "awaiting_review"] == 3
        assert found["arc_queue_oldest_seconds", "awaiting_review"] == pytest.approx(3602, abs=30)
        assert found["arc_work_photos", "covered"] == 1
        assert found[("arc_fingerprint_late_seconds",)] == pytest.approx(3600, abs=30)
        assert found[("arc_purge_photos",)] == 2
        assert found[("arc_purge_late_seconds",)] == pytest.approx(3600, abs=30)
        assert found[("arc_originals",)] == 1

    def test_of_decisions(self) -> None:
        rosa = review_rows.person("rosa", "Reviewer")
        for hours in (1, 2, 9):
            photo = review_rows.photos(1, age=timedelta(hours=hours))[0]
            review_rows.said(photo, rosa, Outcome.COVERED)
        found = values()
        assert found[("arc_decisions_last_day",)] == 3
        assert found["arc_decision_seconds", "0.5"] == pytest.approx(7200, abs=30)
        assert found["arc_decision_seconds", "1.0"] == pytest.approx(32400, abs=30)

    def test_of_partners_without_their_names(self) -> None:
        partner = live_partner("Nameless Inc")
        record()
        record()
        Partner.objects.filter(pk=partner.pk).update(pulled=1, alarms="silent")
        found = values()
        assert found[("arc_feed_head",)] == 2
        assert found["arc_partner_feed_lag", str(partner.pk)] == 1
        assert found["arc_partner_alarm", "silent", str(partner.pk)] == 1
        text = metrics.exposition().decode()
        assert partner.name not in text
        assert partner.slug not in text

    def test_of_the_limiter(self, rf: RequestFactory, settings: Settings) -> None:
        settings.ARC_LIMIT_SIGN_INS = 1
        for refused in (False, True, True):
            assert self.is_refused(rf.post("/")) is refused
        assert values()["arc_limiter_refused_total", "sign-in"] == 2

    @staticmethod
    def is_refused(request: HttpRequest) -> bool:
        try:
            limiter.take(limiter.Purpose.SIGN_IN, request)
        except limiter.Throttled:
            return True
        return False

    def test_of_the_worker_and_the_audit(self) -> None:
        heartbeat.beat()
        audit.append("tested", actor="test")
        AuditCheck.objects.create(
            asked_by="test", head=audit.GENESIS, fault="entry 1 was changed", finished_at=timezone.now()
        )
        found = values()
        assert found[("arc_worker_silence_seconds",)] < 30
        assert found[("arc_audit_entries",)] == 1
        assert found[("arc_audit_sound",)] == 0
        assert found[("arc_audit_check_age_seconds",)] < 30


@pytest.mark.django_db
def test_a_question_stays_cheap() -> None:
    for number in range(5):
        live_partner(f"Partner {number}")
    review_rows.photos(20)
    with CaptureQueriesContext(connection) as captured:
        metrics.exposition()
    assert len(captured) <= MOST_QUERIES


@pytest.mark.django_db
def test_every_metric_says_something(rf: RequestFactory, settings: Settings) -> None:
    """On rows of every kind, each has a sample: none is listed that is never given."""
    TestValues().test_of_decisions()
    TestValues().test_of_partners_without_their_names()
    TestValues().test_of_the_limiter(rf, settings)
    assert {name for name, *_ in values()} == {metric.name for metric in METRICS}


def test_the_table_in_the_docs_is_the_codes() -> None:
    rows = re.findall(
        r"^\| `(arc_\w+)` \| (gauge|counter) \| ([^|]*) \| ([^|]+) \|$", DOCS.read_text(), re.MULTILINE
    )
    written = {
        (name, kind, tuple(re.findall(r"`(\w+)`", labels)), meaning) for name, kind, labels, meaning in rows
    }
    assert written == {
        (metric.name, "counter" if metric.is_counter else "gauge", metric.labels, metric.meaning)
        for metric in METRICS
    }
