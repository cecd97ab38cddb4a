"""Hosts that share a database must share the pepper as well: with another one no case would ever open."""

import json

from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from arcsite.backup import fingerprint_of_pepper
from review import audit
from review.models import AuditEntry

ACTION = "pepper.taken_into_use"
# Of the 64 digits: enough to tell two peppers apart.
DIGITS = 32


def require_same() -> None:
    """Note in the audit which pepper the first host uses; every other host is held to that one.

    Nothing to do on SQLite, where there is one host. Raises ImproperlyConfigured.
    """
    if connection.vendor == "sqlite":
        return
    mark = fingerprint_of_pepper()[:DIGITS]
    first = AuditEntry.objects.filter(action=ACTION).order_by("seq").first()
    if first is None:
        audit.append(ACTION, actor="prepare", details={"mark": mark})
    elif json.loads(first.details)["mark"] != mark:
        raise ImproperlyConfigured(
            "This host has another ARC_PEPPER than the one that this database was used with, so no case "
            "would open. Hint: give every host the same ARC_SECRET_KEY, ARC_MASTER_KEY and ARC_PEPPER."
        )
