from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from enrollment.models import Photo
from review import audit, log
from review.models import Claim

URL = reverse("review:log")
SEARCH = reverse("review:log_search")
MakeCase = Callable[..., list[Photo]]


def rows(client: Client, **query: Any) -> int:
    return client.get(URL, query).content.decode().count("<tr>") - 1


@pytest.mark.parametrize(("who", "status"), [("anonymous", 302), ("rosa", 403), ("nia", 403)])
def test_the_unwelcome_are_refused(
    client: Client, request: pytest.FixtureRequest, db: None, who: str, status: int
) -> None:
    if who != "anonymous":
        user = request.getfixturevalue(who)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(URL).status_code == status
    assert client.post(SEARCH).status_code == status


def test_it_says_its_methods(as_ada: Client) -> None:
    assert as_ada.post(URL).status_code == 405
    assert as_ada.get(SEARCH).status_code == 405


def test_an_empty_log(as_ada: Client) -> None:
    assert "No entry fits." in as_ada.get(URL).content.decode()


def test_a_superuser_may_read_it(as_sol: Client) -> None:
    assert as_sol.get(URL).status_code == 200


def test_it_names_people_and_cases(as_ada: Client, rosa: User, rosas_claim: Claim) -> None:
    page = as_ada.get(URL).content.decode()
    assert "<td><bdi>rosa</bdi></td>" in page
    assert "photo.claimed" in page
    assert rosas_claim.photo.case.number in page


def test_pages_go_by_number_and_miss_nothing(as_ada: Client) -> None:
    total = 2 * log.PAGE_SIZE + 5
    for _ in range(total):
        audit.append("tested", actor="worker")
    seen: list[int] = []
    before = None
    while True:
        page = log.page(log.Search(), before=before)
        seen += [line.entry.seq for line in page.lines]
        if page.older is None:
            break
        before = page.older
    assert seen == list(range(total, 0, -1))
    assert rows(as_ada) == log.PAGE_SIZE
    assert rows(as_ada, before=6) == 5


def test_a_full_last_page_has_no_older_one(db: None) -> None:
    for _ in range(log.PAGE_SIZE):
        audit.append("tested", actor="worker")
    assert log.page(log.Search()).older is None


@pytest.mark.parametrize("before", ["x", "", "-1", "1.5", "٣", "9" * 30, "\x00"])
def test_an_impossible_place_is_no_error(as_ada: Client, before: str) -> None:
    assert as_ada.get(URL, {"before": before}).status_code == 200


def test_search_by_case_keeps_the_number_out_of_addresses(as_ada: Client, make_case: MakeCase) -> None:
    wanted, _ = make_case()[0], make_case(seed=2)
    response = as_ada.post(SEARCH, {"case": wanted.case.number.lower(), "action": ""}, follow=True)
    assert response.redirect_chain == [(URL, 302)]
    page = response.content.decode()
    assert page.count("<tr>") - 1 == 1
    assert f'value="{wanted.case.number}"' in page


def test_search_by_action_and_back(as_ada: Client, rosas_claim: Claim) -> None:
    as_ada.post(SEARCH, {"action": "photo.claimed"})
    assert rows(as_ada) == 1
    as_ada.post(SEARCH, {"action": "photo.claimed", "clear": "1"})
    assert rows(as_ada) == 2


def test_a_mistyped_case_number_is_told(as_ada: Client) -> None:
    response = as_ada.post(SEARCH, {"case": "nonsense"})
    assert response.status_code == 422
    assert "This is not a case number." in response.content.decode()


def test_nothing_in_an_entry_is_taken_for_markup(as_ada: Client) -> None:
    audit.append("tested", actor="worker", details={"reason": "<script>alert(1)</script>"})
    page = as_ada.get(URL).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_number_of_queries_does_not_grow(as_ada: Client, rosa: User, count_queries: Any) -> None:
    audit.append("tested", actor=audit.staff(rosa))
    with count_queries() as few:
        as_ada.get(URL)
    for _ in range(200):
        audit.append("tested", actor=audit.staff(rosa))
    with count_queries() as many:
        as_ada.get(URL)
    assert 5 < len(few) <= 12
    assert len(many) == len(few)
