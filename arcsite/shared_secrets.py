"""Hosts that share a database must share its pepper and its master key: else cases or photos would not open.

What the first host uses is noted in the audit, as a keyed digest that tells two secrets apart and neither of
them to anybody. One machine with a file of its own has nobody to compare with.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from arcsite.backup import fingerprint_of_pepper
from review import audit
from review.models import AuditEntry

PEPPER, MASTER_KEY = "pepper.taken_into_use", "master_key.taken_into_use"
# Of the 64 digits: enough to tell two secrets apart.
DIGITS = 32
HINT = "Give every host the same ARC_SECRET_KEY, ARC_MASTER_KEY and ARC_PEPPER; docs/operators.md says how."
WHAT_FAILS = {PEPPER: ("ARC_PEPPER", "case"), MASTER_KEY: ("ARC_MASTER_KEY", "photo")}


def require_same() -> None:
    """Note which secrets the first host uses; the others are held to them. Raises ImproperlyConfigured."""
    if connection.vendor == "sqlite":
        return
    for action, mark in marks().items():
        if noted(action) is None:
            audit.append(action, actor="prepare", details={"mark": mark})
    if found := differing():
        raise ImproperlyConfigured(f"{' '.join(map(sentence, found))} Hint: {HINT}")


def take_into_use(master_key: str, *, actor: str) -> None:
    """From now on hosts are held to this master key."""
    if connection.vendor != "sqlite" and noted(MASTER_KEY) != (mark := mark_of(master_key)):
        audit.append(MASTER_KEY, actor=actor, details={"mark": mark})


def differing() -> list[str]:
    """The actions of those secrets of this host that are not those of the others. Raises DatabaseError."""
    return [action for action, mark in marks().items() if noted(action) not in {None, mark}]


def sentence(action: str) -> str:
    name, thing = WHAT_FAILS[action]
    return f"This host has another {name} than the other hosts of this database, so no {thing} would open."


@register(Tags.security)
def secrets_are_those_of_the_other_hosts(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001
    **_: Any,
) -> list[CheckMessage]:
    """Asked by each process at its start. A database that is silent or empty is not this check's business."""
    if connection.vendor == "sqlite":
        return []
    was_open = connection.connection is not None
    try:
        found = differing()
    except DatabaseError:
        return []
    finally:
        if not was_open:
            connection.close()
    return [Error(sentence(action), hint=HINT, id="arc.E015") for action in found]


def marks() -> dict[str, str]:
    return {PEPPER: fingerprint_of_pepper()[:DIGITS], MASTER_KEY: mark_of(settings.ARC_MASTER_KEY)}


def mark_of(master_key: str) -> str:
    return hmac.new(master_key.encode(), b"arc mark of the master key", hashlib.sha256).hexdigest()[:DIGITS]


def noted(action: str) -> str | None:
    """The mark that was noted last, None before the first."""
    last = AuditEntry.objects.filter(action=action).order_by("-seq").values_list("details", flat=True).first()
    return None if last is None else str(json.loads(last)["mark"])
