"""A new master key: every waiting photo opens with it and with it alone, and nothing happens half."""

import secrets
from io import StringIO
from pathlib import Path

import pytest
import review_rows
from django.core.management import CommandError, call_command
from pytest_django import Settings

from enrollment import originals
from enrollment.models import OriginalKey, Photo
from enrollment.originals import OriginalDamaged

pytestmark = pytest.mark.django_db
DATA = b"a working picture"


@pytest.fixture
def new_key(tmp_path: Path) -> Path:
    path = tmp_path / "master_key.new"
    path.write_text(secrets.token_urlsafe(48) + "\n")
    return path


@pytest.fixture
def photos(settings: Settings, tmp_path: Path) -> list[Photo]:
    settings.STORE_DIR = tmp_path / "store"
    made = review_rows.photos(3)
    for photo in made:
        OriginalKey.objects.create(photo=photo, wrapped=originals.seal(photo.pk, DATA))
    return made


def rotate(file: Path) -> str:
    out = StringIO()
    call_command("rotate_master_key", file, stdout=out)
    return out.getvalue()


def test_photos_open_with_the_new_key_alone(photos: list[Photo], new_key: Path, settings: Settings) -> None:
    assert rotate(new_key).startswith("3 keys")
    with pytest.raises(OriginalDamaged):
        originals.open_original(photos[0].pk)
    settings.ARC_MASTER_KEY = new_key.read_text().strip()
    assert [originals.open_original(photo.pk) for photo in photos] == [DATA] * 3


def test_it_may_be_run_again(photos: list[Photo], new_key: Path) -> None:
    rotate(new_key)
    assert rotate(new_key).startswith("0 keys")


def test_with_a_key_that_fits_neither_nothing_is_changed(photos: list[Photo], new_key: Path) -> None:
    OriginalKey.objects.filter(photo=photos[-1]).update(wrapped=b"x" * 60)
    before = list(OriginalKey.objects.order_by("pk").values_list("wrapped", flat=True))
    with pytest.raises(CommandError, match="Nothing was changed"):
        rotate(new_key)
    assert list(OriginalKey.objects.order_by("pk").values_list("wrapped", flat=True)) == before


@pytest.mark.parametrize("text", ["short", "a" * 60, "changeme" + "k7Qz" * 12, "schlüssel" * 8])
def test_no_weak_key(text: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(CommandError, match=r"good key|cannot be read"):
        rotate(tmp_path / "key")
