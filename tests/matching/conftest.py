import itertools
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from photo_rows import WORKING, MakePhoto
from pytest_django import Settings

from enrollment import originals, sandbox
from enrollment.models import Attestation, Case, OriginalKey, Photo
from enrollment.states import PhotoState
from matching.engine.fingerprint import make_fingerprint
from matching.engine.jsonform import to_json


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """A real fingerprint in its JSON form, of a picture drawn from noise."""
    noise = np.random.default_rng(7).normal(0, 1, (64, 64)).cumsum(0).cumsum(1)
    grid = np.interp(noise, (noise.min(), noise.max()), (0, 255)).astype(np.float32)
    mask = np.zeros((64, 64), bool)
    mask[10:30, 20:40] = True
    return dict(to_json(make_fingerprint(grid, mask)))


@pytest.fixture
def drawn_fingerprint(monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]) -> None:
    """The child process that reads pictures has tests of its own; here it always sees the same."""

    def fingerprint(working: bytes) -> dict[str, Any]:
        assert working == WORKING
        return document

    monkeypatch.setattr(sandbox, "fingerprint", fingerprint)


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> Path:
    """A store of this test alone."""
    settings.STORE_DIR = tmp_path / "store"
    settings.STORE_DIR.mkdir(mode=0o700)
    return tmp_path / "store"


@pytest.fixture
def make_photo(db: None, store: Path, drawn_fingerprint: None) -> MakePhoto:
    """Photos in any state, due since a minute, with a sealed original unless ``original`` is None."""
    numbers = itertools.count(1)

    def make(
        state: PhotoState = PhotoState.COVERED, *, original: bytes | None = WORKING, **fields: Any
    ) -> Photo:
        case = Case.objects.create(
            number=f"TEST{next(numbers):06}",
            secret_digest="0" * 64,
            submission_digest=uuid.uuid4().hex,
            contents_digest="0" * 64,
            attestation=Attestation.SELF,
        )
        due = {"due_at": timezone.now() - timedelta(minutes=1)}
        measured = {"position": 1, "width": 640, "height": 480, "coverage": 0.2, "detail": 128.0}
        photo = Photo.objects.create(case=case, state=state, **(due | measured | fields))
        if original is not None:
            OriginalKey.objects.create(photo=photo, wrapped=originals.seal(photo.pk, original))
        return photo

    return make
