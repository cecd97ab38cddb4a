"""Narrowing the log by case, person, action and day: each from an index, each told plainly when wrong."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from review import audit, log
from review.log import Search

SEARCH = reverse("review:log_search")
CASE = "0123456789"
DAYS = ["2026-03-01", "2026-03-02", "2026-03-02", "2026-03-04"]


@pytest.fixture
def entries(db: None, rosa: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four entries over three days: 1 and 3 by Rosa, 2 by somebody who is gone, 4 by the worker."""

    days = iter(DAYS)

    class Clock:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            return datetime.fromisoformat(f"{next(days)}T12:00:00.000001").replace(tzinfo=zone)

    monkeypatch.setattr(audit, "datetime", Clock)
    audit.append("photo.viewed", actor=audit.staff(rosa), case=CASE)
    audit.append("photo.viewed", actor="staff:0")
    audit.append("photo.claimed", actor=audit.staff(rosa))
    audit.append("photo.viewed", actor="worker", case=CASE)


def found(**search: str) -> list[int]:
    return [line.entry.seq for line in log.page(Search(**search)).lines]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({}, [4, 3, 2, 1]),
        ({"actor": "rosa"}, [3, 1]),
        ({"actor": "worker"}, [4]),
        ({"actor": "nobody"}, []),
        ({"action": "photo.viewed"}, [4, 2, 1]),
        ({"actor": "rosa", "action": "photo.viewed"}, [1]),
        ({"case": CASE}, [4, 1]),
        ({"case": CASE, "actor": "rosa"}, [1]),
        ({"case": CASE, "actor": "worker", "action": "photo.claimed"}, []),
        ({"since": "2026-03-02"}, [4, 3, 2]),
        ({"until": "2026-03-02"}, [3, 2, 1]),
        ({"since": "2026-03-02", "until": "2026-03-02"}, [3, 2]),
        ({"since": "2026-03-03", "until": "2026-03-03"}, []),
        ({"since": "2027-01-01"}, []),
        ({"until": "2025-01-01"}, []),
        ({"until": "9999-12-31"}, [4, 3, 2, 1]),
        ({"case": CASE, "since": "2026-03-02", "actor": "worker"}, [4]),
    ],
)
def test_what_is_found(entries: None, search: dict[str, str], expected: list[int]) -> None:
    assert found(**search) == expected


@pytest.mark.parametrize(
    ("search", "index"),
    [
        ({"actor": "worker"}, "audit_by_actor"),
        ({"action": "photo.viewed"}, "audit_by_action"),
        ({"actor": "worker", "action": "photo.viewed"}, "audit_by_actor_and_action"),
        ({"case": CASE, "actor": "worker", "action": "photo.viewed"}, "audit_by_case"),
        ({"case": CASE, "since": "2026-03-01"}, "audit_by_case"),
    ],
)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="another planner has another say")
def test_every_search_stands_on_one_index(entries: None, search: dict[str, str], index: str) -> None:
    """Else a rare action of a busy person would read through everything that they ever did."""
    plan = log._below(log._matching(Search(**search)), 4).explain()
    assert f"USING INDEX {index} " in plan
    assert "TEMP B-TREE" not in plan


def test_a_day_is_found_by_its_index(entries: None, django_assert_num_queries: Callable[..., Any]) -> None:
    with django_assert_num_queries(3) as captured:
        list(log._matching(Search(since="2026-03-02", until="2026-03-02")))
    assert all("LIMIT 1" in query["sql"] for query in captured.captured_queries[:2])


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"case": "nonsense"}, "case", "This is not a case number."),
        ({"actor": "nobody"}, "actor", "Nobody of this name has done anything here."),
        ({"since": "2026-02-30"}, "since", "Enter a valid date."),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "until", "The last day lies before the first one."),
        ({"action": "x" * 41}, "action", "at most 40 characters"),
    ],
)
def test_a_mistake_is_told_at_its_field(
    as_ada: Client, entries: None, sent: dict[str, str], field: str, said: str
) -> None:
    answer = as_ada.post(SEARCH, sent)
    assert answer.status_code == 422
    assert said in answer.context["form"].errors[field][0]


def test_a_search_stays_until_it_is_cleared(as_ada: Client, entries: None) -> None:
    page = as_ada.post(SEARCH, {"actor": "rosa", "since": "2026-03-02"}, follow=True).content.decode()
    assert 'value="rosa"' in page
    assert 'value="2026-03-02"' in page
    assert page.count("<tr>") == 2
    assert as_ada.post(SEARCH, {"clear": "1"}, follow=True).content.decode().count("<tr>") == 5


def test_people_are_searched_by_name_and_kept_by_key(entries: None, rosa: User) -> None:
    assert log.actor_key("rosa") == f"staff:{rosa.pk}"
    assert log.actor_key("sweep") == "sweep"
