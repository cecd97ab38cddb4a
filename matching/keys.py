"""Access keys of partners: ``prefix_secret``, shown once, kept as a SHA-256 only.

A secret of 200 random bits cannot be guessed from its digest, so a fast hash is enough.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext

from matching.models import Partner, PartnerKey, Scope
from review import audit

MOST_LIVE = 2
SECRET_BYTES = 25
_PREFIX_BYTES = 5
_NOTE_USE_EVERY = timedelta(minutes=1)
# Compared with when the prefix is unknown, so that an unknown prefix costs what a wrong secret costs.
_NOBODY = "0" * 64
_LIKE_OURS = re.compile(r"[a-z2-7]{8}").fullmatch


class NotIssued(Exception):
    """No key was made; the text says why, for the admin."""


def issue(
    partner: Partner,
    *,
    actor: str,
    valid_for: timedelta | None,
    newest_seen: str,
    scopes: Collection[Scope] = tuple(Scope),
) -> str:
    """Make a key and return it, for the only time.

    ``newest_seen`` is the prefix of the newest key on the page that asked, or "": a form sent twice
    makes one key. Raises NotIssued.
    """
    prefix, key = _random()
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner.pk)
        if newest_seen != newest(partner):
            raise NotIssued(gettext("A key was issued in the meantime. Please look at the list again."))
        if PartnerKey.objects.live().filter(partner=partner).count() >= MOST_LIVE:
            raise NotIssued(gettext("There are two live keys already. Revoke one first."))
        opened = " ".join(scope.value for scope in Scope if scope in scopes)
        PartnerKey.objects.create(
            partner=partner,
            prefix=prefix,
            digest=_digest(key),
            scopes=opened,
            expires_at=None if valid_for is None else Now() + valid_for,
        )
        audit.append(
            "key.issued", actor=actor, details={"partner": partner.pk, "key": prefix, "scopes": opened}
        )
    return key


def newest(partner: Partner) -> str:
    """The prefix of the partner's newest key, "" when there is none."""
    return (
        PartnerKey.objects.filter(partner=partner).order_by("-pk").values_list("prefix", flat=True).first()
        or ""
    )


def revoke(key: PartnerKey, *, actor: str) -> bool:
    """End a key with its next request; False when it was revoked before."""
    with transaction.atomic():
        revoked = PartnerKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=Now())
        if revoked:
            audit.append("key.revoked", actor=actor, details={"partner": key.partner_id, "key": key.prefix})
    return bool(revoked)


def authenticate(authorization: str, scope: Scope | None = None) -> PartnerKey | None:
    """The usable key of an ``Authorization`` header; None for every kind of wrong, in the same time.

    Without a ``scope`` any usable key will do.
    """
    scheme, _, presented = authorization.partition(" ")
    presented = presented.strip()
    prefix = presented.partition("_")[0]
    # A prefix we never made is not worth showing to a database: PostgreSQL refuses some characters loudly.
    # A prefix we never made is not worth showing to a database: PostgreSQL refuses some characters loudly.
    usable = Exists(PartnerKey.objects.usable().filter(pk=OuterRef("pk")))
    known = PartnerKey.objects.select_related("partner").filter(prefix=prefix if _LIKE_OURS(prefix) else "")
    found = known.annotate(is_usable=usable).first()
    genuine = hmac.compare_digest(found.digest if found else _NOBODY, _digest(presented))
    if scheme.lower() != "bearer" or found is None or not genuine:
        return None
    if not getattr(found, "is_usable", False) or not found.opens(scope):
        return None
    return found


def note_use(key: PartnerKey) -> None:
    """Remember that the key was used just now, once a minute at most."""
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - _NOTE_USE_EVERY)
    uses = PartnerKey.objects.filter(stale, pk=key.pk)
    if uses.exists():
        uses.update(last_used_at=Now())


def _random() -> tuple[str, str]:
    prefix = base64.b32encode(secrets.token_bytes(_PREFIX_BYTES)).decode("ascii").lower()
    secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii").lower()
    return prefix, f"{prefix}_{secret}"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
