"""Sealed originals as objects of an S3 bucket that keeps no earlier versions.

They lie under a name derived from the pepper, so that two services that share a bucket by mistake never see,
let alone tidy up, each other's photos. Loaded only where ARC_STORE_URL is set: it needs the extra ``s3``.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

from enrollment.bucket_place import BucketPlace, Unreachable
from enrollment.pepper import peppered

CONNECT_SECONDS, READ_SECONDS, TRIES = 3, 10, 2
# A photo goes in one request, which takes effect whole or not at all; parts of one could be left behind.
ONE_REQUEST = 5 * 1024**3
MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
NO_LOCK = frozenset({"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"})


class Bucket:
    """What ``folder.Folder`` is for files. Each method raises Unreachable when the provider gives no answer
    or a refusal, and OSError for what it answers otherwise."""

    def __init__(self, place: BucketPlace) -> None:
        self._name = place.bucket
        self._location = "/".join(filter(None, [place.prefix, peppered("store").hex()[:16]]))
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            s3={"addressing_style": "path" if place.endpoint_url else "auto"},
            signature_version="s3v4",
            # Every byte is authenticated by its own encryption; not every provider knows the newer sums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._storage = S3Storage(
            bucket_name=place.bucket,
            location=self._location,
            endpoint_url=place.endpoint_url or None,
            region_name=place.region or None,
            client_config=config,
            transfer_config=TransferConfig(multipart_threshold=ONE_REQUEST, use_threads=False),
        )

    def write(self, name: str, data: bytes | bytearray) -> None:
        """Whole and durable under ``name``; after an error nothing of it stays, unless nobody answers."""
        try:
            with _answered():
                self._storage.save(name, ContentFile(bytes(data)))
        except OSError:
            with suppress(OSError):
                self.remove(name)
            raise

    def read(self, name: str) -> bytes:
        """Raises FileNotFoundError without such an object."""
        with _answered():
            body = self._client.get_object(Bucket=self._name, Key=self._key(name))["Body"]
            return bytes(body.read())

    def remove(self, name: str) -> None:
        """Idempotent; raises OSError unless it is seen to be gone, and no earlier version of it is left."""
        key = self._key(name)
        with _answered():
            self._client.delete_object(Bucket=self._name, Key=key)
            for version in self._versions(key):
                self._client.delete_object(Bucket=self._name, Key=key, VersionId=version)
            left = self._storage.exists(name) or self._versions(key)
        if left:
            raise OSError(errno.EBUSY, "it is still there after its removal")

    def holds(self, name: str) -> bool:
        with _answered():
            return bool(self._storage.exists(name))

    def age(self, name: str) -> float | None:
        """Seconds since the object was written, by the provider's clock; None without one."""
        try:
            with _answered():
                found = self._client.head_object(Bucket=self._name, Key=self._key(name))
        except FileNotFoundError:
            return None
        return _age(found["LastModified"], found)

    def listing(self) -> dict[str, float | None]:
        """The age of every object of this service, by its name."""
        found: dict[str, float | None] = {}
        start = self._key("")
        with _answered():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._name, Prefix=start):
                for one in page.get("Contents", ()):
                    found[one["Key"].removeprefix(start)] = _age(one["LastModified"], page)
        return found

    def faults(self) -> list[str]:
        """Why photos of this bucket could not be destroyed, one clause each; empty when they could.

        Raises Unreachable when the provider does not answer, or does not let us ask.
        """
        with _answered():
            versioning = self._client.get_bucket_versioning(Bucket=self._name).get("Status", "")
            locked = self._is_locked()
            self._client.list_objects_v2(Bucket=self._name, Prefix=self._key(""), MaxKeys=1)
            self._client.list_object_versions(Bucket=self._name, Prefix=self._key(""), MaxKeys=1)
        found = [f"its versioning is {versioning.lower()}, so deleted photos are kept"] if versioning else []
        return found + (["it has object lock, so photos cannot be deleted"] if locked else [])

    def _is_locked(self) -> bool:
        try:
            answer = self._client.get_object_lock_configuration(Bucket=self._name)
        except ClientError as error:
            if _code(error) in NO_LOCK:
                return False
            raise
        lock = answer.get("ObjectLockConfiguration", {})
        return bool(lock.get("ObjectLockEnabled") == "Enabled")

    def _versions(self, key: str) -> list[str]:
        """All versions and delete markers of exactly this key."""
        pages = self._client.get_paginator("list_object_versions")
        return [
            one["VersionId"]
            for page in pages.paginate(Bucket=self._name, Prefix=key)
            for kind in ("Versions", "DeleteMarkers")
            for one in page.get(kind, ())
            if one["Key"] == key
        ]

    def _key(self, name: str) -> str:
        return f"{self._location}/{name}"

    @property
    def _client(self) -> Any:
        """boto3's client, one for each thread."""
        return self._storage.connection.meta.client


@lru_cache(maxsize=2)
def connected(place: BucketPlace) -> Bucket:
    """The bucket, with connections that are kept."""
    return Bucket(place)


@contextmanager
def _answered() -> Iterator[None]:
    """Foreign errors as ours. Their texts quote requests, so only a code is kept."""
    try:
        yield
    except ClientError as error:
        code = _code(error)
        if code in MISSING:
            raise FileNotFoundError(errno.ENOENT, "there is no such object") from None
        raise Unreachable(errno.EIO, f"the bucket refused: {code}") from None
    except (BotoCoreError, HTTPError) as error:
        raise Unreachable(errno.EIO, f"the bucket gave no answer: {type(error).__name__}") from None


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) or "no code"


def _age(modified: Any, answer: Any) -> float:
    """Both times are the provider's, so its clock may be as wrong as it likes."""
    now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    return float((now - modified).total_seconds())
