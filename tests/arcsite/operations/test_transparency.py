from datetime import date, timedelta

import pytest
from django.test import Client
from partner_rows import live_partner
from pytest_django import DjangoAssertNumQueries

from matching.models import PublishedDay
from matching.publishing import KINDS

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 4)
SHOWN = {**dict.fromkeys(KINDS), "submitted": 4321}
FIGURES = {
    "before": "2026-03",
    "months": [
        {"month": "2026-02", "counts": SHOWN, "hours_to_decision": 7, "minutes_to_deletion": None},
        {"month": "2026-01", "counts": SHOWN, "hours_to_decision": 1, "minutes_to_deletion": 2},
    ],
    "years": [{"year": 2025, "counts": {**SHOWN, "submitted": 98765}}],
}


@pytest.fixture
def published() -> PublishedDay:
    for back in (0, 1, 100):
        PublishedDay.objects.create(
            day=DAY - timedelta(days=back),
            audit_entries=70 - back // 2,
            audit_head=f"{back:064}",
            figures=FIGURES if back == 0 else {"before": "old", "months": [], "years": []},
        )
    return PublishedDay.objects.get(day=DAY)


def test_the_page(
    client: Client, published: PublishedDay, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    live_partner("Example")
    with django_assert_num_queries(2):
        text = client.get("/transparency/").content.decode()
    for told in (
        "February 2026",
        "4321",
        "fewer than 10",
        "7 hours",
        "98765",
        "not shown",
        "1 partner looks",
    ):
        assert told in text
    assert published.audit_head in text


def test_before_anything_was_published(client: Client) -> None:
    text = client.get("/transparency/").content.decode()
    assert "There is no finished month yet." in text
    assert "Nothing has been published yet." in text
    assert client.get("/transparency.json").json()["audit"] == []


def test_the_document(client: Client, published: PublishedDay) -> None:
    live_partner("Example")
    content = client.get("/transparency.json").json()
    assert content["partners_live"] == 1
    assert {name: content[name] for name in FIGURES} == FIGURES
    assert content["audit"] == [
        {"day": "2026-03-04", "entries": 70, "head": f"{0:064}"},
        {"day": "2026-03-03", "entries": 70, "head": f"{1:064}"},
    ]
