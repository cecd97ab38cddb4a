import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone
from partner_rows import live_partner

from matching import keys
from matching.models import Partner, PartnerKey, Scope
from review.models import AuditEntry

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)


@pytest.fixture
def partner() -> Partner:
    return live_partner()


def issue(partner: Partner, valid_for: timedelta | None = YEAR) -> str:
    return keys.issue(partner, actor="staff:1", valid_for=valid_for, newest_seen=keys.newest(partner))


def test_a_key_opens_and_only_its_digest_is_kept(partner: Partner) -> None:
    key = issue(partner)
    prefix, _, secret = key.partition("_")
    found = keys.authenticate(f"Bearer {key}")
    assert found is not None
    assert found.partner == partner
    stored = PartnerKey.objects.values().get()
    assert stored["prefix"] == prefix
    assert stored["digest"] == hashlib.sha256(key.encode()).hexdigest()
    assert secret not in str(stored)


def test_a_secret_has_at_least_160_bits_and_never_comes_twice(partner: Partner) -> None:
    made = {issue(partner), issue(partner)}
    assert len({key.partition("_")[2] for key in made}) == 2
    assert keys.SECRET_BYTES * 8 >= 160
    assert all(len(key.partition("_")[2]) == keys.SECRET_BYTES * 8 // 5 for key in made)


def test_issuing_is_audited_without_the_secret(partner: Partner) -> None:
    key = issue(partner)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("key.issued", "staff:1")
    assert key.partition("_")[0] in entry.details
    assert key.partition("_")[2] not in entry.details


def test_two_live_keys_at_most(partner: Partner) -> None:
    issue(partner)
    issue(partner)
    with pytest.raises(keys.NotIssued):
        issue(partner)
    assert keys.revoke(PartnerKey.objects.first() or PartnerKey(), actor="staff:1")
    issue(partner)
    assert PartnerKey.objects.live().count() == 2


def test_a_form_sent_twice_makes_one_key(partner: Partner) -> None:
    keys.issue(partner, actor="staff:1", valid_for=None, newest_seen="")
    with pytest.raises(keys.NotIssued):
        keys.issue(partner, actor="staff:1", valid_for=None, newest_seen="")
    assert PartnerKey.objects.count() == AuditEntry.objects.count() == 1


def test_revoking_is_audited_once(partner: Partner) -> None:
    key = issue(partner)
    row = PartnerKey.objects.get()
    assert keys.revoke(row, actor="staff:2")
    assert not keys.revoke(row, actor="staff:2")
    assert keys.authenticate(f"Bearer {key}") is None
    assert AuditEntry.objects.filter(action="key.revoked", actor="staff:2").count() == 1


def test_an_expired_key_is_refused_and_makes_room(partner: Partner) -> None:
    old = issue(partner)
    PartnerKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert keys.authenticate(f"Bearer {old}") is None
    assert PartnerKey.objects.live().count() == 0


def test_a_key_without_end_does_not_expire(partner: Partner) -> None:
    assert keys.authenticate(f"Bearer {issue(partner, valid_for=None)}") is not None


def test_the_keys_of_an_inactive_partner_are_refused(partner: Partner) -> None:
    key = issue(partner)
    Partner.objects.update(stage=Partner.Stage.PAUSED)
    assert keys.authenticate(f"Bearer {key}") is None


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer _", "Bearer nobody22_x", "Basic {key}", "{key}", "Bearer {key}x",
     "Bearer {prefix}",
     "Bearer {prefix}_", "Bearer {prefix}_wrong", "Bearer \0", "Bearer " + "a" * 8000, "Bearer \N{SNOWMAN}"],
)  # fmt: skip
def test_everything_else_is_refused(partner: Partner, header: str) -> None:
    key = issue(partner)
    assert keys.authenticate(header.format(key=key, prefix=key.partition("_")[0])) is None


@pytest.mark.parametrize("header", ["bearer {key}", "Bearer  {key} "])
def test_it_is_not_pedantic_about_the_scheme(partner: Partner, header: str) -> None:
    assert keys.authenticate(header.format(key=issue(partner))) is not None


def test_use_is_noted_once_a_minute(partner: Partner) -> None:
    issue(partner)
    key = PartnerKey.objects.get()
    keys.note_use(key)
    first = PartnerKey.objects.get().last_used_at
    assert first is not None
    keys.note_use(key)
    assert PartnerKey.objects.get().last_used_at == first
    PartnerKey.objects.update(last_used_at=first - timedelta(minutes=2))
    keys.note_use(key)
    assert (PartnerKey.objects.get().last_used_at or first) >= first


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_opens_what_its_scopes_name(partner: Partner, scope: Scope) -> None:
    key = keys.issue(partner, actor="staff:1", valid_for=None, newest_seen="", scopes=[scope])
    opened = {one for one in Scope if keys.authenticate(f"Bearer {key}", one)}
    assert opened == {scope}
    assert keys.authenticate(f"Bearer {key}") is not None
