from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matching import sweeping
from matching.sweeping import Sweep


class Command(BaseCommand):
    help = "Do all due work now: fingerprints, deletions, lapsed photos, tidying. Safe at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--retry-failed", action="store_true", help="also try failed photos again")

    def handle(self, *args: Any, **options: Any) -> None:
        swept = sweeping.sweep(retry_failed=options["retry_failed"])
        self.stdout.write(_done(swept))
        if swept.alarming:
            raise CommandError(_alarm(swept))


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
        (", ".join(swept.broken), "parts that broke: {}"),
    ]
    return "ALARM: " + "; ".join(text.format(value) for value, text in reasons if value) + "."
