from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from review import audit

ACTOR = "operator"


class Command(BaseCommand):
    help = "Remove a person's second factor after a lost phone; the next sign-in asks to set up another one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        name: str = options["username"]
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"Nobody is called {name!r} here. Hint: the admin lists all accounts.")
        with transaction.atomic():
            # Their open sessions end as well: each remembers the factors that it was opened with.
            removed, _ = Authenticator.objects.filter(user=user).delete()
            if removed:
                audit.append("second-factor.reset", actor=ACTOR, details={"account": audit.staff(user)})
        self.stdout.write(
            f"Done: {name} sets up a new second factor at the next sign-in."
            if removed
            else f"{name} had no second factor; nothing was changed."
        )
