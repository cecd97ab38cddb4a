"""The triggers that keep the audit as it is, on either database."""

from django.db import connection

_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'review_auditentry'"
    " ORDER BY name",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'review_auditentry'::regclass"
    " AND NOT tgisinternal ORDER BY tgname",
}


def trigger_names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_NAMES[connection.vendor])
        return [name for (name,) in cursor.fetchall()]
