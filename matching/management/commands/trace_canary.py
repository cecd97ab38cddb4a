"""Names the partners whose canaries occur in a leaked list of fingerprints."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matching import planted


class Command(BaseCommand):
    help = "Say from which partner a leaked list of fingerprints comes, by the canaries in it."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the leaked list, in any text format")

    def handle(self, *_: Any, file: Path, **__: Any) -> None:
        try:
            with file.open("rb") as leaked:
                found = planted.trace(leaked)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        for partner in sorted(found, key=lambda partner: partner.name):
            self.stdout.write(f"{partner.name}: {found[partner]} of its canaries")
        if not found:
            self.stdout.write(
                "No canary stands in it. It may be no list of ours, or one from before its partner was live."
            )
