"""Access keys of partners: ``prefix_secret``, shown once, kept as a SHA-256 only.

A secret of 200 random bits cannot be guessed from its digest, so a fast hash is enough.
"""

import base64
import hashlib
import hmac
import logging
import re
import secrets
from datetime import timedelta

from django.db import OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from matching.models import Partner, PartnerKey
from review import audit

logger = logging.getLogger(__name__)

MOST_LIVE = 2
SECRET_BYTES = 25
_PREFIX_BYTES = 5
_NOTE_USE_EVERY = timedelta(minutes=1)
# Compared with when the prefix is unknown, so that an unknown prefix costs what a wrong secret costs.
_NOBODY = "0" * 64
_LIKE_OURS = re.compile(r"[a-z2-7]{8}").fullmatch


class NotIssued(Exception):
    """No key was made; the text says why, for the admin."""


def issue(partner: Partner, *, actor: str, valid_for: timedelta | None, newest_seen: str) -> str:
    """Make a key and return it, for the only time.

    ``newest_seen`` is the prefix of the newest key on the page that asked, or "": a form sent twice
    makes one key. Raises NotIssued.
    """
    prefix, key = _random()
    with transaction.atomic():
        Partner.objects.select_for_update().get(pk=partner.pk)
        if newest_seen != newest(partner):
            raise NotIssued("A key was issued in the meantime. Please look at the list again.")
        if PartnerKey.objects.live().filter(partner=partner).count() >= MOST_LIVE:
            raise NotIssued("There are two live keys already. Revoke one first.")
        PartnerKey.objects.create(
            partner=partner,
            prefix=prefix,
            digest=_digest(key),
            expires_at=None if valid_for is None else Now() + valid_for,
        )
        audit.append("key.issued", actor=actor, details={"partner": partner.pk, "key": prefix})
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


def authenticate(authorization: str) -> PartnerKey | None:
    """The usable key of an ``Authorization`` header; None for every kind of wrong, in the same time."""
    scheme, _, presented = authorization.partition(" ")
    presented = presented.strip()
    prefix = presented.partition("_")[0]
    # A prefix we never made is not worth showing to a database: PostgreSQL refuses some characters loudly.
    known = PartnerKey.objects.select_related("partner").filter(prefix=prefix if _LIKE_OURS(prefix) else "")
    found, usable = known.first(), known.usable().exists()
    genuine = hmac.compare_digest(found.digest if found else _NOBODY, _digest(presented))
    if scheme.lower() != "bearer" or found is None or not genuine or not usable:
        return None
    _note_use(found)
    return found


def _note_use(key: PartnerKey) -> None:
    """Once a minute at most; a locked database must not keep a partner from a tombstone."""
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - _NOTE_USE_EVERY)
    uses = PartnerKey.objects.filter(stale, pk=key.pk)
    try:
        if uses.exists():
            uses.update(last_used_at=Now())
    except OperationalError:
        logger.warning("the use of a partner key could not be noted: the database was busy")


def _random() -> tuple[str, str]:
    prefix = base64.b32encode(secrets.token_bytes(_PREFIX_BYTES)).decode("ascii").lower()
    secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii").lower()
    return prefix, f"{prefix}_{secret}"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
