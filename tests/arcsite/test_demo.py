from collections import Counter
from pathlib import Path

import drawing
import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from arcsite import demo, demo_scenes
from enrollment import receipts, services
from enrollment.inspection import SentFile
from enrollment.models import Attestation, Case, Photo
from enrollment.states import Occasion, PhotoState
from matching.models import Partner, PartnerKey
from review import audit
from review.models import AuditEntry, Decision

pytestmark = pytest.mark.pictures

SCENES = {scene: seed for seed, scene in enumerate(demo_scenes.SCENES, start=1)}


def small_photo(scene: str) -> bytes:
    return drawing.png(drawing.cover(drawing.natural(SCENES[scene], 320, 240)))


@pytest.fixture(autouse=True)
def quick_demo(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The browser tests start the service with the real scenes; small ones are enough here."""
    settings.STORE_DIR = tmp_path / "store"
    monkeypatch.setattr(demo, "covered_photo", small_photo)


def counts() -> list[int]:
    return [
        model._default_manager.count() for model in (Case, Photo, Decision, Partner, PartnerKey, AuditEntry)
    ]


def test_it_gives_every_screen_something_and_a_second_run_adds_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    demo.load_demo()
    assert Counter(Photo.objects.values_list("state", flat=True)) == {
        PhotoState.COVERED: 3,
        PhotoState.NOT_COVERED: 1,
        PhotoState.NEEDS_COVERING: 1,
        PhotoState.SUSPENDED: 1,
        PhotoState.EXPIRED: 1,
        PhotoState.SECOND_OPINION: 1,
        PhotoState.ESCALATED: 1,
        PhotoState.AWAITING_REVIEW: 3,
    }
    assert Case.objects.filter(extended=True).count() == 1
    assert Photo.objects.get(round=2).occasion == Occasion.APPEAL
    assert Counter(Partner.objects.values_list("stage", flat=True)) == {"live": 2, "onboarding": 1}
    assert PartnerKey.objects.count() == 3
    assert audit.verify().fault == ""
    made = counts()
    capsys.readouterr()

    demo.load_demo()
    assert counts() == made
    printed = capsys.readouterr().out
    assert "access key" not in printed
    for case in demo.CASES:
        line = next(line for line in printed.splitlines() if case.name in line)
        number, secret = line.replace(",", "").split()[4::2]
        assert services.open_case(number, secret) == case.find()


def test_a_run_that_was_interrupted_is_completed() -> None:
    first = demo.CASES[0]
    files = [SentFile(scene, small_photo(scene), 1) for scene in first.scenes]
    services.submit(first.token, files, Attestation.SELF)
    demo.load_demo()
    assert Case.objects.count() == len(demo.CASES)
    assert Decision.objects.filter(photo__case=first.find()).count() == len(first.scenes)


def test_it_never_touches_a_service_that_holds_a_case_of_somebody_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    services.submit(receipts.new_token(), [SentFile("mine", small_photo("park"), 1)], Attestation.SELF)
    demo.load_demo()
    assert counts()[:5] == [1, 1, 0, 0, 0]
    assert Photo.objects.get().state == PhotoState.AWAITING_REVIEW
    assert "adds nothing" in capsys.readouterr().out


def test_nobody_can_sign_in_as_its_reviewer() -> None:
    demo.load_demo()
    reviewer = User.objects.get(username=demo.REVIEWER)
    assert not reviewer.is_active
    assert not reviewer.has_usable_password()
