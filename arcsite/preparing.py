"""What must be done once before this version serves: database, first accounts, static files."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from arcsite import assets, shared_secrets, turns
from arcsite.first_accounts import NewAccount, ensure_first_accounts


def prepare() -> list[NewAccount]:
    """Bring everything up to this version; no step does anything twice. Returns the accounts that were made.

    Raises DatabaseError, or ImproperlyConfigured for an unusable password or another host's pepper.
    """
    with turns.one_host_at_a_time():
        if has_unapplied_migrations():
            call_command("migrate", interactive=False, verbosity=0)
        shared_secrets.require_same()
        accounts = ensure_first_accounts()
    assets.collect_if_changed()
    return accounts


def has_unapplied_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def shown(accounts: list[NewAccount]) -> list[str]:
    """The lines that tell a person of new accounts."""
    if not accounts:
        return []
    head = "\nFirst accounts. Generated passwords are shown now and never again:"
    return [head, *(_line(account) for account in accounts)]


def _line(account: NewAccount) -> str:
    password = account.password or "(as set in the environment)"
    return f"  {account.username:<10} {password:<28} {account.role}"
