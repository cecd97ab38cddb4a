"""The database itself refuses to change a published version of the terms, or any of its clauses."""

# ruff: noqa: S608 - nothing from outside is in any of these statements

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

MESSAGE = "published terms never change"
ABORT = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"


def _published(terms: str) -> str:
    return f"EXISTS (SELECT 1 FROM review_termsversion WHERE id = {terms} AND published_at IS NOT NULL)"


# The INSERT triggers are for INSERT OR REPLACE, which removes the old row without telling a DELETE trigger.
SQLITE = {
    "terms_no_update": f"BEFORE UPDATE ON review_termsversion WHEN OLD.published_at IS NOT NULL {ABORT}",
    "terms_no_delete": f"BEFORE DELETE ON review_termsversion WHEN OLD.published_at IS NOT NULL {ABORT}",
    "terms_no_replace": f"""BEFORE INSERT ON review_termsversion WHEN EXISTS (
        SELECT 1 FROM review_termsversion
        WHERE (id = NEW.id OR number = NEW.number) AND published_at IS NOT NULL) {ABORT}""",
    "terms_no_clause_insert": f"""BEFORE INSERT ON review_clause WHEN {_published("NEW.terms_id")}
        OR EXISTS (SELECT 1 FROM review_clause WHERE id = NEW.id AND {_published("terms_id")}) {ABORT}""",
    "terms_no_clause_update": f"""BEFORE UPDATE ON review_clause
        WHEN {_published("OLD.terms_id")} OR {_published("NEW.terms_id")} {ABORT}""",
    "terms_no_clause_delete": f"BEFORE DELETE ON review_clause WHEN {_published('OLD.terms_id')} {ABORT}",
}
REFUSE = f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';"
POSTGRESQL = [
    f"""CREATE FUNCTION terms_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF OLD.published_at IS NOT NULL THEN {REFUSE} END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$""",
    f"""CREATE FUNCTION terms_refuse_clause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' AND {_published("OLD.terms_id")} THEN {REFUSE} END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        IF {_published("NEW.terms_id")} THEN {REFUSE} END IF; RETURN NEW; END $$""",
    f"""CREATE FUNCTION terms_refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {REFUSE} END $$""",
    """CREATE TRIGGER terms_no_change BEFORE UPDATE OR DELETE ON review_termsversion
        FOR EACH ROW EXECUTE FUNCTION terms_refuse()""",
    """CREATE TRIGGER terms_no_clause_change BEFORE INSERT OR UPDATE OR DELETE ON review_clause
        FOR EACH ROW EXECUTE FUNCTION terms_refuse_clause()""",
    """CREATE TRIGGER terms_no_truncate BEFORE TRUNCATE ON review_termsversion
        FOR EACH STATEMENT EXECUTE FUNCTION terms_refuse_all()""",
    """CREATE TRIGGER terms_no_clause_truncate BEFORE TRUNCATE ON review_clause
        FOR EACH STATEMENT EXECUTE FUNCTION terms_refuse_all()""",
]


def create_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "sqlite":
        for name, body in SQLITE.items():
            editor.execute(f"CREATE TRIGGER {name} {body}")
    else:
        for statement in POSTGRESQL:
            editor.execute(statement)


def drop_triggers(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "sqlite":
        for name in SQLITE:
            editor.execute(f"DROP TRIGGER {name}")
    else:
        for function in ("terms_refuse", "terms_refuse_clause", "terms_refuse_all"):
            editor.execute(f"DROP FUNCTION {function}() CASCADE")


class Migration(migrations.Migration):
    dependencies = [("review", "0004_terms_version_1")]
    operations = [migrations.RunPython(create_triggers, drop_triggers)]
