from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arcsite import shared_secrets
from arcsite.checks import looks_typed
from arcsite.datadir import FEWEST_CHARACTERS
from enrollment import originals


class Command(BaseCommand):
    # Run again it finds the keys, and what hosts are held to, at the new key already: no fault of this host.
    requires_system_checks = []
    help = "Wrap the keys of all stored photos anew, for another master key. Stop web and worker first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a file that holds the new master key")

    def handle(self, *_: Any, file: Path, **__: Any) -> None:
        key = new_key(file)
        try:
            wrapped = originals.rewrap(key)
        except originals.OriginalDamaged as error:
            raise CommandError(
                f"Nothing was changed: {error}. Hint: is ARC_MASTER_KEY the one in use until now?"
            ) from None
        shared_secrets.take_into_use(key, actor="rotate_master_key")
        self.stdout.write(
            f"{wrapped} keys are wrapped for the new master key. "
            f"Start web and worker with the content of {file} as ARC_MASTER_KEY."
        )


def new_key(file: Path) -> str:
    """The key in the file. Raises CommandError for one that the service would refuse."""
    try:
        key = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}.") from None
    if len(key) < FEWEST_CHARACTERS or looks_typed(key):
        raise CommandError(
            f"{file} holds no good key. "
            "Hint: python3 -c 'import secrets; print(secrets.token_urlsafe(48))' makes one."
        )
    return key
