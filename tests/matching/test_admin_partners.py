import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from partner_rows import browser, live_partner
from review_rows import person

from matching import keys, onboarding
from matching.models import Partner, PartnerKey, Scope
from review.models import AuditEntry

PARTNERS = "/admin/matching/partner/"


@pytest.fixture
def partner(db: None) -> Partner:
    return live_partner()


@pytest.fixture
def manager(db: None) -> Client:
    return browser(person("manager", "Partner manager"))


@pytest.fixture
def auditor(db: None) -> Client:
    """May look, and no more."""
    return browser(person("auditor", "Auditor"))


def form(partner: Partner | None = None, **fields: str) -> dict[str, str]:
    inline = {f"keys-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    current = {"name": partner.name, "kind": partner.kind, "contact": partner.contact} if partner else {}
    return {**inline, "kind": "platform", **current, **fields}


def issuing(**fields: Any) -> dict[str, Any]:
    return {"opens": ["feed", "match", "sightings"], "days": "365", "newest_seen": "", **fields}


def change_url(partner: Partner) -> str:
    return f"{PARTNERS}{partner.pk}/change/"


def issue_url(partner: Partner) -> str:
    return f"{PARTNERS}{partner.pk}/issue-key/"


def revoke_url(key: PartnerKey) -> str:
    return f"{PARTNERS}key/{key.pk}/revoke/"


def audited() -> list[tuple[str, dict[str, Any]]]:
    rows = AuditEntry.objects.order_by("seq")
    assert all(row.actor.startswith("staff:") for row in rows)
    return [(row.action, json.loads(row.details)) for row in rows]


def make_key(partner: Partner) -> tuple[str, PartnerKey]:
    secret = keys.issue(partner, actor="staff:1", valid_for=None, newest_seen=keys.newest(partner))
    return secret, PartnerKey.objects.get(prefix=keys.newest(partner))


def test_a_new_partner_is_connected_first(manager: Client) -> None:
    fields = form(name="New Platform", contact="them@example.org", slug="mine", stage="live")
    response = manager.post(f"{PARTNERS}add/", fields)
    partner = Partner.objects.get()
    assert (partner.slug, partner.stage) == ("new-platform", "onboarding")
    assert response.headers["Location"] == change_url(partner)
    assert audited() == [("partner.created", {"partner": partner.pk, "kind": "platform"})]
    assert "example.org" not in AuditEntry.objects.get().details


def test_of_two_who_save_the_same_new_name_at_once_the_later_is_told(
    manager: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the other one's partner had not been there yet when the form was looked at."""
    looked_again, look = [], Partner.validate_unique
    monkeypatch.setattr(Partner, "validate_unique", lambda self, exclude: looked_again.append(self))

    def create(new: Partner, *, by: User) -> None:
        monkeypatch.setattr(Partner, "validate_unique", look)
        created(new, by=by)

    created = onboarding.create
    monkeypatch.setattr(onboarding, "create", create)
    response = manager.post(f"{PARTNERS}add/", form(name=partner.name))
    assert len(looked_again) == 1
    assert response.status_code == 200
    assert response.context["errors"] == [["Partner with this Name already exists."]]
    assert Partner.objects.count() == 1
    assert audited() == []


def test_of_two_names_that_make_one_slug_at_once_the_later_gets_the_next(
    manager: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    slugs = iter([partner.slug, "another"])
    monkeypatch.setattr(onboarding, "_free_slug", lambda name: next(slugs))
    assert manager.post(f"{PARTNERS}add/", form(name="Another")).status_code == 302
    assert Partner.objects.get(slug="another").name == "Another"
    assert [action for action, _ in audited()] == ["partner.created"]


def test_changes_are_audited_by_the_names_of_fields(manager: Client, partner: Partner) -> None:
    fields = form(partner, surfaces="Posts and profiles", urgent_contact="now@example.org")
    assert manager.post(change_url(partner), fields).status_code == 302
    assert audited() == [
        ("partner.changed", {"partner": partner.pk, "fields": ["surfaces", "urgent_contact"]})
    ]


def test_neither_slug_nor_stage_is_a_field(manager: Client, partner: Partner) -> None:
    fields = form(partner, slug="another", stage="paused", approved_by="1", contact="a@example.org")
    assert manager.post(change_url(partner), fields).status_code == 302
    after = Partner.objects.get()
    assert (after.slug, after.stage, after.approved_by_id) == (
        partner.slug, "live", partner.approved_by_id,
    )  # fmt: skip


def test_a_name_that_is_taken_is_refused_with_a_sentence(manager: Client, partner: Partner) -> None:
    answer = manager.post(f"{PARTNERS}add/", form(name=partner.name))
    assert "already exists" in answer.text
    assert Partner.objects.count() == 1


def test_saving_without_a_change_is_no_change(manager: Client, partner: Partner) -> None:
    assert manager.post(change_url(partner), form(partner)).status_code == 302
    assert audited() == []


def test_a_partner_cannot_be_deleted(admin_client: Client, partner: Partner) -> None:
    assert admin_client.post(f"{PARTNERS}{partner.pk}/delete/", {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [partner.pk], "post": "yes"}
    admin_client.post(PARTNERS, action)
    assert Partner.objects.exists()


def test_a_key_is_shown_once(manager: Client, partner: Partner) -> None:
    page = manager.get(issue_url(partner))
    assert page.status_code == 200
    assert not PartnerKey.objects.exists()
    issued = manager.post(issue_url(partner), issuing())
    assert issued.status_code == 200
    assert "no-store" in issued["Cache-Control"]
    row = PartnerKey.objects.get()
    shown = re.findall(rf"{row.prefix}_[a-z2-7]+", issued.text)[0]
    assert keys.authenticate(f"Bearer {shown}") is not None
    assert row.expires_at is not None
    assert audited() == [
        ("key.issued", {"partner": partner.pk, "key": row.prefix, "scopes": "feed match sightings"})
    ]
    later = manager.get(change_url(partner)).text
    assert row.prefix in later
    assert shown not in later
    assert row.digest not in later


def test_a_key_opens_what_was_chosen(manager: Client, partner: Partner) -> None:
    manager.post(issue_url(partner), issuing(opens=["match"], days="0"))
    key = PartnerKey.objects.get()
    assert [scope for scope in Scope if key.opens(scope)] == [Scope.MATCH]
    assert key.expires_at is None
    assert "<p>match</p>" in manager.get(change_url(partner)).text


@pytest.mark.parametrize(
    "wrong", [{"opens": []}, {"opens": ["feed", "admin"]}, {"days": "100000"}, {"days": ""}]
)
def test_a_wrong_choice_issues_nothing(manager: Client, partner: Partner, wrong: dict[str, Any]) -> None:
    answer = manager.post(issue_url(partner), issuing(**wrong))
    assert answer.status_code == 200
    assert "errorlist" in answer.text
    assert not PartnerKey.objects.exists()


def test_sending_the_form_twice_makes_one_key(manager: Client, partner: Partner) -> None:
    manager.post(issue_url(partner), issuing())
    response = manager.post(issue_url(partner), issuing(), follow=True)
    assert PartnerKey.objects.count() == 1
    assert "in the meantime" in response.text


def test_two_keys_work_at_once_and_a_third_is_refused(manager: Client, partner: Partner) -> None:
    both = [make_key(partner)[0], make_key(partner)[0]]
    assert all(keys.authenticate(f"Bearer {key}") is not None for key in both)
    third = manager.post(issue_url(partner), issuing(newest_seen=keys.newest(partner)), follow=True)
    assert "two live keys already" in third.text
    assert PartnerKey.objects.count() == 2


def test_revoking_asks_first_and_is_audited(manager: Client, partner: Partner) -> None:
    secret, key = make_key(partner)
    assert manager.get(revoke_url(key)).status_code == 200
    assert keys.authenticate(f"Bearer {secret}") is not None
    assert manager.post(revoke_url(key)).status_code == 302
    assert keys.authenticate(f"Bearer {secret}") is None
    assert audited()[-1] == ("key.revoked", {"partner": partner.pk, "key": key.prefix})


def test_the_page_warns_before_the_last_key_ends(manager: Client, partner: Partner) -> None:
    assert "It has no live key." in manager.get(change_url(partner)).text
    make_key(partner)
    soon = timezone.now() + timedelta(days=13)
    PartnerKey.objects.update(expires_at=soon, last_used_at=timezone.now())
    page = manager.get(change_url(partner)).text
    assert f"Its last key ends on {date_format(soon, 'SHORT_DATE_FORMAT')}" in page
    assert "Ends soon" in page
    assert "Never" not in page
    PartnerKey.objects.update(expires_at=timezone.now() + timedelta(days=15))
    page = manager.get(change_url(partner)).text
    assert "ends on" not in page
    assert "Ends soon" not in page


def test_looking_is_not_changing(auditor: Client, partner: Partner) -> None:
    _, key = make_key(partner)
    page = auditor.get(change_url(partner))
    assert page.status_code == 200
    assert "Issue a key" not in page.text
    assert "pause/" not in page.text
    assert auditor.post(change_url(partner), form(partner, name="Theirs")).status_code == 403
    assert auditor.get(f"{PARTNERS}add/").status_code == 403
    for url in (issue_url(partner), revoke_url(key)):
        assert auditor.get(url).status_code == auditor.post(url).status_code == 403


def test_others_are_sent_to_the_sign_in(client: Client, partner: Partner) -> None:
    _, key = make_key(partner)
    client.force_login(User.objects.create_user("reviewer", password="x"))
    for url in (PARTNERS, issue_url(partner), revoke_url(key), f"{PARTNERS}health/"):
        assert client.post(url).status_code == 302
    assert PartnerKey.objects.live().count() == 1
