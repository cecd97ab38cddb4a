import json
from typing import Any

import pytest
from calling import Program
from django.test import Client
from partner_rows import live_partner

from matching import pages
from matching.models import FeedHead, Partner, PartnerProgress


@pytest.fixture
def partner(db: None) -> Partner:
    FeedHead.objects.create(pk=1, seq=10)
    return live_partner()


@pytest.fixture
def program(partner: Partner) -> Program:
    return Program.of(partner)


def confirm(program: Program, partner: Partner, applied: Any) -> Any:
    return program.post("confirmations", {"feed": pages.identity(partner), "applied": applied})


def test_it_is_kept(program: Program, partner: Partner) -> None:
    response = confirm(program, partner, 7)
    assert (response.status_code, response.json()) == (200, {"applied": 7})
    partner.refresh_from_db()
    assert partner.applied == 7
    assert partner.applied_at is not None


def test_replayed_it_gets_the_same_answer(program: Program, partner: Partner) -> None:
    answers = [confirm(program, partner, 7) for _ in range(3)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert PartnerProgress.objects.filter(kind="applied").count() == 1


@pytest.mark.parametrize("seven", [b"7", b"7.0", b"0.7e1"])
def test_a_number_is_a_number_however_it_is_written(program: Program, partner: Partner, seven: bytes) -> None:
    body = b'{"applied": %s, "feed": "%s"}' % (seven, pages.identity(partner).encode())
    assert program.post("confirmations", body).json() == {"applied": 7}


def test_it_cannot_be_taken_back(program: Program, partner: Partner) -> None:
    confirm(program, partner, 7)
    response = confirm(program, partner, 6)
    assert (response.status_code, response.json()["code"]) == (409, "confirmation-behind")
    assert response.json()["applied"] == 7


def test_nobody_confirms_what_was_never_published(program: Program, partner: Partner) -> None:
    response = confirm(program, partner, 11)
    assert (response.status_code, response.json()["code"]) == (409, "cursor-ahead")
    assert Partner.objects.get().applied == 0


def test_a_confirmation_of_another_feed_counts_for_nothing(program: Program) -> None:
    response = program.post("confirmations", {"feed": "another", "applied": 1})
    assert (response.status_code, response.json()["code"]) == (409, "another-feed")


@pytest.mark.parametrize(
    "body",
    [b" ", b"{", b"[]", b"null", b"1", b'"x"', b"\xff", b"{}", b'{"feed": "F"}', b'{"applied": 1}',
     b'{"feed": "F", "applied": 1, "more": 1}', b'{"feed": "F", "applied": "1"}',
     b'{"feed": "F", "applied": true}', b'{"feed": "F", "applied": 1.5}', b'{"feed": "F", "applied": -1}',
     b'{"feed": "F", "applied": NaN}', b'{"feed": "F", "applied": 1e300}',
     b'{"feed": "F", "applied": 1e999}', b'{"feed": "F", "applied": null}',
     b'{"feed": "F", "applied": 9223372036854775808}', b'{"feed": "F", "applied": ' + b"9" * 4000 + b"}",
     b'{"feed": "F", "applied": 1, "applied": 2}', b'{"feed": "", "applied": 1}',
     b'{"feed": 1, "applied": 1}',
     b'{"feed": "\\ud800", "applied": 1}',
     b'{"feed": "' + b"F" * 101 + b'", "applied": 1}', b"[" * 4000,
     b'\xef\xbb\xbf{"feed": "F", "applied": 1}'],
)  # fmt: skip
def test_it_refuses_a_malformed_body(program: Program, partner: Partner, body: bytes) -> None:
    sent = body.replace(b"F", pages.identity(partner).encode(), 1) if body.count(b"F") == 1 else body
    response = program.post("confirmations", sent)
    assert (response.status_code, response.json()["code"]) == (400, "bad-body")
    assert Partner.objects.get().applied == 0


def test_it_refuses_a_body_that_is_too_large(program: Program) -> None:
    response = program.post("confirmations", b" " * 5000)
    assert (response.status_code, response.json()["code"]) == (413, "body-too-large")


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_it_refuses_what_is_not_said_to_be_json(program: Program, partner: Partner, kind: str) -> None:
    body = json.dumps({"feed": pages.identity(partner), "applied": 1})
    headers = {"authorization": f"Bearer {program.key}"}
    response = Client().post("/api/v1/confirmations", body, content_type=kind, headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "not-json")
