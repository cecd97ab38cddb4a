"""The only door to stored photo bytes: seal, open, destroy, reconcile.

Each original is encrypted with a key of its own (AES-256-GCM) into one file of the private store: a folder,
or a bucket, which is sent the same bytes. The key lies in the database, wrapped by a key derived from
ARC_MASTER_KEY. Both layers are bound to the photo's id, so a swapped, truncated or edited file does not open.
"""

import os
import re
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef
from django.utils.module_loading import import_string

from enrollment.bucket_place import Unreachable
from enrollment.folder import Folder
from enrollment.models import OriginalKey, Photo
from enrollment.states import PhotoState
from enrollment.transitions import StaleState

FORMAT = b"ARC1"
NONCE_BYTES, TAG_BYTES = 12, 16
STRAY_AFTER_SECONDS = 600
_OURS = re.compile(r"([0-9a-f]{32})(\.new)?")


class OriginalGone(Exception):
    """There is no original of this photo: it was destroyed, or its file is missing."""


class OriginalDamaged(Exception):
    """What is stored is not what was sealed for this photo."""


class StoreSilent(OperationalError):
    """The store does not answer just now. To everybody above it is what a silent database would be."""


class NotStored(Exception):
    """The store did not take the original; nothing of it is left there."""


class NotDestroyed(Exception):
    """Some of the original, or its key, may still be there. Never report such a photo as purged."""


class Store(Protocol):
    """Where sealed bytes lie under names. Each method raises OSError; see ``folder`` and ``bucket``."""

    def write(self, name: str, data: bytes | bytearray) -> None: ...
    def read(self, name: str) -> bytes: ...
    def remove(self, name: str) -> None: ...
    def holds(self, name: str) -> bool: ...
    def age(self, name: str) -> float | None: ...
    def listing(self) -> dict[str, float | None]: ...


@dataclass(frozen=True)
class Reconciliation:
    """How many strays were ``destroyed``, which photos ``lost`` an original they need.

    ``unknown`` counts what is in the store and not ours, ``stuck`` the strays that could not be destroyed.
    """

    destroyed: int
    lost: tuple[uuid.UUID, ...]
    unknown: int
    stuck: int = 0


def seal(photo_id: uuid.UUID, data: bytes | bytearray, *, name: uuid.UUID | None = None) -> bytes:
    """Encrypt ``data`` into the store; returns the wrapped key for the caller's OriginalKey row.

    ``name`` is for a photo sent again, to be kept as ``Photo.sealed_as``: a file of its own, so that
    whoever is still at work on the earlier one cannot touch it. When it returns, the ciphertext survives a
    power cut. Raises NotStored.
    """
    key, nonce = AESGCM.generate_key(256), os.urandom(NONCE_BYTES)
    head = FORMAT + nonce
    sealed = bytearray(len(head) + len(data) + TAG_BYTES)
    sealed[: len(head)] = head
    # Into its place: a picture is megabytes.
    AESGCM(key).encrypt_into(nonce, data, _bound("original", photo_id), memoryview(sealed)[len(head) :])
    try:
        _store().write((name or photo_id).hex, sealed)
    except OSError as error:
        raise NotStored(f"the store refused an original: {error.strerror}") from error
    return _wrap(photo_id, key)


def open_original(photo_id: uuid.UUID) -> bytes:
    """The bytes given to ``seal``. Raises OriginalGone, OriginalDamaged or StoreSilent."""
    row = OriginalKey.objects.select_related("photo").filter(pk=photo_id).first()
    if row is None:
        raise OriginalGone("the key was destroyed")
    try:
        sealed = _store().read((row.photo.sealed_as or photo_id).hex)
    except FileNotFoundError:
        raise OriginalGone("the file is missing") from None
    except Unreachable as error:
        raise StoreSilent(f"an original cannot be read now: {error.strerror}") from error
    except OSError as error:
        raise OriginalDamaged(f"the file cannot be read: {error.strerror}") from error
    nonce, ciphertext = sealed[len(FORMAT) :][:NONCE_BYTES], sealed[len(FORMAT) + NONCE_BYTES :]
    if not sealed.startswith(FORMAT) or len(nonce) < NONCE_BYTES:
        raise OriginalDamaged("the file is not a sealed original")
    key = _unwrap(photo_id, bytes(row.wrapped))
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _bound("original", photo_id))
    except InvalidTag:
        raise OriginalDamaged("the file was changed, truncated or swapped") from None


def is_held(photo_id: uuid.UUID) -> bool:
    """Whether anything of the original is still here: its key or its file. Looks, never remembers.

    Raises StoreSilent.
    """
    if OriginalKey.objects.filter(pk=photo_id).exists():
        return True
    try:
        return _store().holds(_file_of(photo_id).hex)
    except Unreachable as error:
        raise StoreSilent(f"nobody can tell now what the store holds: {error.strerror}") from error


def destroy(photo_id: uuid.UUID, *, lease: uuid.UUID | None = None) -> None:
    """Destroy key and file of one original, and look that both are gone. Idempotent.

    The key goes first and is committed, so from then on the file is noise, whatever is killed. With
    ``lease`` only its holder destroys anything: who slept through it may find the photo sent again. Must
    not be called inside a transaction. Raises NotDestroyed, or StaleState without the lease.
    """
    with transaction.atomic(durable=True):
        held = Photo.objects.select_for_update().filter(pk=photo_id, lease_token=lease)
        if lease is not None and not held.exists():
            raise StaleState("the lease on an original had passed to another")
        file = _file_of(photo_id)
        OriginalKey.objects.filter(pk=photo_id).delete()
    _remove_file(file)
    if lease is None and OriginalKey.objects.filter(pk=photo_id).exists():
        raise NotDestroyed("a key is still there after its removal")


def discard(photo_id: uuid.UUID, *, name: uuid.UUID | None = None) -> None:
    """Remove a sealed file whose upload failed, without writing to the database: that may be what failed.

    Keeps everything when the key did get stored after all (the answer to COMMIT was lost). Raises
    NotDestroyed.
    """
    file = name or photo_id
    if not OriginalKey.objects.filter(pk=photo_id).exists() or _file_of(photo_id) != file:
        _remove_file(file)


def works() -> bool:
    """Whether the store takes a few bytes, gives them back and lets go of them. Raises OSError.

    What a killed process leaves of it is a stray like any other, and goes with the next ``reconcile``.
    """
    name, data = uuid.uuid4().hex, os.urandom(NONCE_BYTES)
    store = _store()
    store.write(name, data)
    came_back = store.read(name) == data
    store.remove(name)
    return came_back


def rewrap(new_master: str) -> int:
    """Wrap the key of every original anew, for ``new_master`` in the place of ARC_MASTER_KEY: all or none.

    Returns how many were; those that fit the new one already are left, so it may be run again. The service
    must be stopped. Raises OriginalDamaged for a key that fits neither.
    """
    with transaction.atomic(durable=True):
        changed = 0
        for row in OriginalKey.objects.select_for_update().iterator():
            if not _fits(row.photo_id, bytes(row.wrapped), new_master):
                key = _unwrap(row.photo_id, bytes(row.wrapped))
                wrapped = _wrap(row.photo_id, key, new_master)
                changed += OriginalKey.objects.filter(pk=row.pk).update(wrapped=wrapped)
        return changed


def _file_of(photo_id: uuid.UUID) -> uuid.UUID:
    """The name of the photo's file in the store."""
    sealed_as = Photo.objects.filter(pk=photo_id).values_list("sealed_as", flat=True).first()
    return sealed_as or photo_id


def reconcile() -> Reconciliation:
    """Destroy what no photo needs any more, report what is needed and missing. Safe at any time.

    A stray is a file without a key, once it is older than any upload can last, or a key that outlived its
    purge. A database without any photo has no say: it may be a new one in the place of one that was lost
    or not mounted, whose keys would still open these files. What cannot be destroyed holds up nothing else.
    Raises OSError when the store cannot be listed.
    """
    names = _store().listing()
    files = {name: age for name, age in names.items() if age is not None}
    kept = _files_with_keys()
    strays = _drop_outlived_keys()
    has_a_say = Photo.objects.exists()
    unknown = len(names) - len(files)
    for name, age in files.items():
        ours = _OURS.fullmatch(name)
        unknown += ours is None
        if ours and has_a_say and age > STRAY_AFTER_SECONDS and uuid.UUID(ours[1]) not in kept:
            strays.add(uuid.UUID(ours[1]))
    stuck = sum(not _removed(file) for file in strays)
    suspects = (file for file in kept.keys() - strays if file.hex not in files)
    lost = {kept[file] for file in suspects if _is_lost(file)} | _without_key()
    return Reconciliation(len(strays) - stuck, tuple(sorted(lost)), unknown, stuck)


def _files_with_keys() -> dict[uuid.UUID, uuid.UUID]:
    """The name of each file that some key opens, and its photo."""
    keys = OriginalKey.objects.values_list("pk", "photo__sealed_as")
    return {sealed_as or photo_id: photo_id for photo_id, sealed_as in keys}


def _drop_outlived_keys() -> set[uuid.UUID]:
    """The names of the files that they opened. One that belongs to a photo again by now stays."""
    outlived = OriginalKey.objects.filter(photo__original_removed_at__isnull=False)
    with transaction.atomic(durable=True):
        names = outlived.values_list("pk", "photo__sealed_as")
        files = {sealed_as or photo_id for photo_id, sealed_as in names}
        outlived.delete()
    return files


def _removed(file: uuid.UUID) -> bool:
    try:
        _remove_file(file)
    except NotDestroyed:
        return False
    return True


def _is_lost(file: uuid.UUID) -> bool:
    """File first, key second: a purge takes them the other way round and is never mistaken for a loss."""
    if _store().age(file.hex) is not None:
        return False
    return file in _files_with_keys()


def _without_key() -> set[uuid.UUID]:
    needed = Photo.objects.filter(original_removed_at__isnull=True).exclude(state__in=PhotoState.purging())
    key = OriginalKey.objects.filter(pk=OuterRef("pk"))
    return set(needed.filter(~Exists(key)).values_list("pk", flat=True))


def _remove_file(file: uuid.UUID) -> None:
    try:
        _store().remove(file.hex)
    except OSError as error:
        raise NotDestroyed(f"an original could not be removed: {error.strerror}") from error


def _store() -> Store:
    place = settings.ARC_STORE
    if place is None:
        return Folder(settings.STORE_DIR)
    # By its name: boto3 is loaded only where there is a bucket.
    bucket: Store = import_string("enrollment.bucket.connected")(place)
    return bucket


# ---- keys ----


def _bound(purpose: str, photo_id: uuid.UUID) -> bytes:
    return f"arc {purpose} 1 {photo_id}".encode()


@lru_cache(maxsize=2)
def _wrapping_key(master: str) -> AESGCM:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"arc original key wrap 1")
    return AESGCM(kdf.derive(master.encode()))


def _wrap(photo_id: uuid.UUID, key: bytes, master: str = "") -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    wrapping = _wrapping_key(master or settings.ARC_MASTER_KEY)
    return nonce + wrapping.encrypt(nonce, key, _bound("key", photo_id))


def _fits(photo_id: uuid.UUID, wrapped: bytes, master: str) -> bool:
    try:
        _unwrap(photo_id, wrapped, master)
    except OriginalDamaged:
        return False
    return True


def _unwrap(photo_id: uuid.UUID, wrapped: bytes, master: str = "") -> bytes:
    nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
    wrapping = _wrapping_key(master or settings.ARC_MASTER_KEY)
    try:
        return wrapping.decrypt(nonce, sealed, _bound("key", photo_id))
    except (InvalidTag, ValueError):
        raise OriginalDamaged("the key does not fit this photo or this master key") from None
