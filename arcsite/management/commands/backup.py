from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from arcsite.backup import LEFT_OUT, NotBackedUp, backup
from matching import journal


class Command(BaseCommand):
    help = "Copy the database to a private file, without keys of photos, sessions and queue. Safe in service."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a file that does not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "sqlite":
            leaving_out = " ".join(f"--exclude-table-data={name}" for name in sorted(LEFT_OUT))
            raise CommandError(f"This database has its own tool. Hint: pg_dump {leaving_out}")
        target: Path = options["file"].absolute()
        try:
            backup(Path(connection.settings_dict["NAME"]), target)
        except NotBackedUp as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Backed up to {target}. It needs the service's secrets, which are not in it. "
            f"Copy {settings.DATA_DIR / journal.NAME} along, and that one as often as you can."
        )
