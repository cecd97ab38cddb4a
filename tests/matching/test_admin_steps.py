import pytest
from django.contrib.auth.models import User
from partner_rows import browser, live_partner, new_partner, try_everything
from review_rows import person

from matching import onboarding
from matching.models import Partner
from matching.onboarding import Step
from review.models import AuditEntry

pytestmark = pytest.mark.django_db
PARTNERS = "/admin/matching/partner/"


@pytest.fixture
def first() -> User:
    return person("first", "Partner manager")


@pytest.fixture
def second() -> User:
    return person("second", "Partner manager")


def url(partner: Partner, step: str = "change") -> str:
    return f"{PARTNERS}{partner.pk}/{step}/"


def stage_of(partner: Partner) -> str:
    partner.refresh_from_db()
    return partner.stage


def test_the_page_says_what_is_open_and_how_to_try_it(first: User) -> None:
    partner = new_partner()
    page = browser(first).get(url(partner)).text
    assert page.count('<span class="arc-open">Not done yet</span>') == 4
    assert "$ARC_KEY" in page
    try_everything(partner)
    page = browser(first).get(url(partner)).text
    assert page.count('<span class="arc-done">Done</span>') == 4
    assert "$ARC_KEY" not in page


def test_one_proposes_and_another_approves(first: User, second: User) -> None:
    partner = new_partner()
    try_everything(partner)
    proposer, approver = browser(first), browser(second)
    assert f'href="{url(partner, "propose")}"' in proposer.get(url(partner)).text
    assert proposer.get(url(partner, "propose")).status_code == 200
    assert stage_of(partner) == "onboarding"
    answer = proposer.post(url(partner, "propose"), follow=True)
    assert "is proposed. Somebody else has to approve it now." in answer.text
    assert "You proposed it, so somebody else has to approve it." in answer.text
    refused = proposer.post(url(partner, "approve"), follow=True)
    assert "You proposed it, so somebody else has to approve it." in refused.text
    assert stage_of(partner) == "onboarding"
    assert "first proposes that Newcomer goes live" in approver.get(url(partner, "approve")).text
    assert stage_of(partner) == "onboarding"
    assert "Newcomer is live." in approver.post(url(partner, "approve"), follow=True).text
    assert stage_of(partner) == "live"
    assert "Proposed by first, approved by second" in approver.get(url(partner)).text


def test_an_exception_asks_for_its_reason(first: User, second: User) -> None:
    partner = new_partner()
    client = browser(first)
    for reason in ("", "   ", "x" * 501):
        answer = client.post(url(partner, "propose"), {"exception": reason})
        assert answer.status_code == 200
        assert "errorlist" in answer.text
    client.post(url(partner, "propose"), {"exception": "<b>They match by hand."})
    partner.refresh_from_db()
    assert partner.proposed_by == first
    page = browser(second).get(url(partner, "approve")).text
    assert "&lt;b&gt;They match by hand." in page


@pytest.mark.parametrize("step", Step)
def test_looking_takes_no_step_and_an_impossible_one_is_explained(step: Step, first: User) -> None:
    """Each page is looked at in every stage: it opens, or leads back with a sentence, and changes nothing."""
    waiting = new_partner("Waiting")
    onboarding.propose(waiting.pk, by=first, exception="Soon.")
    paused = live_partner("Paused")
    Partner.objects.filter(pk=paused.pk).update(stage=Partner.Stage.PAUSED)
    partners = [new_partner("New"), waiting, live_partner("Live"), paused]
    before, written = list(Partner.objects.values()), AuditEntry.objects.count()
    client = browser(person("looker", "Partner manager"))
    codes = []
    for partner in partners:
        answer = client.get(url(partner, step.value))
        codes.append(answer.status_code)
        if answer.status_code == 302:
            assert 'class="error"' in client.get(answer.headers["Location"]).text
    possible = {
        Step.PROPOSE: [200, 302, 302, 302],
        Step.APPROVE: [302, 200, 302, 302],
        Step.DECLINE: [302, 200, 302, 302],
        Step.PAUSE: [200, 200, 200, 302],
        Step.RESUME: [302, 302, 302, 200],
    }
    assert codes == possible[step]
    assert list(Partner.objects.values()) == before
    assert AuditEntry.objects.count() == written


def test_pausing_and_resuming(first: User) -> None:
    partner = live_partner()
    client = browser(first)
    assert "withdrawals do not reach it" in client.get(url(partner, "pause")).text
    client.post(url(partner, "pause"))
    assert stage_of(partner) == "paused"
    assert f'href="{url(partner, "resume")}"' in client.get(url(partner)).text
    client.post(url(partner, "resume"))
    assert stage_of(partner) == "live"


@pytest.mark.parametrize("step", Step)
def test_an_auditor_takes_no_step(step: Step) -> None:
    partner = new_partner()
    client = browser(person("auditor", "Auditor"))
    assert client.get(url(partner, step.value)).status_code == 403
    assert client.post(url(partner, step.value), {"exception": "x"}).status_code == 403
    assert not AuditEntry.objects.exists()


def test_a_partner_that_is_not_there_is_not_found(first: User) -> None:
    assert browser(first).post(f"{PARTNERS}999/pause/").status_code == 404
