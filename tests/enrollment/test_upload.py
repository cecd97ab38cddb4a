import os
import re
import tempfile
from pathlib import Path

import drawing
import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from enrolling import STATEMENTS, Submitter, Together, text_of
from pytest_django import Settings

from enrollment import originals, receipts, sandbox
from enrollment.forms import UploadForm
from enrollment.models import Allowance, Case, OriginalKey, Photo, TimelineEntry
from enrollment.photo import decode_working
from enrollment.sandbox import Inspected, SandboxFailed

URL = "/send/"
CANARY = b"canary-5b1d0c7e9f2a4d6688aa"


def drawing_file(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("drawing.png", data, "image/png")


def assert_nothing_is_kept(store: Path) -> None:
    assert not store.exists() or list(store.iterdir()) == []
    for model in (Case, Photo, OriginalKey, TimelineEntry):
        assert not model._default_manager.exists()


class TestPage:
    def test_it_names_formats_and_limits_before_the_form(self, mia: Submitter) -> None:
        response = mia.client.get(URL)
        assert response.status_code == 200
        page = response.content.decode()
        assert page.index("PNG, JPEG or WebP") < page.index('type="file"')
        assert "up to 15 MB" in page
        assert f"Up to {configured.ARC_PHOTOS_PER_CASE} photos" in page
        assert "At least 3 %" in page

    def test_every_page_has_a_token_of_its_own_and_several_files_fit(self, mia: Submitter) -> None:
        pages = [mia.client.get(URL).content.decode() for _ in range(2)]
        tokens = {re.findall(r'name="token" value="([^"]+)"', page)[0] for page in pages}
        assert len(tokens) == 2
        assert all(receipts.TOKEN.fullmatch(token) for token in tokens)
        assert re.search(r'<input type="file"[^>]* multiple', pages[0])

    def test_nothing_of_it_is_cached(self, mia: Submitter) -> None:
        assert mia.client.get(URL)["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
    def test_it_rejects_other_methods(self, mia: Submitter, method: str) -> None:
        assert getattr(mia.client, method)(URL).status_code == 405

    def test_it_needs_the_csrf_token(self, db: None, store: Path, covered: bytes) -> None:
        strict = Submitter(Client(enforce_csrf_checks=True))
        response = strict.send(covered)
        assert response.status_code == 403
        assert "form-expired" in response.content.decode()
        assert_nothing_is_kept(store)


class TestReceipt:
    def test_a_covered_photo_gives_a_number_and_a_secret_that_open_the_case(
        self, mia: Submitter, covered: bytes
    ) -> None:
        token = receipts.new_token()
        response = mia.send(covered, token=token)
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        page = response.content.decode()
        number = re.findall(r'id="case-number">([^<]+)<', page)[0]
        secret = re.findall(r'id="case-secret">([^<]+)<', page)[0]
        assert mia.look_up(number, secret).status_code == 302

    def test_what_is_stored_is_the_sanitised_picture_and_not_the_file(
        self, mia: Submitter, store: Path
    ) -> None:
        rgb = drawing.cover(drawing.natural(3, 320, 240))
        mia.enrol(drawing.jpeg(rgb, comment=CANARY))
        stored = originals.open_original(Photo.objects.get().pk)
        assert CANARY not in stored
        assert decode_working(stored).shape == rgb.shape

    def test_it_tells_what_was_removed_from_the_file(self, mia: Submitter) -> None:
        rgb = drawing.cover(drawing.natural(3, 320, 240))
        page = text_of(mia.send(drawing.jpeg(rgb, comment=CANARY)).content)
        assert "We removed it and did not keep it: a comment." in page

    def test_several_photos_make_one_case(self, mia: Submitter, covered: bytes) -> None:
        case = mia.enrol(covered, covered, covered)
        assert case.photos.count() == 3

    def test_a_reload_shows_the_same_receipt(self, mia: Submitter, covered: bytes) -> None:
        token = receipts.new_token()
        first, second = (mia.send(covered, token=token).content.decode() for _ in range(2))
        secrets = [re.findall(r'class="secret"[^>]*>([^<]+)<', page) for page in (first, second)]
        assert secrets[0] == secrets[1]
        assert "You sent this form before" in second
        assert Case.objects.count() == 1

    def test_other_photos_in_the_same_form_are_not_lost_silently(
        self, mia: Submitter, covered: bytes
    ) -> None:
        token = receipts.new_token()
        mia.send(covered, token=token)
        page = mia.send(covered, covered, token=token).content.decode()
        assert "Your first send counted." in page
        assert Photo.objects.count() == 1

    def test_an_old_form_shows_no_secret_again(self, mia: Submitter, covered: bytes) -> None:
        token = receipts.new_token()
        mia.send(covered, token=token)
        Case.objects.update(created_at="2026-01-01T00:00:00Z")
        response = mia.send(covered, token=token)
        assert response.status_code == 409
        assert receipts.grouped(receipts.derive_secret(token)) not in response.content.decode()
        assert "already-received" in response.content.decode()

    def test_neither_number_nor_secret_is_in_an_address_a_cookie_or_a_header(
        self, mia: Submitter, covered: bytes
    ) -> None:
        token = receipts.new_token()
        response = mia.send(covered, token=token)
        receipt = receipts.derive(token)
        outside = f"{response.serialize_headers()!r} {response.cookies.output()}"
        for private in (receipt.number, receipt.shown_number, receipt.secret, receipt.shown_secret, token):
            assert private not in outside


class TestRefusals:
    def test_an_uncovered_photo_is_refused_with_advice_and_not_kept(
        self, mia: Submitter, uncovered: bytes, store: Path
    ) -> None:
        response = mia.send(uncovered)
        assert response.status_code == 422
        page = response.content.decode()
        assert page.index('role="alert"') < page.index("<h1>")
        assert 'tabindex="-1" autofocus' in page
        text = text_of(response.content)
        assert "The cover colour was not found" in text
        assert "(no-arc)" in text
        assert "The file was not kept" in text
        assert_nothing_is_kept(store)

    def test_the_answers_stay_and_the_files_must_be_chosen_again(
        self, mia: Submitter, uncovered: bytes
    ) -> None:
        token = receipts.new_token()
        page = mia.send(uncovered, token=token).content.decode()
        assert page.count(" checked") == 3
        assert f'value="{token}"' in page
        assert "only the photos must be chosen again" in page

    @pytest.mark.parametrize(
        ("data", "code", "status"),
        [
            (b"", "empty", 422),
            (b"hello", "not-a-picture", 422),
            (b"<html><script>alert(1)</script>", "not-a-picture", 422),
            (drawing.png(drawing.cover(drawing.natural(3, 100, 80))), "too-small", 422),
            (drawing.jpeg(drawing.cover(drawing.natural(3, 320, 240)))[:4000], "damaged", 422),
            (
                drawing.png(drawing.cover(drawing.natural(3, 320, 240), colour=(255, 168, 208))),
                "wrong-pink",
                422,
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_each_fault_has_a_sentence_and_a_code(
        self, mia: Submitter, data: bytes, code: str, status: int, store: Path
    ) -> None:
        response = mia.send(data)
        assert response.status_code == status
        assert f"({code})" in response.content.decode()
        assert_nothing_is_kept(store)

    def test_a_file_too_large_is_a_413_by_name_and_size(
        self, mia: Submitter, store: Path, settings: Settings
    ) -> None:
        settings.ARC_PHOTO_MAX_BYTES = 100_000
        response = mia.send(os.urandom(150_000))
        assert response.status_code == 413
        text = text_of(response.content)
        assert "holiday-1.png" in text
        assert "at most 0.1 MB" in text
        assert_nothing_is_kept(store)

    def test_one_refused_photo_of_three_is_named_and_none_is_kept(
        self, mia: Submitter, covered: bytes, uncovered: bytes, store: Path
    ) -> None:
        response = mia.send(covered, uncovered, covered)
        assert response.status_code == 422
        text = text_of(response.content)
        assert "Photo 2 (holiday-2.png)" in text
        assert "Photo 1" not in text
        assert "Photo 3" not in text
        assert "The other photos are fine" in text
        assert_nothing_is_kept(store)

    @pytest.mark.parametrize("missing", sorted(STATEMENTS))
    def test_each_statement_is_needed_and_the_others_stay(
        self, mia: Submitter, covered: bytes, missing: str, store: Path
    ) -> None:
        response = mia.send(covered, **{missing: ""})
        page = response.content.decode()
        assert response.status_code == 422
        assert f'<a href="#id_{missing}">' in page
        assert page.count(" checked") == 2
        assert_nothing_is_kept(store)

    def test_no_file_at_all(self, mia: Submitter, store: Path) -> None:
        response = mia.send()
        assert response.status_code == 422
        assert "(no-photo)" in response.content.decode()
        assert_nothing_is_kept(store)

    def test_more_files_than_a_case_holds(
        self, mia: Submitter, covered: bytes, store: Path, settings: Settings
    ) -> None:
        settings.ARC_PHOTOS_PER_CASE = 2
        response = mia.send(covered, covered, covered)
        assert response.status_code == 422
        assert "You chose 3 photos; at most 2" in text_of(response.content)
        assert_nothing_is_kept(store)

    def test_a_file_in_another_field_is_not_dropped_silently(
        self, mia: Submitter, covered: bytes, store: Path
    ) -> None:
        second = drawing_file(covered)
        response = mia.send(covered, more=second)
        assert response.status_code == 422
        assert "(unexpected-file)" in response.content.decode()
        assert_nothing_is_kept(store)

    @pytest.mark.parametrize("token", ["x", "a" * 44, "é" * 43, "=" * 43])
    def test_a_mangled_token_is_replaced(
        self, mia: Submitter, covered: bytes, token: str, store: Path
    ) -> None:
        response = mia.send(covered, token=token)
        assert response.status_code == 422
        (mended,) = re.findall(r'name="token" value="([^"]+)"', response.content.decode())
        assert receipts.TOKEN.fullmatch(mended)
        assert_nothing_is_kept(store)

    @pytest.mark.parametrize(
        "name",
        ["../../etc/passwd.png", "a\0b.png", "\u202egnp.exe", "n" * 4000 + ".png", "<b>&.png"],
    )
    def test_any_file_name_is_only_echoed_harmlessly(
        self, mia: Submitter, uncovered: bytes, name: str, store: Path
    ) -> None:
        file = drawing_file(uncovered)
        file.name = name
        response = mia.client.post(URL, {"token": receipts.new_token(), "photos": file} | STATEMENTS)
        page = response.content.decode()
        assert response.status_code == 422
        assert "<b>&" not in page
        assert "\u202e" not in page
        assert "\0" not in page
        assert "n" * 100 not in page
        assert_nothing_is_kept(store)


@pytest.mark.sqlite
@pytest.mark.parametrize("accepted", [True, False])
def test_what_was_sent_is_nowhere_on_the_disk_as_it_was_sent(
    accepted: bool,
    together: Together,
    store: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Comment, trailing bytes and name carry a canary; database, its log, store and log must not know it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no temporary file is ever made"))
    rgb = drawing.natural(5, 320, 240)
    sent = drawing.jpeg(drawing.cover(rgb) if accepted else rgb, comment=CANARY) + CANARY
    (response,) = together([lambda: Submitter().send(sent, name=CANARY.decode())])
    assert response.status_code == (200 if accepted else 422)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= (2 if accepted else 1)
    assert not [path for path in files if CANARY in path.read_bytes()]
    assert CANARY.decode() not in caplog.text


@pytest.mark.usefixtures("quick_sandbox")
class TestTrouble:
    def test_a_failing_sandbox_is_a_503_with_another_try_in_view(
        self, mia: Submitter, covered: bytes, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(data: bytes) -> Inspected:
            raise SandboxFailed("the helper keeps dying")

        monkeypatch.setattr(sandbox, "inspect", fail)
        response = mia.send(covered)
        assert response.status_code == 503
        assert int(response["Retry-After"]) > 0
        assert "(inspection-failed)" in response.content.decode()
        assert_nothing_is_kept(store)

    def test_a_full_disk_is_a_503(
        self, mia: Submitter, covered: bytes, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            response = mia.send(covered)
        assert response.status_code == 503
        assert "(store-failed)" in response.content.decode()
        assert_nothing_is_kept(store)

    def test_a_locked_database_is_a_503(
        self, mia: Submitter, covered: bytes, store: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise OperationalError("database is locked")

        with monkeypatch.context() as patch:
            patch.setattr(Case, "save", fail)
            response = mia.send(covered)
        assert response.status_code == 503
        assert "(database-busy)" in response.content.decode()
        assert_nothing_is_kept(store)

    def test_after_trouble_the_same_form_works(
        self, mia: Submitter, covered: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        token = receipts.new_token()
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            mia.send(covered, token=token)
        response = mia.send(covered, token=token)
        assert response.status_code == 200
        assert "You sent this form before" not in response.content.decode()

    def test_too_many_sends_are_slowed_down(self, mia: Submitter, covered: bytes, settings: Settings) -> None:
        settings.ARC_LIMIT_UPLOADS = 2
        answers = [mia.send(covered) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 0 < int(answers[2]["Retry-After"]) <= 3600
        assert "(too-many-tries)" in answers[2].content.decode()
        assert Case.objects.count() == 2

    def test_looking_at_the_page_is_not_counted(self, mia: Submitter) -> None:
        mia.client.get(URL)
        assert not Allowance.objects.exists()


def test_the_form_and_the_address_are_where_the_templates_expect_them() -> None:
    assert reverse("enrollment:upload") == URL
    wishes = {"extended", "term", "offered", "partners"}
    assert set(UploadForm().fields) == {"token", "photos", *STATEMENTS, *wishes}
