"""The writing side of a folder of pulled fingerprints: one puller at a time, every step all or nothing."""

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from matching.cli.pull_news import News
from matching.cli.pull_plan import File, Named, Part, is_as_it_was, joined, planned
from matching.cli.stored import CURRENT, SUFFIX, Manifest, sync_folder
from matching.cli.usage import UsageError
from matching.engine.errors import CorruptStore, EngineError
from matching.engine.store import open_store, write_store

NEXT = "resync.json"
_LOCK = "lock"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Make the folder if need be and keep other pullers out of it.

    Raises UsageError when one is at work, or the folder holds something else altogether; OSError.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (path / _LOCK).exists() and any(path.iterdir()):
        raise UsageError("not-a-store", f"{path} holds other files; give --store a folder of its own")
    with (path / _LOCK).open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError("store-in-use", f"another arc pull is at work on {path}") from error
        yield


class Draft:
    """What is being pulled: the folder's current state, or the next one while it is fetched anew.

    Use it inside ``locked``. A kill at any moment leaves the state before or after a ``commit``.
    """

    def __init__(self, folder: Path, *, anew: bool) -> None:
        """``anew``: leave the current state in use until ``finish``; one begun earlier is continued.

        Raises CorruptStore, NewerVersion or OSError.
        """
        self._folder = folder
        self.anew = anew or (folder / NEXT).exists()
        self._path = folder / (NEXT if self.anew else CURRENT)
        self.manifest, self._parts = Manifest(), list[Part]()
        try:
            self.manifest = Manifest.read(self._path)
            self._parts = [self._opened(name) for name in self.manifest.stores]
        except FileNotFoundError as error:
            if self.manifest.stores:
                raise CorruptStore(f"{folder} is damaged: a file of it is missing") from error
        except EngineError:
            if not anew:
                raise
            self.manifest, self._parts = Manifest(), []
        self._remove_litter()

    @property
    def size(self) -> int:
        """How many fingerprints it holds."""
        return sum(map(len, self._parts))

    def restart(self) -> None:
        """Forget everything fetched anew so far. Raises OSError."""
        assert self.anew
        self.manifest, self._parts = Manifest(), []
        self._path.unlink(missing_ok=True)
        self._remove_litter()

    def commit(self, news: News, *, feed: str, after: int) -> None:
        """Hold what is new, forget what was told anew or withdrawn, and note the cursor.

        Raises CorruptStore or OSError.
        """
        named = Named(news.told)
        files = planned([*([part.without(named)] for part in self._parts), news.parts])
        names = [file[0].name if is_as_it_was(file) else self._write(file) for file in files]
        self.manifest = replace(
            self.manifest,
            feed=feed,
            after=after,
            unsupported=self.manifest.unsupported + news.unsupported,
            stores=tuple(name for name in names if name is not None),
        )
        self.manifest.write(self._path)
        self._parts = [
            file[0] if is_as_it_was(file) else self._opened(name)
            for file, name in zip(files, self.manifest.stores, strict=True)
        ]
        self._remove_litter()

    def finish(self) -> None:
        """Let what was fetched anew take the place of the current state. Raises OSError."""
        if self.anew:
            self._path.replace(self._folder / CURRENT)
            sync_folder(self._folder)
            self._path, self.anew = self._folder / CURRENT, False
            self._remove_litter()

    def _write(self, file: File) -> str:
        for part in file:
            if part.name is not None:  # a damaged file must not be blessed with a new checksum
                open_store(self._folder / part.name)
        name = secrets.token_hex(8) + SUFFIX
        write_store(self._folder / name, joined(file))
        return name

    def _opened(self, name: str) -> Part:
        return Part(open_store(self._folder / name, verify=False), name)

    def _remove_litter(self) -> None:
        """Remove what no state names: replaced files, and those that a killed pull left behind."""
        named = {*self.manifest.stores}
        if self.anew:
            try:
                named |= {*Manifest.read(self._folder / CURRENT).stores}
            except FileNotFoundError:
                pass
            except EngineError:
                return  # what an unreadable state names cannot be told from litter
        for path in self._folder.iterdir():
            if path.name.endswith(".part") or (path.name.endswith(SUFFIX) and path.name not in named):
                path.unlink()
