from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from arcsite import launcher
from arcsite.restoring import NotRestored, reapply, restore
from matching import supervisor
from matching.restoring import Reapplied


class Command(BaseCommand):
    help = "Put a backup in the place of the database. Stop the service first."
    # The database may be missing or damaged: that is why somebody restores.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="made by `manage.py backup`")
        parser.add_argument(
            "--reapply",
            action="store_true",
            help="the second half alone, after pg_restore: migrate, then what the journal knows",
        )
        parser.add_argument("--force", action="store_true", help="replace the database that is there")

    def handle(self, *args: Any, **options: Any) -> None:
        require_fitting(options)
        try:
            with service_stopped(settings.DATA_DIR / "run"):
                done = reapply() if options["reapply"] else replaced(options)
        except NotRestored as error:
            raise CommandError(str(error)) from None
        except (launcher.CannotRun, supervisor.AlreadyRunning):
            raise CommandError("ARC is running on this data directory. Hint: stop it first.") from None
        self.stdout.write(
            f"Restored. Withdrawn again {done.withdrawn}, retracted from partners {done.retracted}, "
            f"undecided photos to be sent again {done.lost}, "
            f"questioned by partners and paused again {done.suspended}, "
            f"extended fingerprints taken back again in {done.narrowed} cases.\n"
            "Accounts, passwords and partner keys are those of the backup: end again what was ended since. "
            "Audit heads noted after the backup are no longer in the chain."
        )


def require_fitting(options: dict[str, Any]) -> None:
    """A file for SQLite, none for PostgreSQL. Raises CommandError with what to do instead."""
    if connection.vendor == "sqlite":
        if options["file"] is None or options["reapply"]:
            raise CommandError("Which backup? Hint: `manage.py restore FILE`.", returncode=2)
    elif options["file"] is not None or not options["reapply"]:
        raise CommandError(
            "PostgreSQL has a tool of its own. Hint: stop every host, `pg_restore --clean --if-exists "
            "--no-owner --dbname=NAME FILE`, put the lines of all hosts' journals into "
            f"{settings.DATA_DIR / 'journal'}, then `manage.py restore --reapply`.",
            returncode=2,
        )


def replaced(options: dict[str, Any]) -> Reapplied:
    database = Path(connection.settings_dict["NAME"])
    if not options["force"]:
        require_empty(database)
    return restore(options["file"].absolute(), database)


@contextmanager
def service_stopped(run: Path) -> Iterator[None]:
    """Hold the locks of launcher and worker, so that neither starts meanwhile."""
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with launcher.only_one(run), supervisor.only_one(run):
        yield


def require_empty(database: Path) -> None:
    """Raises NotRestored when something would be replaced."""
    store: Path = settings.STORE_DIR
    if database.exists() or (store.is_dir() and any(store.iterdir())):
        raise NotRestored(
            f"{database.parent} already holds data. Hint: `--force` replaces the database; "
            "photos that wait for a decision are then lost."
        )
