from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from arcsite import launcher, moving
from arcsite.management.commands.restore import service_stopped
from matching import failures, supervisor

NAME = "db.sqlite3"
MOVED = "moved-to-postgresql.sqlite3"


class Command(BaseCommand):
    help = "Copy the SQLite database into the empty PostgreSQL of DATABASE_URL. Stop the service first."

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Where to? Hint: set DATABASE_URL to the new PostgreSQL database.")
        file: Path = settings.DATA_DIR / NAME
        try:
            with service_stopped(settings.DATA_DIR / "run"):
                counts = moving.move(file)
                # Without DATABASE_URL the service must not go on with what is old by then.
                file.replace(file.with_name(MOVED))
        except moving.NotMoved as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(
                f"Nothing was moved: {failures.described(error)}. Hint: run it again."
            ) from None
        except (launcher.CannotRun, supervisor.AlreadyRunning):
            raise CommandError("ARC is running on this data directory. Hint: stop it first.") from None
        self.stdout.write(
            f"Moved {sum(counts.values())} rows of {len(counts)} tables; the audit holds. "
            "Keep DATABASE_URL set, and start the service. "
            f"Then delete {file.with_name(MOVED)}: it still holds keys of photos."
        )
