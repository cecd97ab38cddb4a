"""System checks of how the service is put on a machine: what is only dangerous where others can reach it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

Apps = Sequence[AppConfig] | None
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
IN_MEMORY = frozenset({"tmpfs", "ramfs"})
MOUNTS = Path("/proc/self/mounts")


def is_private_machine() -> bool:
    """Whether only people at this machine can reach the service."""
    return not settings.ARC_HTTPS and urlsplit(settings.ARC_PUBLIC_URL).hostname in LOOPBACK


@register(Tags.security)
def transport_is_private(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    if settings.ARC_HTTPS or is_private_machine():
        return []
    return [
        Error(
            "ARC_PUBLIC_URL is plain http on an address other people can reach.",
            hint="Put a proxy with TLS in front and set ARC_PUBLIC_URL=https://...",
            id="arc.E001",
        )
    ]


@register(Tags.security)
def second_factor_is_required(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    if settings.ARC_REQUIRE_MFA or is_private_machine():
        return []
    return [
        Error(
            "Staff could sign in with a password alone, from wherever people reach the service.",
            hint="Remove ARC_REQUIRE_MFA=off; it is for trying things out on http://127.0.0.1 only.",
            id="arc.E007",
        )
    ]


@register(Tags.security)
def proxy_is_counted(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    if settings.ARC_HTTPS and not settings.ARC_TRUSTED_PROXIES:
        return [
            Warning(
                "With https a proxy stands in front, but ARC_TRUSTED_PROXIES is 0: all visitors look like "
                "one and share one allowance of tries.",
                hint="Set ARC_TRUSTED_PROXIES=1 (or how many stand in a row), and have the proxy set "
                "X-Forwarded-For and X-Forwarded-Proto itself.",
                id="arc.W001",
            )
        ]
    if is_private_machine() and settings.ARC_TRUSTED_PROXIES:
        return [
            Warning(
                "ARC_TRUSTED_PROXIES is set although no proxy is needed here: anybody may claim any address "
                "and so get any number of tries.",
                hint="Remove ARC_TRUSTED_PROXIES, or set ARC_PUBLIC_URL to the https address of the proxy.",
                id="arc.W002",
            )
        ]
    return []


@register(Tags.files)
def temporary_files_stay_in_memory(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    directory = Path(tempfile.gettempdir())
    if is_private_machine() or filesystem_of(directory) in IN_MEMORY:
        return []
    return [
        Warning(
            f"Temporary files are kept in {directory}, which is on a disk (or cannot be told).",
            hint="We write no photo there, but a library may one day. Mount a tmpfs and set TMPDIR.",
            id="arc.W003",
        )
    ]


@register(Tags.files)
def master_key_lies_elsewhere(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    key: Path | None = settings.ARC_MASTER_KEY_PATH
    data = Path(settings.DATA_DIR)
    if is_private_machine() or key is None or not (key.exists() and data.exists()):
        return []
    if key.stat().st_dev != data.stat().st_dev:
        return []
    return [
        Warning(
            "The master key lies on the disk of the photos it opens: one stolen disk is enough.",
            hint="Set ARC_MASTER_KEY_FILE to a file on another disk (or give ARC_MASTER_KEY by the service "
            "manager), and delete the key from the data directory.",
            id="arc.W004",
        )
    ]


def filesystem_of(directory: Path) -> str:
    """The kind of file system the directory is on, "" where the kernel does not say (not Linux)."""
    if not MOUNTS.exists():
        return ""
    found, longest = "", -1
    resolved = directory.resolve()
    for line in MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines():
        _, point, kind, *_ = line.split(" ")
        mounted = Path(point.replace("\\040", " "))
        # The last of several mounts on one point is the one in use.
        if resolved.is_relative_to(mounted) and len(mounted.parts) >= longest:
            found, longest = kind, len(mounted.parts)
    return found
