"""A partner to measure with."""

import secrets

from django.contrib.auth.models import User
from django.db.models.functions import Now

from matching import keys
from matching.models import Partner, Scope


def partner_key(scope: Scope) -> str:
    """The key of a new live partner."""
    first, second = (User.objects.create(username=secrets.token_hex(4), is_active=False) for _ in range(2))
    partner = Partner.objects.create(
        name="Bench",
        slug="bench",
        stage=Partner.Stage.LIVE,
        proposed_by=first,
        approved_by=second,
        approved_at=Now(),
    )
    return keys.issue(partner, actor="bench", valid_for=None, newest_seen="", scopes=[scope])
