"""System checks of what may lie on other machines: the database, the bucket for photos, the broker."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string

from arcsite import databases
from arcsite.deployment_checks import is_private_machine
from enrollment.bucket_place import BucketPlace, Unreachable

Apps = Sequence[AppConfig] | None
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Refusals that do not pass by themselves; any other silence may be over in a minute.
LASTING = ("NoSuchBucket", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NotImplemented")


@register(Tags.security)
def database_is_spoken_to_in_private(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    default = settings.DATABASES["default"]
    mode = databases.sslmode(default)
    if is_private_machine() or not databases.leaves_the_machine(default) or mode == "verify-full":
        return []
    hint = "Put sslmode=verify-full (and sslrootcert=FILE for a private authority) into DATABASE_URL."
    if mode in databases.ENCRYPTED:
        return [
            Warning(
                f"With sslmode={mode} somebody on the way to the database could pretend to be it.",
                hint=hint,
                id="arc.W006",
            )
        ]
    return [
        Error(
            "What is said to the database may cross the network in clear text, keys of photos included.",
            hint=hint,
            id="arc.E011",
        )
    ]


@register(Tags.security)
def broker_is_spoken_to_in_private(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    parts = urlsplit(settings.ARC_REDIS_URL)
    if is_private_machine() or parts.scheme != "redis" or parts.hostname in LOOPBACK:
        return []
    return [
        Error(
            "What is said to the broker crosses the network in clear text; whoever can write there could "
            "have the worker do things.",
            hint="Use rediss:// with a password in ARC_REDIS_URL, or do without: the database is enough.",
            id="arc.E012",
        )
    ]


@register(Tags.security)
def bucket_can_forget(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """A silent provider is no reason not to start: all but uploads goes on, and each purge looks itself."""
    place: BucketPlace | None = settings.ARC_STORE
    if place is None:
        return []
    try:
        faults = import_string("enrollment.bucket.connected")(place).faults()
    except Unreachable as error:
        return [_not_asked(str(error.strerror))]
    except OSError as error:
        return [_refused(str(error.strerror))]
    return [_refused(", ".join(faults))] if faults else []


@register(Tags.files)
def no_photo_is_left_in_the_directory(app_configs: Apps, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """With a bucket nobody looks there any more, neither to read nor to destroy."""
    directory: Path = settings.STORE_DIR
    if settings.ARC_STORE is None or not directory.is_dir() or not any(directory.iterdir()):
        return []
    return [
        Error(
            f"Sealed photos still lie in {directory}, and ARC_STORE_URL names a bucket.",
            hint="Start without ARC_STORE_URL until every photo is decided and deleted; change over then.",
            id="arc.E014",
        )
    ]


def _not_asked(why: str) -> CheckMessage:
    if any(code in why for code in LASTING):
        return _refused(why)
    return Warning(
        f"The bucket for photos could not be asked whether it forgets what is deleted: {why}.",
        hint="Uploads are answered with 503 until it answers. Is ARC_STORE_URL right, and the provider well?",
        id="arc.W007",
    )


def _refused(why: str) -> CheckMessage:
    return Error(
        f"The bucket for photos cannot be used: {why}.",
        hint="Photos need a bucket of their own that never had versioning or object lock, and credentials "
        "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) that may list, read, write and delete in it and ask for "
        "both; docs/operators.md has the policy.",
        id="arc.E013",
    )
