import json
import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from photo_rows import MakePhoto

from enrollment.states import PhotoState
from matching import keys
from matching.admin import HIDDEN_APPS
from matching.models import Fingerprint, Heartbeat, Partner, PartnerKey
from review.models import AuditEntry

PARTNERS = "/admin/matching/partner/"
TASKS = "/admin/matching/heartbeat/"


@pytest.fixture
def partner(db: None) -> Partner:
    return Partner.objects.create(name="Platform")


@pytest.fixture
def manager(db: None) -> Client:
    """Someone of the partner managers: these permissions and no other."""
    user = User.objects.create_user("manager", password="x", is_staff=True)
    names = [f"{verb}_{model}" for verb in ("add", "change", "view") for model in ("partner", "partnerkey")]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def onlooker(db: None) -> Client:
    user = User.objects.create_user("onlooker", password="x", is_staff=True)
    names = ("view_partner", "view_partnerkey")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def form(partner: Partner | None = None, **fields: str) -> dict[str, str]:
    inline = {f"keys-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    current = {"name": partner.name, "kind": partner.kind, "contact": partner.contact} if partner else {}
    return {**inline, "kind": "platform", "active": "on", **current, **fields}


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


def test_adding_a_partner_is_audited(manager: Client) -> None:
    response = manager.post(f"{PARTNERS}add/", form(name="New", contact="them@example.org"))
    assert response.status_code == 302
    partner = Partner.objects.get()
    assert audited() == [
        ("partner.created", {"partner": partner.pk, "fields": ["contact", "name"], "active": True})
    ]
    assert "example.org" not in AuditEntry.objects.get().details


def test_deactivating_a_partner_is_audited_and_ends_its_access(manager: Client, partner: Partner) -> None:
    secret, _ = make_key(partner)
    fields = form(partner)
    del fields["active"]
    assert manager.post(f"{PARTNERS}{partner.pk}/change/", fields).status_code == 302
    assert audited()[-1] == (
        "partner.changed",
        {"partner": partner.pk, "fields": ["active"], "active": False},
    )
    assert keys.authenticate(f"Bearer {secret}") is None


def test_saving_without_a_change_is_no_change(manager: Client, partner: Partner) -> None:
    assert manager.post(f"{PARTNERS}{partner.pk}/change/", form(partner)).status_code == 302
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
    issued = manager.post(issue_url(partner), {"days": "365", "newest_seen": ""})
    assert issued.status_code == 200
    assert "no-store" in issued["Cache-Control"]
    row = PartnerKey.objects.get()
    shown = re.findall(rf"{row.prefix}_[a-z2-7]+", issued.text)[0]
    assert keys.authenticate(f"Bearer {shown}") is not None
    assert row.expires_at is not None
    assert audited() == [("key.issued", {"partner": partner.pk, "key": row.prefix})]
    later = manager.get(f"{PARTNERS}{partner.pk}/change/").text
    assert row.prefix in later
    assert shown not in later
    assert row.digest not in later


def test_a_key_may_last_until_it_is_revoked(manager: Client, partner: Partner) -> None:
    manager.post(issue_url(partner), {"days": "0", "newest_seen": ""})
    assert PartnerKey.objects.get().expires_at is None


def test_sending_the_form_twice_makes_one_key(manager: Client, partner: Partner) -> None:
    manager.post(issue_url(partner), {"days": "365", "newest_seen": ""})
    response = manager.post(issue_url(partner), {"days": "365", "newest_seen": ""}, follow=True)
    assert PartnerKey.objects.count() == 1
    assert "in the meantime" in response.text


def test_a_third_live_key_is_refused_with_a_sentence(manager: Client, partner: Partner) -> None:
    make_key(partner)
    make_key(partner)
    fields = {"days": "365", "newest_seen": keys.newest(partner)}
    assert "two live keys already" in manager.post(issue_url(partner), fields, follow=True).text
    assert PartnerKey.objects.count() == 2


def test_a_wrong_choice_issues_nothing(manager: Client, partner: Partner) -> None:
    assert manager.post(issue_url(partner), {"days": "100000", "newest_seen": ""}).status_code == 200
    assert manager.post(issue_url(partner), {}).status_code == 200
    assert not PartnerKey.objects.exists()


def test_revoking_asks_first_and_is_audited(manager: Client, partner: Partner) -> None:
    secret, key = make_key(partner)
    assert manager.get(revoke_url(key)).status_code == 200
    assert keys.authenticate(f"Bearer {secret}") is not None
    assert manager.post(revoke_url(key)).status_code == 302
    assert keys.authenticate(f"Bearer {secret}") is None
    assert audited()[-1] == ("key.revoked", {"partner": partner.pk, "key": key.prefix})


def test_looking_is_not_issuing_or_revoking(onlooker: Client, partner: Partner) -> None:
    _, key = make_key(partner)
    assert onlooker.get(f"{PARTNERS}{partner.pk}/change/").status_code == 200
    for verb in (onlooker.get, onlooker.post):
        assert verb(issue_url(partner)).status_code == 403
        assert verb(revoke_url(key)).status_code == 403


def test_others_are_sent_to_the_sign_in(client: Client, partner: Partner) -> None:
    _, key = make_key(partner)
    client.force_login(User.objects.create_user("reviewer", password="x"))
    for url in (PARTNERS, TASKS, issue_url(partner), revoke_url(key)):
        assert client.post(url).status_code == 302
    assert PartnerKey.objects.live().count() == 1


def test_the_task_overview_shows_what_waits(admin_client: Client, make_photo: MakePhoto) -> None:
    assert "has not shown up yet" in admin_client.get(TASKS).text
    make_photo(PhotoState.COVERED)
    make_photo(PhotoState.FAILED)
    Heartbeat.objects.create(name="cluster", beat_at=timezone.now())
    page = admin_client.get(TASKS)
    assert page.status_code == 200
    assert "Something needs a person" in page.text
    assert "last showed up 0" in page.text
    assert admin_client.post(TASKS).status_code == 405


def test_the_task_overview_needs_its_permission(manager: Client) -> None:
    assert manager.get(TASKS).status_code == 403


def test_the_admin_knows_no_model_that_must_not_be_there() -> None:
    hidden: list[type[Model]] = [
        model
        for name in HIDDEN_APPS
        if apps.is_installed(name)
        for model in apps.get_app_config(name.rpartition(".")[2]).get_models(include_auto_created=True)
    ]
    assert len(hidden) >= 6
    hidden.append(Fingerprint)
    assert not [model for model in hidden if admin.site.is_registered(model)]
