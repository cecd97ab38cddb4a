"""System checks that refuse to start a configuration which would break a promise to the submitter."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from enrollment.signals import photo_moved

FEWEST_CHARACTERS = 12
PLACEHOLDERS = ("insecure", "changeme", "change-me", "example", "placeholder", "secret", "password")
Apps = Sequence[AppConfig] | None


@register(Tags.security)
def debug_is_off(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    if not settings.DEBUG:
        return []
    return [
        Error("DEBUG is on: error pages would show photos' bytes.", hint="Leave DEBUG off.", id="arc.E002")
    ]


@register(Tags.security)
def secrets_differ(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    if len({settings.SECRET_KEY, settings.ARC_MASTER_KEY, settings.ARC_PEPPER}) == 3:
        return []
    return [
        Error(
            "The secret key, the master key and the pepper are not three different secrets.",
            hint="Generate each on its own: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
            id="arc.E003",
        )
    ]


@register(Tags.security)
def secrets_are_random(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Random text of 32 characters and more has at least 12 different ones (one in 10^8 has fewer)."""
    names = ("SECRET_KEY", "ARC_MASTER_KEY", "ARC_PEPPER")
    weak = [name for name in names if looks_typed(getattr(settings, name))]
    if not weak:
        return []
    return [
        Error(
            f"{' and '.join(weak)} looks typed or copied from an example, not generated.",
            hint="Generate it: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
            id="arc.E008",
        )
    ]


def looks_typed(secret: str) -> bool:
    plain = secret.lower()
    return len(set(secret)) < FEWEST_CHARACTERS or any(word in plain for word in PLACEHOLDERS)


@register(Tags.security)
def database_forgets(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Deleted rows are overwritten, a commit is on the disk, writers wait instead of failing."""
    default = settings.DATABASES["default"]
    faults = ["ATOMIC_REQUESTS is on"] if default.get("ATOMIC_REQUESTS") else []
    if default["ENGINE"].endswith("sqlite3"):
        options = default.get("OPTIONS", {})
        pragmas = options.get("init_command", "")
        wanted = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON")
        faults += [f"{pragma} is missing" for pragma in wanted if pragma not in pragmas]
        if options.get("transaction_mode") != "IMMEDIATE":
            faults.append("transaction_mode is not IMMEDIATE")
    if not faults:
        return []
    return [
        Error(
            f"The database is not set up to keep our promises: {', '.join(faults)}.",
            hint="Leave DATABASES as arcsite/settings.py has it.",
            id="arc.E009",
        )
    ]


@register(Tags.admin)
def queue_is_not_in_the_admin(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    shown = sorted(model._meta.label for model in admin.site._registry if model._meta.app_label == "django_q")
    if not shown:
        return []
    return [
        Error(
            f"The admin shows {', '.join(shown)}: whoever can edit a task runs any code here.",
            hint="matching/admin.py takes them out; install the matching app.",
            id="arc.E010",
        )
    ]


@register(Tags.files)
def uploads_stay_in_memory(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    allowed = {"enrollment.uploads.CappedMemoryUploadHandler"}
    if set(settings.FILE_UPLOAD_HANDLERS) <= allowed:
        return []
    return [
        Error(
            "An upload handler may write photos to the disk in clear text.",
            hint=f"FILE_UPLOAD_HANDLERS may name only {', '.join(sorted(allowed))}.",
            id="arc.E004",
        )
    ]


@register(Tags.files)
def data_directory_is_private(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    directory = Path(settings.DATA_DIR)
    try:
        found = directory.stat()
    except FileNotFoundError:
        return []
    if found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077:
        return []
    return [
        Error(
            "Other accounts of this machine can look into the data directory.",
            hint=f"chmod 700 {directory} and give it to the account that runs the service.",
            id="arc.E005",
        )
    ]


@register()
def every_step_is_audited(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    if photo_moved.receivers:
        return []
    return [Error("Nothing records what happens to photos.", hint="Install the review app.", id="arc.E006")]


@register()
def guardians_are_welcome_on_purpose(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    if not settings.ARC_GUARDIAN_ROUTE:
        return []
    return [
        Warning(
            "ARC_GUARDIAN_ROUTE is on: photos of people under 18 may arrive, however well they are covered.",
            hint="In many countries receiving, keeping or looking at them is a crime even for helpers. "
            "Take legal advice before you leave this on; docs/operators.md says what to ask.",
            id="arc.W005",
        )
    ]
