"""The walk over the audit in steps: as strict as the walk at once, and never long at a time."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from audit_triggers import trigger_names
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from review import audit, audit_check
from review.models import AuditCheck, AuditEntry, AuditHead

CHECK, LOG = reverse("review:log_check"), reverse("review:log")
LENGTH = 8


@pytest.fixture
def chain(db: None, monkeypatch: pytest.MonkeyPatch) -> list[AuditEntry]:
    """Eight entries, walked three at a time, beside the triggers that would refuse to damage them."""
    monkeypatch.setattr(audit_check, "STEP_ENTRIES", 3)
    with connection.cursor() as cursor:
        for name in trigger_names():
            place = " ON review_auditentry" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{place}")
    return [audit.append("tested", actor="worker", details={"n": n}) for n in range(LENGTH)]


def checked() -> AuditCheck:
    """A whole new check, and what it found."""
    assert audit_check.ask(by="test")
    audit_check.advance(60)
    check = audit_check.latest()
    assert check is not None
    assert check.finished_at is not None
    return check


def test_a_sound_chain(chain: list[AuditEntry]) -> None:
    check = checked()
    assert (check.walked, check.head, check.fault, check.asked_by) == (LENGTH, chain[-1].digest, "", "test")


def test_nothing_at_all_is_sound(db: None) -> None:
    assert checked().fault == ""


def test_it_goes_on_where_it_stopped(chain: list[AuditEntry]) -> None:
    audit_check.ask(by="test")
    steps = [audit_check.advance(0) for _ in range(4)]
    assert steps == [3, 3, 2, 0]
    assert audit_check.latest() == AuditCheck.objects.sound().get()


def test_a_step_is_one_short_read(
    chain: list[AuditEntry], count_queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    audit_check.ask(by="test")
    audit_check.advance(0)
    with count_queries() as statements:
        audit_check.advance(0)
    assert [sql.split()[0] for sql in statements] == ["SELECT", "SELECT", "UPDATE"]
    assert "LIMIT 3" in statements[1]


@pytest.mark.parametrize(
    ("damage", "fault", "sound"),
    [
        ("UPDATE review_auditentry SET actor = 'x' WHERE seq = 5", "entry 5 was changed", 4),
        ("DELETE FROM review_auditentry WHERE seq = 7", "entry 7 is missing", 6),
        ("DELETE FROM review_auditentry WHERE seq = 1", "entry 1 is missing", 0),
        ("DELETE FROM review_auditentry WHERE seq = 8", audit.CUT_OFF, 7),
        ("DELETE FROM review_auditentry", audit.CUT_OFF, 0),
    ],
)
def test_damage_is_found_and_is_an_alarm(
    chain: list[AuditEntry], caplog: pytest.LogCaptureFixture, damage: str, fault: str, sound: int
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(damage)
    check = checked()
    assert (check.fault, check.walked) == (fault, sound)
    assert f"ALARM the audit does not hold: {fault}" in caplog.text


def test_a_chain_that_was_cut_and_closed_again_is_found_by_the_check_before(chain: list[AuditEntry]) -> None:
    assert checked().fault == ""
    AuditEntry.objects.filter(seq__gt=5).delete()
    AuditHead.objects.update(seq=5, digest=chain[4].digest)
    assert audit.verify().fault == ""
    assert checked().fault == audit.HEAD_GONE


def test_entries_that_arrive_meanwhile_are_walked_too(chain: list[AuditEntry]) -> None:
    audit_check.ask(by="test")
    audit_check.advance(0)
    audit.append("tested", actor="worker")
    audit_check.advance(60)
    check = AuditCheck.objects.sound().get()
    assert check.walked == LENGTH + 1


def test_one_check_at_a_time(chain: list[AuditEntry]) -> None:
    assert audit_check.ask(by="test")
    assert not audit_check.ask(by="test")
    assert audit_check.is_running()
    with pytest.raises(IntegrityError, match="audit_check_one_at_a_time"), transaction.atomic():
        AuditCheck.objects.create(asked_by="x", head="")


def test_of_two_at_once_one_is_heard(chain: list[AuditEntry]) -> None:
    audit_check.ask(by="test")
    mine = AuditCheck.objects.get()
    audit_check.advance(0)
    assert audit_check._step(mine) == 0
    assert AuditCheck.objects.get().walked == 3


def test_it_is_done_once_a_day_unasked(chain: list[AuditEntry]) -> None:
    assert audit_check.ask_when_old(by="sweep")
    audit_check.advance(60)
    assert not audit_check.ask_when_old(by="sweep")
    AuditCheck.objects.update(started_at="2020-01-01T00:00:00Z")
    assert audit_check.ask_when_old(by="sweep")


def test_the_badge_follows_the_check(as_ada: Client, ada: User, chain: list[AuditEntry]) -> None:
    assert "not checked yet" in as_ada.get(LOG).content.decode()
    assert as_ada.post(CHECK).headers["Location"] == LOG
    assert "0 of 8 entries so far" in as_ada.get(LOG).content.decode()
    assert "A check is at work already." in as_ada.post(CHECK, follow=True).content.decode()
    audit_check.advance(60)
    assert "all 8 entries are unchanged" in as_ada.get(LOG).content.decode()
    assert AuditCheck.objects.get().asked_by == audit.staff(ada)
    AuditEntry.objects.filter(seq=2).update(action="x")
    checked()
    page = as_ada.get(LOG).content.decode()
    assert "DOES NOT HOLD" in page
    assert "entry 2 was changed" in page


@pytest.mark.parametrize(("who", "status"), [("anonymous", 302), ("rosa", 403), ("nia", 403)])
def test_the_unwelcome_start_no_check(
    client: Client, request: pytest.FixtureRequest, db: None, who: str, status: int
) -> None:
    if who != "anonymous":
        client.force_login(request.getfixturevalue(who), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(CHECK).status_code == status
    assert client.get(CHECK).status_code in {302, 405}
    assert not AuditCheck.objects.exists()
