import sys
from argparse import ArgumentTypeError
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from arcsite.bench import MEASUREMENTS
from arcsite.bench_figures import table
from arcsite.bench_service import NotMeasured, on_postgres


class Command(BaseCommand):
    help = (
        "Measure this machine: a service of its own with drawn photos, on loopback, thrown away afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=MEASUREMENTS)
        parser.add_argument(
            "--share", type=share, default=1.0, help="of the full size, such as 0.1 (%(default)s)"
        )
        parser.add_argument(
            "--postgres",
            action="store_true",
            help="on a PostgreSQL server of its own, made for it and thrown away (needs its programs here)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ends with 1 when a goal was missed."""
        if options["postgres"]:
            self.handle_on_postgres(options["what"], f"--share={options['share']}")
        require_nothing()
        try:
            figures = MEASUREMENTS[options["what"]](options["share"])
        except NotMeasured as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write("\n".join(table(figures)))
        if any(figure.held is False for figure in figures):
            raise CommandError("A goal was missed.")

    def handle_on_postgres(self, *arguments: str) -> NoReturn:
        """The same command again, because settings are read once; it says itself what it found."""
        try:
            sys.exit(on_postgres(arguments))
        except NotMeasured as reason:
            raise CommandError(str(reason)) from None


def require_nothing() -> None:
    """A PostgreSQL that is lent for measuring must hold nothing. Raises CommandError."""
    if connection.vendor == "postgresql" and connection.introspection.table_names():
        raise CommandError(
            "The database of DATABASE_URL holds tables, and measuring would fill them. "
            "Hint: make an empty one with `createdb`, and drop it afterwards."
        )


def share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1:
        raise ArgumentTypeError(f"{text!r} is not a share: a number above 0, at most 1")
    return number
