from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from arcsite import preparing
from arcsite.management.commands.up import hint
from matching import failures


class Command(BaseCommand):
    help = "Bring database, static files and first accounts up to this version, and start nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            accounts = preparing.prepare()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            why = failures.described(error)
            raise CommandError(f"The database cannot be used: {why}. Hint: {hint()}") from error
        for line in preparing.shown(accounts):
            self.stdout.write(line)
        self.stdout.write("Ready to be served.")
