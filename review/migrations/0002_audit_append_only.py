from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

MESSAGE = "the audit is append-only"

SQLITE = [
    f"""CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON review_auditentry
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"""
    for verb in ("UPDATE", "DELETE")
] + [
    # INSERT OR REPLACE removes the old row without telling the DELETE trigger.
    f"""CREATE TRIGGER audit_no_replace BEFORE INSERT ON review_auditentry
        WHEN EXISTS (SELECT 1 FROM review_auditentry WHERE seq = NEW.seq)
        BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"""  # noqa: S608 (nothing from outside is in it)
]
POSTGRESQL = [
    f"""CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{MESSAGE}'
        USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON review_auditentry
        FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON review_auditentry
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
]


def create_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in SQLITE if editor.connection.vendor == "sqlite" else POSTGRESQL:
        editor.execute(statement)


def drop_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "sqlite":
        for name in ("audit_no_update", "audit_no_delete", "audit_no_replace"):
            editor.execute(f"DROP TRIGGER {name}")
    else:
        editor.execute("DROP FUNCTION audit_refuse() CASCADE")


class Migration(migrations.Migration):
    dependencies = [("review", "0001_initial")]
    operations = [migrations.RunPython(create_triggers, drop_triggers)]
