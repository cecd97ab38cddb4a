"""Where public files are, and who may be asked to scan them: this machine, object storage, a cluster."""

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from matching.cli.usage import UsageError

SCHEME = "s3://"
SCAN_EXTRA = 'photos in object storage need the extra "scan": pip install "s3fs>=2025.1"'

CLUSTER_EXTRA = 'a cluster needs the extra "scan": pip install "distributed>=2025.1"'


@dataclass(frozen=True)
class Remote:
    """An object by its address, such as ``s3://bucket/2026/photo.jpg``."""

    url: str

    @property
    def stem(self) -> str:
        return PurePosixPath(self.url).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.url).suffix

    def __str__(self) -> str:
        return self.url


Place = Path | Remote


def place_of(path: str) -> Place:
    return Remote(path) if path.startswith(SCHEME) else Path(path)


def buckets() -> Any:
    """Return the module that reads object storage; it loads a client library. Raises UsageError."""
    if importlib.util.find_spec("s3fs") is None:
        raise UsageError("scan-extra-missing", SCAN_EXTRA)
    return importlib.import_module("matching.cli.buckets")


def require_cluster_extra() -> None:
    """Raises UsageError."""
    if importlib.util.find_spec("distributed") is None:
        raise UsageError("scan-extra-missing", CLUSTER_EXTRA)
