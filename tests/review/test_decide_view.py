import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrollment.models import Photo
from enrollment.services import withdraw
from enrollment.states import PhotoState
from review import claims
from review.models import Claim, Clause, Decision, TermsVersion

Expire = Callable[[Claim], None]


@pytest.fixture
def rosas_claim(rosas_claim: Claim, rosa: User) -> Claim:
    """As everywhere, and the picture was shown to her."""
    claims.note_view(rosas_claim.photo_id, rosa)
    return rosas_claim


@pytest.fixture
def url(rosas_claim: Claim) -> str:
    return reverse("review:decide", args=[rosas_claim.photo_id])


@pytest.fixture
def covered(rosas_claim: Claim, protected: Clause) -> dict[str, str]:
    return {"token": str(rosas_claim.token), "choice": "covered", "clause": str(protected.pk), "reason": ""}


@pytest.fixture
def not_covered(rosas_claim: Claim, not_protected: Clause) -> dict[str, str]:
    return {
        "token": str(rosas_claim.token),
        "choice": "not_covered",
        "clause": str(not_protected.pk),
        "reason": "It shows a landscape.",
    }


def undecided() -> bool:
    return not Decision.objects.exists() and Photo.objects.get().state == PhotoState.AWAITING_REVIEW


def test_the_unwelcome_are_refused(unwelcome: Any, url: str, covered: dict[str, str]) -> None:
    assert unwelcome.client.post(url, covered).status_code == unwelcome.status
    assert undecided()


def test_it_takes_post_only(as_rosa: Client, url: str) -> None:
    for method in ["get", "put", "delete", "head"]:
        assert getattr(as_rosa, method)(url).status_code == 405, method


def test_covered(as_rosa: Client, url: str, covered: dict[str, str]) -> None:
    page = as_rosa.post(url, covered, follow=True)
    assert "Recorded: Protected by the terms (P1)." in page.content.decode()
    assert Photo.objects.get().state == PhotoState.COVERED


def test_not_covered(as_rosa: Client, url: str, not_covered: dict[str, str]) -> None:
    page = as_rosa.post(url, not_covered, follow=True)
    assert "Recorded: Not protected by the terms (N1)." in page.content.decode()
    assert Decision.objects.get().reason == "It shows a landscape."


def test_a_double_click_is_answered_alike(as_rosa: Client, url: str, covered: dict[str, str]) -> None:
    as_rosa.post(url, covered)
    page = as_rosa.post(url, covered, follow=True)
    assert "Already recorded: Protected by the terms (P1)." in page.content.decode()
    assert Decision.objects.count() == 1


def test_a_second_tab_with_another_answer_is_told_and_loses_no_text(
    as_rosa: Client, url: str, covered: dict[str, str], not_covered: dict[str, str]
) -> None:
    as_rosa.post(url, covered)
    response = as_rosa.post(url, not_covered)
    assert response.status_code == 409
    page = response.content.decode()
    assert "(decided-by-you)" in page
    assert "It shows a landscape." in page
    assert Photo.objects.get().state == PhotoState.COVERED


def test_a_second_reviewer_is_told(
    as_omar: Client, as_rosa: Client, url: str, covered: dict[str, str]
) -> None:
    assert "(claimed-by-another)" in as_omar.post(url, covered).content.decode()
    as_rosa.post(url, covered)
    response = as_omar.post(url, covered)
    assert response.status_code == 409
    assert "(decided-by-another)" in response.content.decode()


def test_an_expired_claim_is_told(
    as_rosa: Client, url: str, not_covered: dict[str, str], rosas_claim: Claim, let_expire: Expire
) -> None:
    let_expire(rosas_claim)
    response = as_rosa.post(url, not_covered)
    assert response.status_code == 409
    assert "(claim-expired)" in response.content.decode()
    assert "It shows a landscape." in response.content.decode()
    assert undecided()


def test_a_withdrawn_photo_is_told(
    as_rosa: Client, url: str, covered: dict[str, str], rosas_claim: Claim
) -> None:
    withdraw([rosas_claim.photo])
    response = as_rosa.post(url, covered)
    assert response.status_code == 409
    assert "(withdrawn)" in response.content.decode()


def test_a_role_taken_away_in_the_middle(
    as_rosa: Client, rosa: User, url: str, covered: dict[str, str]
) -> None:
    rosa.groups.clear()
    assert as_rosa.post(url, covered).status_code == 403
    assert undecided()


def test_an_unknown_photo_is_not_found(as_rosa: Client, covered: dict[str, str]) -> None:
    assert as_rosa.post(reverse("review:decide", args=[uuid.uuid4()]), covered).status_code == 404


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clause": ""}, "Choose the clause that your decision rests on."),
        ({"clause": "999999"}, "Select a valid choice."),
        ({"clause": "x"}, "Select a valid choice."),
        ({"reason": ""}, "Tell the person in a sentence"),
        ({"reason": "   "}, "Tell the person in a sentence"),
        ({"reason": "x" * 1001}, "at most 1000 characters"),
        ({"reason": "x" * 10_000}, "at most 1000 characters"),
        ({"reason": "a\x00b"}, "Null characters are not allowed."),
        ({"choice": "covered"}, "Clause N1 does not fit the button you pressed."),
        ({"choice": ""}, "Something needs another look"),
        ({"choice": "maybe"}, "Something needs another look"),
        ({"evidence": "x-ray"}, "Select a valid choice."),
        ({"choice": "escalate", "reason": ""}, "Tell the lead in a sentence"),
        ({"choice": "second_opinion", "clause": ""}, "Choose the clause that your decision rests on."),
        ({"token": ""}, "Something needs another look"),
        ({"token": "x"}, "Something needs another look"),
    ],
)
def test_a_wrong_form_comes_back_with_what_is_wrong(
    as_rosa: Client, url: str, not_covered: dict[str, str], change: dict[str, str], message: str
) -> None:
    response = as_rosa.post(url, not_covered | change)
    assert response.status_code == 422
    page = response.content.decode()
    assert page.index('role="alert"') < page.index("<h1")
    assert message in page
    assert undecided()


def test_a_wrong_form_keeps_what_was_written(
    as_rosa: Client, url: str, not_covered: dict[str, str], rosas_claim: Claim
) -> None:
    page = as_rosa.post(url, not_covered | {"clause": ""}).content.decode()
    assert "It shows a landscape." in page
    assert str(rosas_claim.token) in page


def test_a_wrong_form_on_a_lost_claim_is_told_of_the_claim(
    as_rosa: Client, url: str, covered: dict[str, str], rosas_claim: Claim, let_expire: Expire
) -> None:
    let_expire(rosas_claim)
    assert as_rosa.post(url, covered | {"clause": ""}).status_code == 409


def test_line_breaks_count_once(as_rosa: Client, url: str, not_covered: dict[str, str]) -> None:
    reason = "\r\n".join(["x" * 9] * 100)
    assert as_rosa.post(url, not_covered | {"reason": reason}).status_code == 302
    assert len(Decision.objects.get().reason) == 999


def test_a_clause_of_older_terms_is_no_longer_taken(
    as_rosa: Client, url: str, covered: dict[str, str]
) -> None:
    newer = TermsVersion.objects.create(number=2, title="Protection terms", preamble="Newer.")
    Clause.objects.create(terms=newer, code="P1", outcome="covered", text="New.")
    TermsVersion.objects.filter(pk=newer.pk).update(published_at=timezone.now())
    assert as_rosa.post(url, covered).status_code == 422
    assert undecided()


def test_passed_to_a_lead_needs_no_clause(as_rosa: Client, url: str, covered: dict[str, str]) -> None:
    answer = covered | {"choice": "escalate", "clause": "", "reason": "I cannot tell."}
    page = as_rosa.post(url, answer, follow=True)
    assert "Recorded: Passed to a lead." in page.content.decode()
    assert Photo.objects.get().state == PhotoState.ESCALATED


def test_an_opinion_says_that_another_person_decides(
    as_rosa: Client, url: str, covered: dict[str, str]
) -> None:
    page = as_rosa.post(url, covered | {"evidence": "screenshot"}, follow=True)
    assert "Recorded: Protected by the terms (P1); Opinion; another person decides." in page.content.decode()
    assert Photo.objects.get().state == PhotoState.SECOND_OPINION


def test_undo_leads_back_to_the_photo(
    as_rosa: Client, url: str, covered: dict[str, str], rosas_claim: Claim
) -> None:
    as_rosa.post(url, covered)
    response = as_rosa.post(reverse("review:undo", args=[rosas_claim.photo_id]), follow=True)
    assert response.redirect_chain == [(reverse("review:photo", args=[rosas_claim.photo_id]), 302)]
    assert "Taken back." in response.content.decode()
    assert Photo.objects.get().state == PhotoState.AWAITING_REVIEW


def test_undo_after_the_window_is_told(
    as_rosa: Client, url: str, covered: dict[str, str], rosas_claim: Claim
) -> None:
    as_rosa.post(url, covered)
    Photo.objects.update(due_at=timezone.now())
    response = as_rosa.post(reverse("review:undo", args=[rosas_claim.photo_id]))
    assert response.status_code == 409
    assert "(undo-too-late)" in response.content.decode()


def test_the_alarm_ends_the_claim(as_rosa: Client, rosas_claim: Claim) -> None:
    url = reverse("review:alarm", args=[rosas_claim.photo_id])
    assert as_rosa.post(url, {"token": "x"}).status_code == 409
    page = as_rosa.post(url, {"token": str(rosas_claim.token)}, follow=True)
    assert "nobody else will see it" in page.content.decode()
    assert Photo.objects.get().state == PhotoState.NEEDS_COVERING


def test_a_skipped_photo_is_somebody_elses(as_rosa: Client, rosas_claim: Claim) -> None:
    url = reverse("review:skip", args=[rosas_claim.photo_id])
    assert as_rosa.post(url).status_code == 302
    assert as_rosa.post(url).status_code == 409
    assert "No photo is free" in as_rosa.post(reverse("review:next"), follow=True).content.decode()


@pytest.mark.parametrize("verb", ["undo", "alarm", "skip"])
def test_the_other_verbs_have_the_same_doors(
    unwelcome: Any, as_rosa: Client, rosas_claim: Claim, verb: str
) -> None:
    url = reverse(f"review:{verb}", args=[rosas_claim.photo_id])
    assert unwelcome.client.post(url).status_code == unwelcome.status
    assert as_rosa.get(url).status_code == 405
    nowhere = {"token": str(rosas_claim.token)}
    assert as_rosa.post(reverse(f"review:{verb}", args=[uuid.uuid4()]), nowhere).status_code == 404
    assert undecided()
