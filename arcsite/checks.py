"""System checks that refuse to start a configuration which would break a promise to the submitter."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from enrollment.signals import photo_moved

Apps = Sequence[AppConfig] | None


@register(Tags.security)
def transport_is_private(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    if settings.ARC_HTTPS or urlsplit(settings.ARC_PUBLIC_URL).hostname in {"127.0.0.1", "localhost", "::1"}:
        return []
    return [
        Error(
            "ARC_PUBLIC_URL is plain http on an address other people can reach.",
            hint="Put a proxy with TLS in front and set ARC_PUBLIC_URL=https://...",
            id="arc.E001",
        )
    ]


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
            hint="Generate each on its own: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
            id="arc.E003",
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
