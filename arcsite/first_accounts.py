"""The accounts that a new service starts with: one to run it, one to review."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction

# Without letters and digits that are easily taken for each other: people type this once.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 4, 5


@dataclass(frozen=True)
class NewAccount:
    """``password`` is None when the operator set it: then there is nothing to show."""

    username: str
    role: str
    password: str | None


def ensure_first_accounts() -> list[NewAccount]:
    """Make both accounts where nobody has one yet; return those that were made.

    A service that has accounts is left alone, so that one deleted on purpose does not come back.
    Raises ImproperlyConfigured for an unusable password in the environment.
    """
    with transaction.atomic():
        if User.objects.exists():
            return []
        # The superuser runs the machine and the partners; looking at photos needs the other account.
        admin, shown_to_admin = choose_password("admin", "ARC_ADMIN_PASSWORD")
        User.objects.create_superuser("admin", password=admin)
        reviewer, shown_to_reviewer = choose_password("reviewer", "ARC_REVIEWER_PASSWORD")
        user = User.objects.create_user("reviewer", password=reviewer)
        user.groups.add(Group.objects.get(name="Reviewer"))
    return [
        NewAccount("admin", "administration and partners", shown_to_admin),
        NewAccount("reviewer", "review", shown_to_reviewer),
    ]


def choose_password(username: str, variable: str) -> tuple[str, str | None]:
    """The password, and what of it is to be shown: all of a generated one, nothing of a given one."""
    given = given_password(variable)
    if given is None:
        generated = "-".join(
            "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
        )
        return generated, generated
    try:
        validate_password(given, User(username=username))
    except ValidationError as error:
        raise ImproperlyConfigured(f"{variable} is refused: {' '.join(error.messages)}") from None
    return given, None


def given_password(variable: str) -> str | None:
    """``NAME``, else the content of the file ``NAME_FILE``, else None."""
    if value := os.environ.get(variable, "").strip():
        return value
    path = os.environ.get(f"{variable}_FILE", "").strip()
    if not path:
        return None
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{variable}_FILE={path} cannot be read ({error}).") from None
    if not value:
        raise ImproperlyConfigured(f"{variable}_FILE={path} is empty.")
    return value
