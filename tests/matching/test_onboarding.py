import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from partner_rows import live_partner, new_partner, record, try_everything
from review_rows import person

from matching import checklist, feed, keys, onboarding
from matching.checklist import Trial
from matching.models import Partner, PartnerProgress
from matching.onboarding import NotNow, Step
from review.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> User:
    return person("first", "Partner manager")


@pytest.fixture
def second() -> User:
    return person("second", "Partner manager")


def last_entry() -> tuple[str, str, dict[str, Any]]:
    entry = AuditEntry.objects.latest("seq")
    return entry.action, entry.actor, json.loads(entry.details)


def stage_of(partner: Partner) -> str:
    partner.refresh_from_db()
    return partner.stage


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        (["Example Platform"], ["example-platform"]),
        (["Foo!", "Foo?", "Foo 2", "foo."], ["foo", "foo-2", "foo-2-2", "foo-3"]),
        (["Δίκτυο", "شبكة"], ["partner", "partner-2"]),
        (["x" * 200, "x" * 199], ["x" * 45, "x" * 45 + "-2"]),
    ],
)
def test_a_slug_is_made_once_and_is_free(first: User, names: list[str], slugs: list[str]) -> None:
    for name in names:
        onboarding.create(Partner(name=name), by=first)
    assert list(Partner.objects.order_by("pk").values_list("slug", flat=True)) == slugs


def test_a_new_partner_sees_test_records_only(first: User) -> None:
    record()
    partner = Partner(name="New", kind=Partner.Kind.HELPLINE)
    onboarding.create(partner, by=first)
    assert stage_of(partner) == "onboarding"
    assert last_entry() == (
        "partner.created",
        f"staff:{first.pk}",
        {"partner": partner.pk, "kind": "helpline"},
    )


def test_two_people_let_a_partner_go_live(first: User, second: User) -> None:
    record()
    partner = new_partner()
    try_everything(partner)
    PartnerProgress.objects.create(partner=partner, kind="applied", through=partner.applied)
    onboarding.propose(partner.pk, by=first)
    assert last_entry()[:2] == ("partner.proposed", f"staff:{first.pk}")
    assert last_entry()[2] == {"partner": partner.pk, "missing": [], "exception": ""}
    onboarding.approve(partner.pk, by=second)
    assert stage_of(partner) == "live"
    assert (partner.proposed_by, partner.approved_by) == (first, second)
    assert partner.approved_at is not None
    assert last_entry()[:2] == ("partner.approved", f"staff:{second.pk}")
    # What it had confirmed were numbers of test records: the feed starts anew.
    assert (partner.applied, partner.pulled, partner.progress.count()) == (0, 0, 0)
    assert partner.live_from >= 2


def test_nobody_approves_their_own_proposal(first: User) -> None:
    partner = new_partner()
    try_everything(partner)
    onboarding.propose(partner.pk, by=first)
    with pytest.raises(NotNow, match="somebody else"):
        onboarding.approve(partner.pk, by=first)
    assert stage_of(partner) == "onboarding"


@pytest.mark.parametrize("field", ["proposed_by", "approved_by"])
def test_the_database_wants_two_people_too(field: str) -> None:
    partner = live_partner()
    for person_id in (None, partner.proposed_by_id, partner.approved_by_id):
        if person_id == getattr(partner, f"{field}_id"):
            continue
        with pytest.raises(IntegrityError, match="partner_live_by_two_people"), transaction.atomic():
            Partner.objects.filter(pk=partner.pk).update(**{field: person_id})


def test_an_exception_needs_a_reason_and_is_audited(first: User, second: User) -> None:
    partner = new_partner()
    with pytest.raises(NotNow, match="reason"):
        onboarding.propose(partner.pk, by=first)
    onboarding.propose(partner.pk, by=first, exception="They match by hand.")
    assert last_entry()[2] == {
        "partner": partner.pk,
        "missing": [trial.value for trial in Trial],
        "exception": "They match by hand.",
    }
    onboarding.approve(partner.pk, by=second)
    assert stage_of(partner) == "live"
    assert last_entry()[2]["exception"] == "They match by hand."


def test_a_reason_that_was_not_needed_is_not_kept(first: User) -> None:
    partner = new_partner()
    try_everything(partner)
    onboarding.propose(partner.pk, by=first, exception="left over")
    partner.refresh_from_db()
    assert partner.exception == ""


def test_what_came_undone_since_the_proposal_is_noticed(first: User, second: User) -> None:
    partner = new_partner()
    try_everything(partner)
    onboarding.propose(partner.pk, by=first)
    partner.calls.all().delete()
    with pytest.raises(NotNow, match="Not everything"):
        onboarding.approve(partner.pk, by=second)


def test_a_proposal_can_be_taken_back_and_made_by_somebody_else(first: User, second: User) -> None:
    partner = new_partner()
    onboarding.propose(partner.pk, by=first, exception="Soon.")
    onboarding.decline(partner.pk, by=first)
    assert last_entry()[:2] == ("partner.declined", f"staff:{first.pk}")
    with pytest.raises(NotNow, match="Nobody proposes"):
        onboarding.approve(partner.pk, by=second)
    onboarding.propose(partner.pk, by=second, exception="Now.")
    onboarding.approve(partner.pk, by=first)
    assert stage_of(partner) == "live"


def test_pausing_shuts_the_next_request_out_and_resuming_goes_on(first: User) -> None:
    partner = live_partner()
    key = keys.issue(partner, actor="staff:1", valid_for=None, newest_seen="")
    Partner.objects.filter(pk=partner.pk).update(pulled=7, applied=5)
    onboarding.pause(partner.pk, by=first)
    assert keys.authenticate(f"Bearer {key}") is None
    assert last_entry()[:2] == ("partner.paused", f"staff:{first.pk}")
    onboarding.resume(partner.pk, by=first)
    assert keys.authenticate(f"Bearer {key}") is not None
    assert last_entry()[2] == {"partner": partner.pk, "stage": "live"}
    assert stage_of(partner) == "live"
    assert (partner.pulled, partner.applied) == (7, 5)


def test_a_partner_that_was_never_live_resumes_where_it_was(first: User, second: User) -> None:
    partner = new_partner()
    onboarding.propose(partner.pk, by=first, exception="Soon.")
    onboarding.pause(partner.pk, by=first)
    with pytest.raises(NotNow):
        onboarding.approve(partner.pk, by=second)
    onboarding.resume(partner.pk, by=second)
    assert stage_of(partner) == "onboarding"
    assert partner.proposed_by == first


def test_a_partners_own_calls_fill_its_list_and_its_feed_starts_anew(first: User, second: User) -> None:
    partner = Partner(name="New")
    onboarding.create(partner, by=first)
    key = keys.issue(partner, actor="staff:1", valid_for=None, newest_seen="")
    client = Client(headers={"Authorization": f"Bearer {key}"})
    assert client.get("/api/v1/status").json()["stage"] == "onboarding"
    assert checklist.missing(partner) == [Trial.PULL, Trial.MATCH, Trial.TOMBSTONE]
    tests = fetch(client, 0)
    assert {entry["status"] for entry in tests["records"]} == {"active"}
    confirm(client, tests)
    partner.refresh_from_db()
    assert checklist.missing(partner) == [Trial.MATCH, Trial.TOMBSTONE]
    news = fetch(client, tests["next"])
    assert [entry["status"] for entry in news["records"]] == ["withdrawn"]
    confirm(client, news)
    partner.refresh_from_db()
    assert checklist.missing(partner) == [Trial.MATCH]
    onboarding.propose(partner.pk, by=first, exception="No photos to ask about.")
    onboarding.approve(partner.pk, by=second)
    live = fetch(client, 0)
    assert live["feed"] != tests["feed"]
    stale = client.get(f"/api/v1/fingerprints?after={news['next']}&feed={tests['feed']}")
    assert (stale.status_code, stale.json()["code"]) == (409, "another-feed")


def fetch(client: Client, after: int) -> dict[str, Any]:
    page: dict[str, Any] = client.get(f"/api/v1/fingerprints?after={after}").json()
    return page


def confirm(client: Client, page: dict[str, Any]) -> None:
    body = {"feed": page["feed"], "applied": page["next"]}
    assert client.post("/api/v1/confirmations", body, content_type="application/json").status_code == 200


@pytest.mark.parametrize(
    ("step", "stage"),
    [
        (Step.PROPOSE, "live"), (Step.PROPOSE, "paused"), (Step.APPROVE, "live"),
        (Step.APPROVE, "onboarding"), (Step.DECLINE, "live"), (Step.DECLINE, "onboarding"),
        (Step.PAUSE, "paused"), (Step.RESUME, "live"), (Step.RESUME, "onboarding"),
    ],
)  # fmt: skip
def test_a_step_at_the_wrong_time_changes_nothing(step: Step, stage: str, first: User) -> None:
    partner = new_partner() if stage == "onboarding" else live_partner()
    Partner.objects.filter(pk=partner.pk).update(stage=stage)
    before = Partner.objects.values().get()
    with pytest.raises(NotNow):
        getattr(onboarding, step.value)(partner.pk, by=first)
    assert Partner.objects.values().get() == before
    assert not AuditEntry.objects.exists()


def test_a_live_partner_sees_the_feed_and_a_new_one_does_not(first: User, second: User) -> None:
    shared = record(tombstone=True)
    partner = new_partner()
    seen = set(feed.visible(partner).values_list("seq", flat=True))
    assert shared.seq not in seen
    onboarding.propose(partner.pk, by=first, exception="Soon.")
    onboarding.approve(partner.pk, by=second)
    partner.refresh_from_db()
    seen = set(feed.visible(partner).values_list("seq", flat=True))
    assert shared.seq in seen
