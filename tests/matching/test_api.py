"""What all addresses of the partner interface have in common."""

from datetime import timedelta
from typing import Any

import pytest
from calling import BASE, Program
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from partner_rows import live_partner
from pytest_django import Settings

from matching import calls, keys, pages
from matching.models import Call, Partner, PartnerCalls, PartnerKey, Scope
from matching.problems import Problem, ProblemRaised, document

ADDRESSES = {
    "fingerprints": ("GET", Scope.FEED),
    "confirmations": ("POST", Scope.FEED),
    "match": ("POST", Scope.MATCH),
    "sightings": ("POST", Scope.SIGHTINGS),
    "status": ("GET", None),
}
PUBLIC = ("openapi.json", "test-picture.png")


@pytest.fixture
def partner(db: None) -> Partner:
    return live_partner()


@pytest.fixture
def program(partner: Partner) -> Program:
    return Program.of(partner)


def knock(address: str, authorization: str | None, query: str = "") -> Any:
    headers = {} if authorization is None else {"authorization": authorization}
    method, _ = ADDRESSES[address]
    return Client().generic(method, f"{BASE}{address}{query}", headers=headers)


def refusals(address: str, key: str) -> list[Any]:
    """One answer for each way in which a key can be wrong."""
    prefix, good = key.partition("_")[0], f"Bearer {key}"
    answers = [
        knock(address, None),
        knock(address, "Bearer nobody22_secret"),
        knock(address, f"Bearer {prefix}_wrong"),
        knock(address, f"Basic {key}"),
        knock(address, None, f"?key={key}"),
    ]
    PartnerKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answers.append(knock(address, good))
    PartnerKey.objects.update(expires_at=None, revoked_at=timezone.now())
    answers.append(knock(address, good))
    PartnerKey.objects.update(revoked_at=None)
    Partner.objects.update(stage=Partner.Stage.PAUSED)
    answers.append(knock(address, good))
    Partner.objects.update(stage=Partner.Stage.LIVE)
    if (scope := ADDRESSES[address][1]) is not None:
        PartnerKey.objects.update(scopes=" ".join(set(Scope) - {scope}))
        answers.append(knock(address, good))
    return answers


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_wrong_key_gets_the_same_answer(program: Program, address: str) -> None:
    assert knock(address, f"Bearer {program.key}").status_code != 401
    answers = refusals(address, program.key)
    assert len(answers) == (8 if address == "status" else 9)
    assert {answer.status_code for answer in answers} == {401}
    assert len({(answer.content, tuple(answer.headers.items())) for answer in answers}) == 1
    assert answers[0]["Content-Type"] == "application/problem+json"
    assert answers[0]["WWW-Authenticate"] == "Bearer"
    assert answers[0].json()["code"] == "key-not-accepted"


def test_a_key_is_looked_at_before_the_question(partner: Partner) -> None:
    assert Program("nobody22_secret").get("fingerprints?after=garbage").status_code == 401
    assert Program("nobody22_secret").post("confirmations", b"x" * 9000).status_code == 401


def methods() -> list[tuple[str, str]]:
    known = {**{name: method for name, (method, _) in ADDRESSES.items()}, **dict.fromkeys(PUBLIC, "GET")}
    every = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
    return [(name, method) for name, right in known.items() for method in every if method != right]


@pytest.mark.parametrize(("address", "method"), methods())
def test_another_method_is_refused_with_the_right_one(program: Program, address: str, method: str) -> None:
    headers = {"authorization": f"Bearer {program.key}"}
    response = Client().generic(method, BASE + address, headers=headers)
    assert response.status_code == 405
    assert response["Allow"] == ADDRESSES.get(address, ("GET",))[0]
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["", "nothing", "fingerprints/", "fingerprints/1", "../v2/fingerprints"])
def test_there_is_nothing_elsewhere(program: Program, path: str) -> None:
    response = program.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "no-such-address")


def test_no_cookie_is_set_or_looked_at(program: Program, partner: Partner) -> None:
    browser = Client(enforce_csrf_checks=True)
    answers = [
        browser.generic(method, BASE + name, headers={"authorization": f"Bearer {program.key}"})
        for name, (method, _) in ADDRESSES.items()
    ]
    assert 403 not in {answer.status_code for answer in answers}
    assert not any(answer.cookies for answer in answers)
    assert all(answer["Cache-Control"] == "no-store" for answer in answers)
    assert partner.proposed_by is not None
    browser.force_login(partner.proposed_by, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(BASE + "status").status_code == 401


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(OperationalError("database is locked"), 503, "busy"), (ZeroDivisionError(), 500, "server-error"),
     (RequestDataTooBig(), 413, "body-too-large")],
)  # fmt: skip
def test_whatever_breaks_is_a_problem_document(
    program: Program, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(pages, "page", fail)
    response = program.get("fingerprints")
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert ("Retry-After" in response) == (status == 503)


def test_a_body_without_length_or_beyond_all_measure_is_refused_first(program: Program) -> None:
    endless = program.post("confirmations", b"", transfer_encoding="chunked")
    assert (endless.status_code, endless.json()["code"]) == (411, "length-required")
    huge = program.post("confirmations", b"", content_length="200000000")
    assert (huge.status_code, huge.json()["code"]) == (413, "body-too-large")


def test_too_many_calls_are_held_back(program: Program, settings: Settings) -> None:
    settings.ARC_LIMIT_CALLS = 2
    answers = [program.get("status") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "too-many-calls"
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    row = PartnerCalls.objects.get(what=Call.KEY)
    assert (row.failures, row.failed_code) == (1, "too-many-calls")
    assert program.get("status").status_code == 429
    row.refresh_from_db()
    assert row.failures == 1
    other = Program.of(live_partner("Other"))
    assert other.get("status").status_code == 200


class TestNotes:
    def test_what_worked_is_noted(self, program: Program, partner: Partner) -> None:
        program.get("fingerprints")
        rows = {row.what: row for row in PartnerCalls.objects.all()}
        assert set(rows) == {Call.KEY, Call.PULL}
        assert all(row.partner == partner and row.first_at == row.last_at for row in rows.values())
        assert PartnerKey.objects.get().last_used_at is not None

    def test_what_failed_is_noted_with_its_code(self, program: Program) -> None:
        for _ in range(2):
            program.get("fingerprints?after=x")
        row = PartnerCalls.objects.get(what=Call.PULL)
        assert (row.failures, row.failed_code, row.first_at) == (2, "bad-cursor", None)
        assert row.failed_at is not None
        program.get("fingerprints")
        row.refresh_from_db()
        assert (row.failures, row.failed_code) == (0, "bad-cursor")
        assert row.first_at is not None

    def test_successes_are_noted_once_a_minute(self, partner: Partner) -> None:
        calls.worked(partner, Call.PULL)
        first = PartnerCalls.objects.get().last_at
        assert first is not None
        calls.worked(partner, Call.PULL)
        assert PartnerCalls.objects.get().last_at == first
        PartnerCalls.objects.update(last_at=first - calls.NOTE_EVERY, first_at=first - calls.NOTE_EVERY)
        calls.worked(partner, Call.PULL)
        row = PartnerCalls.objects.get()
        assert row.first_at == first - calls.NOTE_EVERY
        assert row.last_at is not None
        assert row.last_at >= first

    def test_a_wrong_key_leaves_no_note(self, program: Program) -> None:
        Program(program.key + "x").get("status")
        assert not PartnerCalls.objects.exists()
        assert PartnerKey.objects.get().last_used_at is None

    def test_a_busy_database_keeps_nobody_from_a_tombstone(
        self, program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def busy(*_: Any) -> None:
            raise OperationalError("database is locked")

        monkeypatch.setattr(keys, "note_use", busy)
        assert program.get("fingerprints").status_code == 200
        assert "was not noted" in caplog.text


@pytest.mark.parametrize("problem", list(Problem))
def test_a_problem_document_says_what_it_is(problem: Problem) -> None:
    response = document(problem)
    assert response.status_code == problem.status
    assert response["Content-Type"] == "application/problem+json"


def test_codes_are_of_one_problem_each() -> None:
    assert len({problem.code for problem in Problem}) == len(Problem)
    raised = ProblemRaised(Problem.BUSY, headers={"Retry-After": "7"}, more="x")
    assert raised.answer()["Retry-After"] == "7"


def test_the_sentence_names_the_largest_page() -> None:
    assert str(pages.LARGEST_PAGE) in Problem.BAD_LIMIT.detail
