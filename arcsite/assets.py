"""The static files as they are served: collected, named by content and compressed, once per change."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage


class NamedByContent(CompressedManifestStaticFilesStorage):
    """Also rewrites what a script imports: an old part never meets a new one in somebody's cache."""

    support_js_module_import_aggregation = True


def collect_if_changed() -> bool:
    """Fill STATIC_ROOT when a source file is newer, older, added or gone. True when it was filled."""
    record: Path = settings.DATA_DIR / "run" / "assets"
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    state = sources_state()
    if manifest.exists() and record.exists() and record.read_text() == state:
        return False
    # Written last, removed first: an interrupted collection is done again.
    record.unlink(missing_ok=True)
    call_command("collectstatic", clear=True, interactive=False, verbosity=0)
    record.write_text(state)
    return True


def sources_state() -> str:
    """A digest of the path, size and time of every source file and of the way they are stored."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            path = Path(storage.path(name))
            facts = path.stat()
            digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
