import shlex
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
        target: Path = options["file"].absolute()
        if connection.vendor != "sqlite":
            raise CommandError(f"PostgreSQL has a tool of its own. Hint: {dump_command(target)}")
        try:
            backup(Path(connection.settings_dict["NAME"]), target)
        except NotBackedUp as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Backed up to {target}. It needs the service's secrets, which are not in it. "
            f"Copy {settings.DATA_DIR / journal.NAME} along, and that one as often as you can."
        )


def dump_command(target: Path) -> str:
    """What backs up PostgreSQL as ``backup`` does SQLite; the password is for ~/.pgpass."""
    database = connection.settings_dict
    given = {"host": database["HOST"], "port": database["PORT"], "username": database["USER"]}
    options = [f"--{name}={shlex.quote(value)}" for name, value in given.items() if value]
    options += [f"--exclude-table-data={name}" for name in sorted(LEFT_OUT)]
    name = shlex.quote(str(database["NAME"]))
    return f"umask 077; pg_dump --format=custom --file={shlex.quote(str(target))} {' '.join(options)} {name}"
