"""The lead's page: figures as they were worked out last, and escalations given to people."""

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from xml.etree import ElementTree as ET

import pytest
import review_rows
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from enrollment.models import Photo
from enrollment.states import PhotoState
from review import claims, team
from review.models import Assignment, AuditEntry, Claim, NearDuplicate, Outcome, Step

URL = reverse("review:lead")
Count = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def lea(db: None) -> User:
    return review_rows.person("lea", "Lead")


@pytest.fixture
def lou(db: None) -> User:
    return review_rows.person("lou", "Lead")


@pytest.fixture
def as_lea(lea: User) -> Client:
    client = Client()
    client.force_login(lea, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def escalated(db: None) -> Photo:
    return review_rows.photos(1, state=PhotoState.ESCALATED)[0]


def assign(client: Client, photo: Photo, lead: User | None) -> int:
    path = reverse("review:assign", args=[photo.pk])
    return client.post(path, {"lead": lead.pk if lead else ""}).status_code


@pytest.mark.parametrize(("who", "status"), [("anonymous", 302), ("rosa", 403), ("nia", 403), ("ada", 403)])
def test_the_unwelcome_are_refused(
    client: Client, request: pytest.FixtureRequest, escalated: Photo, who: str, status: int
) -> None:
    if who != "anonymous":
        client.force_login(request.getfixturevalue(who), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(URL).status_code == status
    assert client.post(reverse("review:assign", args=[escalated.pk])).status_code == status
    assert client.post(reverse("review:take", args=[escalated.pk])).status_code == status
    assert not Assignment.objects.exists()
    assert not Claim.objects.exists()


def test_it_says_its_methods(as_lea: Client, escalated: Photo) -> None:
    assert as_lea.post(URL).status_code == 405
    assert as_lea.get(reverse("review:assign", args=[escalated.pk])).status_code == 405
    assert as_lea.get(reverse("review:take", args=[escalated.pk])).status_code == 405


def test_before_there_are_figures(as_lea: Client) -> None:
    page = as_lea.get(URL).content.decode()
    assert "not worked out yet" in page
    assert "Nothing waits for a lead." in page


def test_the_figures_and_their_charts(as_lea: Client, lea: User, rosa: User, omar: User) -> None:
    review_rows.photos(7)
    for _ in range(3):
        review_rows.blind_pair(Outcome.COVERED, Outcome.COVERED, (rosa, omar))
        review_rows.blind_pair(Outcome.NOT_COVERED, Outcome.NOT_COVERED, (rosa, omar))
    team.refresh()
    page = as_lea.get(URL).content.decode()
    assert "from 6 pairs" in page
    assert "1.00" in page
    assert ">rosa<" in page
    charts = [ET.fromstring(chart) for chart in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    assert len(charts) == 4
    assert page.count("The same as a table") == 4
    for chart in charts:
        assert chart.find("title") is not None
        assert not [element for element in chart.iter() if element.get("style")]
        assert all(float(bar.attrib["height"]) >= 0 for bar in chart.iter("rect"))
    assert "style=" not in page


def test_escalations_stand_there_longest_waiting_first(as_lea: Client, lou: User) -> None:
    first, second = review_rows.photos(2, state=PhotoState.ESCALATED)
    review_rows.photos(2)
    near = review_rows.photos(1, state=PhotoState.PROTECTED, original_removed_at="2026-01-01T00:00:00Z")[0]
    NearDuplicate.objects.create(photo=first, other=near, distance=0.0)
    NearDuplicate.objects.create(photo=second, other=first, distance=0.0)
    assign(as_lea, second, lou)
    shown = as_lea.get(URL).context["escalations"]
    assert [photo.pk for photo in shown.photos] == [first.pk, second.pk]
    assert [photo.likenesses for photo in shown.photos] == [2, 1]
    page = as_lea.get(URL).content.decode()
    assert page.index(first.case.number) < page.index(second.case.number)
    assert f'<option value="{lou.pk}" selected>lou</option>' in page


def test_a_photo_is_given_and_given_back(as_lea: Client, lea: User, lou: User, escalated: Photo) -> None:
    assert assign(as_lea, escalated, lou) == 302
    given = Assignment.objects.get()
    assert (given.photo, given.lead, given.assigned_by) == (escalated, lou, lea)
    assert claims.take_next(lea) is None
    assert assign(as_lea, escalated, None) == 302
    assert not Assignment.objects.exists()
    taken = claims.take_next(lea)
    assert taken is not None
    actions = AuditEntry.objects.filter(action="photo.assigned").order_by("seq")
    assert [entry.details for entry in actions] == [f'{{"lead":"staff:{lou.pk}"}}', '{"lead":""}']
    assert {entry.case for entry in actions} == {escalated.case.number}


def test_not_to_somebody_who_spoke_on_it(as_lea: Client, lou: User, escalated: Photo) -> None:
    review_rows.said(escalated, lou, Outcome.COVERED, Step.OPINION)
    answer = as_lea.post(reverse("review:assign", args=[escalated.pk]), {"lead": lou.pk})
    assert answer.status_code == 409
    assert "has spoken on the photo before" in answer.content.decode()
    assert not Assignment.objects.exists()
    assert not AuditEntry.objects.exists()


def test_not_out_of_somebodys_hands(as_lea: Client, lea: User, lou: User, escalated: Photo) -> None:
    claims.take(escalated.pk, lou)
    assert assign(as_lea, escalated, lea) == 409
    assert "with a lead now" in as_lea.get(URL).content.decode()


def test_not_when_it_waits_for_no_lead(as_lea: Client, lou: User) -> None:
    [photo] = review_rows.photos(1)
    assert assign(as_lea, photo, lou) == 409
    assert as_lea.post(reverse("review:assign", args=[uuid.uuid4()]), {"lead": ""}).status_code == 404


@pytest.mark.parametrize("lead", ["rosa", "0", "x", "-1", "9" * 40])
def test_not_to_somebody_who_is_no_lead(as_lea: Client, rosa: User, escalated: Photo, lead: str) -> None:
    answer = as_lea.post(
        reverse("review:assign", args=[escalated.pk]),
        {"lead": str(rosa.pk) if lead == "rosa" else lead},
        follow=True,
    )
    assert "This person cannot be given the photo." in answer.content.decode()
    assert not Assignment.objects.exists()


def test_a_lead_takes_one_out_of_turn(as_lea: Client, lea: User) -> None:
    _, second = review_rows.photos(2, state=PhotoState.ESCALATED)
    path = reverse("review:take", args=[second.pk])
    assert as_lea.post(path).headers["Location"] == reverse("review:photo", args=[second.pk])
    assert Claim.objects.get().photo_id == second.pk
    assert as_lea.post(path).status_code == 302
    assert Claim.objects.count() == 1


def test_the_number_of_queries_does_not_grow(as_lea: Client, count_queries: Count) -> None:
    review_rows.photos(10, state=PhotoState.ESCALATED)
    team.refresh()
    with count_queries() as few:
        as_lea.get(URL)
    review_rows.photos(190, state=PhotoState.ESCALATED)
    for number in range(10):
        review_rows.person(f"lead{number}", "Lead")
    with count_queries() as many:
        page = as_lea.get(URL)
    assert page.context["escalations"].more
    assert 5 < len(few) <= 12
    assert len(many) == len(few)
