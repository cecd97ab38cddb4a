"""The database itself refuses to change the audit."""

import pytest
from audit_triggers import trigger_names
from django.db import IntegrityError, connection, transaction

from review import audit
from review.models import AuditEntry


@pytest.fixture
def entry(db: None) -> AuditEntry:
    return audit.append("tested", actor="worker")


def test_the_triggers_exist_after_migrate(db: None) -> None:
    assert (
        trigger_names()
        == {
            "sqlite": ["audit_no_delete", "audit_no_replace", "audit_no_update"],
            "postgresql": ["audit_no_change", "audit_no_truncate"],
        }[connection.vendor]
    )


TAMPERING = [
    "UPDATE review_auditentry SET actor = 'nobody'",
    "DELETE FROM review_auditentry",
    """INSERT INTO review_auditentry SELECT * FROM review_auditentry WHERE true
       ON CONFLICT (seq) DO UPDATE SET actor = 'nobody'""",
]
TAMPERING += {
    "sqlite": [
        "UPDATE OR REPLACE review_auditentry SET seq = seq + 1",
        "INSERT OR REPLACE INTO review_auditentry SELECT * FROM review_auditentry",
    ],
    "postgresql": [
        "TRUNCATE review_auditentry",
        "WITH gone AS (DELETE FROM review_auditentry RETURNING *) SELECT * FROM gone",
    ],
}[connection.vendor]


@pytest.mark.parametrize("statement", TAMPERING)
def test_the_database_refuses(entry: AuditEntry, statement: str) -> None:
    refused = pytest.raises(IntegrityError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert audit.verify().fault == ""


def test_the_models_refuse_as_well(entry: AuditEntry) -> None:
    entry.actor = "nobody"
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        entry.save()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        entry.delete()


def test_an_entry_without_actor_is_refused(db: None) -> None:
    with pytest.raises(IntegrityError, match="audit_actor_is_set"), transaction.atomic():
        audit.append("tested", actor="")
