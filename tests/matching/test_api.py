from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from photo_rows import MakePhoto

from enrollment.models import Case
from enrollment.states import PhotoState
from matching import feed, keys, services
from matching.models import Partner, PartnerKey
from matching.problems import Problem, document

FEED = "/feed/v1/fingerprints"


@pytest.fixture
def partner(db: None) -> Partner:
    return Partner.objects.create(name="Platform")


@pytest.fixture
def key(partner: Partner) -> str:
    return keys.issue(partner, actor="staff:1", valid_for=timedelta(days=1), newest_seen="")


def get(key: str, query: str = "") -> Any:
    return Client().get(f"{FEED}{query}", headers={"authorization": f"Bearer {key}"})


def test_it_gives_a_page(key: str, make_photo: MakePhoto, document: dict[str, Any]) -> None:
    services.process_photo(make_photo(PhotoState.COVERED).pk, actor="worker")
    response = get(key)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    page = response.json()
    assert set(page) == {"records", "next", "more"}
    assert (page["next"], page["more"]) == (1, False)
    assert page["records"][0]["fingerprint"] == document
    assert Case.objects.get().number not in response.text


def test_it_follows_the_cursor(key: str, make_photo: MakePhoto) -> None:
    for _ in range(3):
        services.process_photo(make_photo(PhotoState.COVERED).pk, actor="worker")
    seen, after, more = [], 0, True
    while more:
        page = get(key, f"?after={after}&limit=2").json()
        seen += [record["seq"] for record in page["records"]]
        after, more = page["next"], page["more"]
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("after", ["", "-1", "1.5", "abc", "1_0", "+1", " 1", "²", "٣", "9" * 19, "9" * 5000])
def test_it_refuses_a_garbage_cursor(key: str, after: str) -> None:
    response = get(key, f"?after={after}")
    assert (response.status_code, response.json()["code"]) == (400, "bad-cursor")


def test_it_refuses_a_cursor_from_elsewhere(key: str) -> None:
    response = get(key, "?after=1")
    assert (response.status_code, response.json()["code"]) == (400, "cursor-ahead")


@pytest.mark.parametrize("limit", ["", "0", "-1", "1001", "many"])
def test_it_refuses_a_garbage_limit(key: str, limit: str) -> None:
    response = get(key, f"?limit={limit}")
    assert (response.status_code, response.json()["code"]) == (400, "bad-limit")


def test_the_sentence_names_the_largest_page() -> None:
    assert str(feed.LARGEST_PAGE) in Problem.BAD_LIMIT.detail


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete", "head", "options"])
def test_it_rejects_everything_but_get(key: str, verb: str) -> None:
    response = getattr(Client(), verb)(FEED, headers={"authorization": f"Bearer {key}"})
    assert response.status_code == 405


def refusals(key: str) -> list[Any]:
    """One answer for each way in which a key can be wrong."""
    prefix = key.partition("_")[0]
    answers = [
        Client().get(FEED),
        get("nobody22_secret"),
        get(f"{prefix}_wrong"),
        Client().get(f"{FEED}?key={key}"),
    ]
    PartnerKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answers.append(get(key))
    PartnerKey.objects.update(expires_at=None, revoked_at=timezone.now())
    answers.append(get(key))
    PartnerKey.objects.update(revoked_at=None)
    Partner.objects.update(active=False)
    answers.append(get(key))
    return answers


def test_it_refuses_every_wrong_key_alike(key: str) -> None:
    assert get(key).status_code == 200
    answers = refusals(key)
    assert len(answers) == 7
    assert {answer.status_code for answer in answers} == {401}
    assert len({(answer.content, tuple(answer.headers.items())) for answer in answers}) == 1
    assert answers[0]["Content-Type"] == "application/problem+json"
    assert answers[0]["WWW-Authenticate"] == "Bearer"
    assert answers[0].json()["code"] == "key-not-accepted"


def test_a_key_is_looked_at_before_the_question(partner: Partner) -> None:
    assert get("nobody22_secret", "?after=garbage").status_code == 401


@pytest.mark.parametrize("problem", list(Problem))
def test_a_problem_document_says_what_it_is(problem: Problem) -> None:
    response = document(problem)
    assert response.status_code == problem.status
    assert response["Content-Type"] == "application/problem+json"
