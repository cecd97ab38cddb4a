import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from review import audit


class Command(BaseCommand):
    help = "Walks the whole audit chain: one line and status 0 when it holds, status 1 when it does not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expect", metavar="DIGEST", help="a head noted earlier, which must still be in the chain"
        )

    def handle(self, *args: Any, expect: str | None, **options: Any) -> None:
        if expect is not None and not re.fullmatch("[0-9a-f]{64}", expect):
            raise CommandError("--expect takes the 64 hexadecimal digits of an earlier head.", returncode=2)
        verdict = audit.verify(expect)
        if verdict.fault:
            raise CommandError(
                f"The audit does NOT hold: {verdict.fault}. The {verdict.count} entries before are sound."
            )
        self.stdout.write(f"The audit holds: {verdict.count} entries, head {verdict.head}")
