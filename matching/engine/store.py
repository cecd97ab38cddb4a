"""Columns in one file that many processes map at once: no copies, no pickle, checked before it is believed.

    ARCSTORE | header length, CRC-32 of the header | header (JSON) | arrays, each at a multiple of 64 bytes

The header names the store's format, the fingerprints' algorithm version, and each array's type, shape, place
and CRC-32. A store is replaced by renaming a complete new file over it; whoever has the older one open keeps
reading it undisturbed.
"""

import json
import mmap
import os
import struct
import zlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from matching.engine.columns import Columns
from matching.engine.errors import CorruptStore, NewerVersion
from matching.engine.fingerprint import VERSION

MAGIC = b"ARCSTORE"
_FORMAT = 1
_LENGTHS = struct.Struct("<8sII")
_ALIGNMENT = 64
_HEADER_AT_MOST = 1 << 20
_NAMES = tuple(field.name for field in fields(Columns))


def write_store(path: Path, columns: Columns) -> None:
    """Write a store so that ``path`` is the older file or the complete new one, whatever happens."""
    arrays = {name: np.ascontiguousarray(getattr(columns, name)) for name in _NAMES}
    at, sections, places = 0, {}, {}
    for name, array in arrays.items():
        stored = array.astype(array.dtype.newbyteorder("<"), copy=False)
        sections[name] = {
            "dtype": stored.dtype.str,
            "shape": stored.shape,
            "at": at,
            "crc32": zlib.crc32(stored.data if stored.size else b""),
        }
        places[name] = at
        at += -(-stored.nbytes // _ALIGNMENT) * _ALIGNMENT
    header = json.dumps({"format": _FORMAT, "version": VERSION, "sections": sections}).encode()
    start = _start(len(header))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("xb") as file:
            file.write(_LENGTHS.pack(MAGIC, len(header), zlib.crc32(header)) + header)
            for name, array in arrays.items():
                file.seek(start + places[name])
                file.write(array.data if array.size else b"")
            file.truncate(start + at)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def open_store(path: Path, *, verify: bool = True) -> Columns:
    """Return the columns of a store, mapped read-only.

    ``verify`` reads everything once and compares checksums. Raises CorruptStore, NewerVersion or OSError.
    """
    with path.open("rb") as file:
        header, start = _read_header(path, file.read(_LENGTHS.size + _HEADER_AT_MOST))
        size = os.fstat(file.fileno()).st_size
        memory = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    arrays = {}
    for name in _NAMES:
        section = header["sections"][name]
        arrays[name] = _mapped(path, name, section, memory[start:size])
        if verify and zlib.crc32(arrays[name].data if arrays[name].size else b"") != section["crc32"]:
            raise CorruptStore(f"{path} is damaged: its {name} do not match their checksum")
    return Columns(**arrays)


def _start(header_length: int) -> int:
    return -(-(_LENGTHS.size + header_length) // _ALIGNMENT) * _ALIGNMENT


def _read_header(path: Path, beginning: bytes) -> tuple[dict[str, Any], int]:
    """Return the checked header and where the arrays start."""
    if not beginning.startswith(MAGIC) or len(beginning) < _LENGTHS.size:
        raise CorruptStore(f"{path} is not a fingerprint store")
    _, length, checksum = _LENGTHS.unpack_from(beginning)
    text = beginning[_LENGTHS.size : _LENGTHS.size + length]
    if len(text) != length or zlib.crc32(text) != checksum:
        raise CorruptStore(f"{path} is cut off or damaged at its beginning")
    header: dict[str, Any] = json.loads(text)
    if header["format"] != _FORMAT or header["version"] != VERSION:
        raise NewerVersion(
            f"{path} was made by version {header['version']} (store {header['format']}); this program reads "
            f"{VERSION} (store {_FORMAT}) only: update it, or make the store again"
        )
    return header, _start(length)


def _mapped(path: Path, name: str, section: dict[str, Any], memory: memoryview) -> np.ndarray[Any, Any]:
    """Return one array in place. The header's checksum has vouched for what it says."""
    dtype, shape = np.dtype(section["dtype"]), tuple(section["shape"])
    size = dtype.itemsize * int(np.prod(shape))
    if section["at"] + size > len(memory):
        raise CorruptStore(f"{path} is cut off: its {name} are incomplete")
    return np.frombuffer(memory[section["at"] : section["at"] + size], dtype).reshape(shape)
