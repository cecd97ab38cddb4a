import sys
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, connections
from django.urls import reverse

from arcsite import preparing
from arcsite.datadir import DEFAULT_PORT
from arcsite.demo import load_demo
from arcsite.first_accounts import NewAccount
from arcsite.launcher import CannotRun, Child, Launcher, only_one, require_free
from matching import failures

MANAGE = str(settings.BASE_DIR / "manage.py")


class Command(BaseCommand):
    help = "Start ARC on this machine: prepare the data, then run the web server and the worker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=port_number, default=DEFAULT_PORT, help="port on 127.0.0.1 (%(default)s)"
        )
        parser.add_argument("--data", metavar="DIR", help="private data directory (.data of the checkout)")
        parser.add_argument(
            "--demo", action="store_true", help="add drawn photos, so that screens have content"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # The data directory was chosen and made before the settings were read: arcsite/datadir.py.
        port: int = options["port"]
        try:
            with only_one(settings.DATA_DIR / "run"):
                require_free(port)
                self.prepare(demo=options["demo"])
                Launcher(children(port), port, self.say).run(lambda: self.show_addresses(port))
        except (CannotRun, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            why = failures.described(error)
            raise CommandError(f"The database cannot be used: {why}. Hint: {hint()}") from error

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def prepare(self, *, demo: bool) -> None:
        """Bring database, static files and first accounts up to date. Each step does nothing twice."""
        if preparing.has_unapplied_migrations():
            self.say("Preparing the database...")
        self.show_accounts(preparing.prepare())
        if demo:
            load_demo()
        # The children open connections of their own; this process needs none while it only watches.
        connections.close_all()

    def show_accounts(self, accounts: list[NewAccount]) -> None:
        for line in preparing.shown(accounts):
            self.say(line)
        if accounts and settings.ARC_REQUIRE_MFA:
            self.say("The first sign-in of each asks to set up an authenticator app (or a security key).")

    def show_addresses(self, port: int) -> None:
        base = settings.ARC_PUBLIC_URL
        self.say(f"\nARC is running on 127.0.0.1:{port}, data in {settings.DATA_DIR}")
        self.say(f"  submitters   {base}/")
        self.say(f"  reviewers    {base}{reverse('review:start')}")
        self.say(f"  admin        {base}{reverse('admin:index')}")
        if not settings.ARC_REQUIRE_MFA:
            self.say("Staff sign in without a second factor here. Do not use this for real photos.")
        self.say("Press Ctrl-C to stop.")


def port_number(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"{text!r} is not a port: a whole number from 1 to 65535")
    return int(text)


def hint() -> str:
    if connection.vendor == "sqlite":
        return f"does {settings.DATA_DIR} belong to this user?"
    return "is DATABASE_URL right, and does its server run?"


def children(port: int) -> list[Child]:
    server = [sys.executable, "-m", "gunicorn", "arcsite.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    server += ["--chdir", str(settings.BASE_DIR), "--workers", str(settings.ARC_WEB_PROCESSES)]
    server += ["--worker-class", "arcsite.web_worker.OneQueueWorker"]
    # Only a proxy on this machine is believed about the visitor; nothing about visitors is logged.
    server += ["--threads", "4", "--forwarded-allow-ips", "127.0.0.1,::1", "--log-level", "warning"]
    server += ["--no-control-socket", "--graceful-timeout", "8"]
    server += ["--logger-class", "arcsite.logs.GunicornLogger"]
    return [Child("web server", server), Child("worker", [sys.executable, MANAGE, "runworker"])]
