"""POST /api/v1/sightings: one match a call, the same as often as one likes, and nothing half-applied."""

import json
from typing import Any

import pytest
from django.test import Client
from listed import fingerprint_id, protect
from partner_rows import live_partner
from photo_rows import MakePhoto
from pytest_django import Settings

from enrollment.models import Photo
from enrollment.states import PhotoState
from matching import feed, keys
from matching.models import Outcome, Partner, Scope, Sighting

SIGHTINGS = "/api/v1/sightings"
LONGEST = "ж" * 200


@pytest.fixture
def partner(db: None) -> Partner:
    return live_partner()


@pytest.fixture
def key(partner: Partner) -> str:
    return keys.issue(partner, actor="staff:1", valid_for=None, newest_seen="", scopes=[Scope.SIGHTINGS])


@pytest.fixture
def listed(make_photo: MakePhoto) -> Photo:
    return protect(make_photo, 1)


@pytest.fixture
def said(partner: Partner, listed: Photo) -> dict[str, Any]:
    return {"id": feed.public_id(partner, fingerprint_id(listed)), "reference": "post/1", "outcome": "seen"}


def post(key: str, body: Any, content_type: str = "application/json") -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body)
    return Client().post(
        SIGHTINGS, content, content_type=content_type, headers={"authorization": f"Bearer {key}"}
    )


def test_the_first_word_and_the_same_again(key: str, said: dict[str, Any]) -> None:
    first, again = post(key, said), post(key, said)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"reference": "post/1", "outcome": "seen"}
    assert Sighting.objects.count() == 1


@pytest.mark.parametrize("outcome", Outcome.values)
def test_every_outcome_is_taken(key: str, said: dict[str, Any], outcome: str) -> None:
    assert post(key, {**said, "outcome": outcome, "reference": LONGEST}).json() == {
        "reference": LONGEST,
        "outcome": outcome,
    }
    assert Sighting.objects.get().outcome == outcome


def test_another_outcome_replaces_the_first(key: str, said: dict[str, Any], listed: Photo) -> None:
    post(key, said)
    response = post(key, {**said, "outcome": "disputed"})
    assert (response.status_code, response.json()["outcome"]) == (200, "disputed")
    listed.refresh_from_db()
    assert listed.state == PhotoState.SUSPENDED


@pytest.mark.parametrize(
    "change",
    [
        {"reference": ""}, {"reference": "x" * 201}, {"reference": 1}, {"reference": None},
        {"reference": "\ud800"},
        {"outcome": "liked"}, {"outcome": "SEEN"}, {"outcome": ["seen"]}, {"outcome": {}}, {"outcome": None},
        {"id": 1}, {"id": ""}, {"id": ["x"]}, {"more": 1},
    ],
)  # fmt: skip
def test_it_refuses_what_is_malformed(key: str, said: dict[str, Any], change: dict[str, Any]) -> None:
    response = post(key, {**said, **change})
    assert (response.status_code, response.json()["code"]) == (400, "bad-body")
    assert not Sighting.objects.exists()


@pytest.mark.parametrize(
    "body", [b" ", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 4000, b'{"id": NaN}', b'"seen"']
)
def test_it_refuses_what_is_no_object(key: str, body: bytes) -> None:
    response = post(key, body)
    assert (response.status_code, response.json()["code"]) == (400, "bad-body")


def test_a_missing_field_is_not_made_up(key: str, said: dict[str, Any]) -> None:
    for field in said:
        without = {name: value for name, value in said.items() if name != field}
        assert post(key, without).status_code == 400
    assert not Sighting.objects.exists()


def test_it_refuses_other_kinds_of_bodies(key: str, said: dict[str, Any]) -> None:
    assert post(key, said, "text/plain").status_code == 415
    assert post(key, {**said, "reference": "x" * 20_000}).status_code == 413


def test_unknown_ids_get_one_answer(
    key: str, partner: Partner, said: dict[str, Any], make_photo: MakePhoto
) -> None:
    gone = protect(make_photo, 2)
    other = live_partner("Other")
    theirs = feed.public_id(other, fingerprint_id(gone))
    never = feed.public_id(partner, fingerprint_id(gone))
    feed.withdraw(gone.pk)
    Partner.objects.filter(pk=partner.pk).update(live_from=3)
    answers = [post(key, {**said, "id": id_}) for id_ in ("garbage", "A" * 22, theirs, never)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert answers[0].json()["code"] == "unknown-id"


def test_a_reference_stays_with_its_record(
    key: str, partner: Partner, said: dict[str, Any], make_photo: MakePhoto
) -> None:
    post(key, said)
    another = feed.public_id(partner, fingerprint_id(protect(make_photo, 2)))
    response = post(key, {**said, "id": another})
    assert (response.status_code, response.json()["code"]) == (409, "reference-taken")


def test_too_many_disputes_are_refused_for_the_day(
    key: str, said: dict[str, Any], settings: Settings, listed: Photo
) -> None:
    settings.ARC_LIMIT_DISPUTES = 0
    response = post(key, {**said, "outcome": "disputed"})
    assert (response.status_code, response.json()["code"]) == (429, "too-many-disputes")
    assert 0 < int(response["Retry-After"]) <= 86_400
    listed.refresh_from_db()
    assert listed.state == PhotoState.PROTECTED
    assert not Sighting.objects.exists()


def test_another_scope_does_not_open_it(partner: Partner, said: dict[str, Any]) -> None:
    scopes = [Scope.FEED, Scope.MATCH]
    key = keys.issue(partner, actor="staff:1", valid_for=None, newest_seen="", scopes=scopes)
    assert post(key, said).status_code == 401
    assert not Sighting.objects.exists()
