from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from enrollment.models import Photo
from matching import failures, sweeping
from matching.sweeping import Sweep


class Command(BaseCommand):
    help = "Do all due work now: fingerprints, deletions, lapsed photos, tidying. Safe at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--retry-failed", action="store_true", help="also try failed photos again")

    def handle(self, *args: Any, **options: Any) -> None:
        require_file()
        try:
            Photo.objects.exists()  # asked first: each part of a sweep would tell of its own failure
            swept = sweeping.sweep(retry_failed=options["retry_failed"])
        except DatabaseError as error:
            raise CommandError(
                f"database-unusable: The database does not answer ({failures.described(error)}). "
                "Hint: try again in a minute; `manage.py up` prepares a new one."
            ) from None
        self.stdout.write(_done(swept))
        if swept.alarming:
            raise CommandError(_alarm(swept))


def require_file() -> None:
    """Raises CommandError when there is no database; connecting to a missing file would make an empty one."""
    place = Path(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite" and place.is_absolute() and not place.exists():
        raise CommandError(
            f"database-missing: There is no database at {place}, so nothing was swept. "
            "Hint: is its disk mounted? `manage.py restore FILE` puts a backup in its place."
        )


def _done(swept: Sweep) -> str:
    left = swept.left
    return (
        f"Steps done {swept.steps}, retried {swept.retried}, "
        f"lapsed {swept.lapsed}, strays removed {swept.strays}; "
        f"left to fingerprint {left.to_fingerprint}, left to delete {left.to_purge}, failed {left.failed}"
        + ("." if swept.truncated else "; the write-ahead log was in use and waits for the next sweep.")
    )


def _alarm(swept: Sweep) -> str:
    left = swept.left
    reasons = [
        (left.failed, "failed {} (see the log, then run sweep --retry-failed)"),
        (left.unpurged, "not deleted for too long {}"),
        (left.overdue, "not fingerprinted for too long {}"),
        (swept.lost, "originals missing {}"),
        (swept.late_partners, "partners that do not keep up {} (see feed health in the admin)"),
        (swept.audit_fault, "the audit does not hold: {}"),
        (", ".join(swept.broken), "parts that broke: {}"),
    ]
    return "ALARM: " + "; ".join(text.format(value) for value, text in reasons if value) + "."
