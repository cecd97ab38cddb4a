"""Taking the log away as a file: whole, without formulas, and never unnoticed."""

import csv
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from enrollment.models import Photo
from review import audit, log
from review.models import AuditEntry

EXPORT = reverse("review:log_export")
SEARCH = reverse("review:log_search")
MakeCase = Callable[..., list[Photo]]


def exported(client: Client) -> list[dict[str, str]]:
    answer = client.post(EXPORT)
    assert answer.status_code == 200
    assert isinstance(answer, StreamingHttpResponse)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    return list(csv.DictReader(StringIO(answer.getvalue().decode(), newline="")))


def test_everything_is_in_it_newest_first(
    as_ada: Client, rosa: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "EXPORTED_AT_ONCE", 3)
    for number in range(10):
        audit.append("tested", actor=audit.staff(rosa), details={"n": number})
    rows = exported(as_ada)
    assert [row["number"] for row in rows] == [str(number) for number in range(10, 0, -1)]
    assert tuple(rows[0]) == log.COLUMNS
    first = AuditEntry.objects.get(seq=1)
    assert rows[-1] == {
        "number": "1", "time": first.at, "actor": f"staff:{rosa.pk}", "name": "rosa", "action": "tested",
        "case": "", "photo": "", "details": '{"n":0}', "previous": audit.GENESIS, "digest": first.digest,
    }  # fmt: skip


def test_the_export_is_written_down_before_it_is_read(as_ada: Client, ada: User, make_case: MakeCase) -> None:
    case = make_case()[0].case.number
    as_ada.post(SEARCH, {"case": case, "actor": "submitter"})
    assert len(exported(as_ada)) == 1
    entry = AuditEntry.objects.order_by("-seq")[0]
    assert (entry.action, entry.actor, entry.case) == ("log.exported", audit.staff(ada), case)
    assert json.loads(entry.details) == {"actor": "submitter"}
    unread = as_ada.post(EXPORT)
    assert isinstance(unread, StreamingHttpResponse)
    assert AuditEntry.objects.filter(action="log.exported").count() == 2


def test_people_searched_for_are_kept_by_key(as_ada: Client, rosa: User) -> None:
    audit.append("tested", actor=audit.staff(rosa))
    as_ada.post(SEARCH, {"actor": "rosa"})
    exported(as_ada)
    assert json.loads(AuditEntry.objects.order_by("-seq")[0].details) == {"actor": f"staff:{rosa.pk}"}


def test_what_arrives_during_a_slow_download_stays_out(as_ada: Client) -> None:
    audit.append("tested", actor="worker")
    answer = as_ada.post(EXPORT)
    audit.append("tested", actor="worker")
    assert isinstance(answer, StreamingHttpResponse)
    assert answer.getvalue().decode().count("\r\n") == 2


def test_no_cell_is_a_formula(as_ada: Client, rosa: User) -> None:
    User.objects.filter(pk=rosa.pk).update(username="@SUM(1)")
    audit.append("=1+1", actor=audit.staff(rosa), details={"reason": "=HYPERLINK(1)"})
    audit.append("tested", actor="+1")
    cells = {cell for row in exported(as_ada) for cell in row.values()}
    assert {"'=1+1", "'@SUM(1)", "'+1"} <= cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_statements_are_short(
    ada: User, monkeypatch: pytest.MonkeyPatch, count_queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    """One that stayed open as long as a slow download would hold the write-ahead log."""
    monkeypatch.setattr(log, "EXPORTED_AT_ONCE", 4)
    for _ in range(9):
        audit.append("tested", actor="worker")
    rows = log.export(log.Search(), by=ada)
    with count_queries() as statements:
        assert sum(1 for _ in rows) == 9
    assert len([sql for sql in statements if "LIMIT 4" in sql]) == 4


@pytest.mark.parametrize(("role", "status"), [("Auditor", 200), ("Lead", 200), ("Reviewer", 403)])
def test_only_with_its_own_permission(client: Client, nia: User, role: str, status: int) -> None:
    nia.groups.add(Group.objects.get(name=role))
    client.force_login(nia, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(EXPORT).status_code == status


def test_reading_is_not_enough(client: Client, nia: User) -> None:
    nia.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    client.force_login(nia, backend="django.contrib.auth.backends.ModelBackend")
    assert EXPORT not in client.get(reverse("review:log")).content.decode()
    assert client.post(EXPORT).status_code == 403
    assert not AuditEntry.objects.exists()


def test_it_rejects_get(as_ada: Client) -> None:
    assert as_ada.get(EXPORT).status_code == 405
    assert not AuditEntry.objects.exists()
