"""Originals in a bucket: the same promises as of files, and no faith in the provider."""

import uuid
from collections.abc import Iterator
from typing import Any

import object_server
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from enrolling import Submitter
from pytest_django import Settings

from arcsite.remote_checks import bucket_can_forget
from enrollment import bucket, originals
from enrollment.bucket import Bucket
from enrollment.bucket_place import parse
from enrollment.models import Attestation, Case, OriginalKey, Photo
from enrollment.originals import NotDestroyed, NotStored, OriginalDamaged, OriginalGone, StoreSilent

pytestmark = [pytest.mark.processes, pytest.mark.slow]

DATA = b"the pixels of a covered photo, canary 7f3a" * 50


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with object_server.object_server() as address:
        yield address


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in object_server.CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def name() -> str:
    return f"photos-{uuid.uuid4().hex}"


@pytest.fixture
def used(endpoint: str, name: str, settings: Settings) -> Bucket:
    """The bucket that the service is set to."""
    settings.ARC_STORE = parse(object_server.make_bucket(endpoint, name))
    return bucket.connected(settings.ARC_STORE)


def make_photo() -> Photo:
    case = Case.objects.create(
        number=uuid.uuid4().hex[:10], submission_digest=uuid.uuid4().hex, attestation=Attestation.SELF
    )
    photo = Photo.objects.create(case=case, position=1, width=320, height=240, coverage=0.2, detail=99)
    OriginalKey.objects.create(photo=photo, wrapped=originals.seal(photo.pk, DATA))
    return photo


def fail_at(used: Bucket, operation: str, error: Exception) -> None:
    """From now on the provider answers one kind of request with an error."""

    def fail(**_: Any) -> None:
        raise error

    used._client.meta.events.register(f"before-send.s3.{operation}", fail, unique_id="fault")


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "operation")


@pytest.mark.django_db
class TestStore:
    def test_what_goes_in_comes_out_and_only_ciphertext_leaves_the_process(
        self, used: Bucket, endpoint: str, name: str
    ) -> None:
        photo = make_photo()
        assert originals.open_original(photo.pk) == DATA
        (key,) = object_server.keys(endpoint, name)
        body = object_server.client(endpoint).get_object(Bucket=name, Key=key)["Body"].read()
        assert body.startswith(originals.FORMAT)
        assert b"canary" not in body
        assert key.startswith("photos/")
        assert key.endswith(f"/{photo.pk.hex}")

    def test_destroyed_is_gone_and_stays_gone(self, used: Bucket, endpoint: str, name: str) -> None:
        photo, other = make_photo(), make_photo()
        for _ in range(2):
            originals.destroy(photo.pk)
        assert not originals.is_held(photo.pk)
        assert [key.rpartition("/")[2] for key in object_server.keys(endpoint, name)] == [other.pk.hex]
        with pytest.raises(OriginalGone):
            originals.open_original(photo.pk)

    def test_an_object_that_is_missing_or_changed_does_not_open(
        self, used: Bucket, endpoint: str, name: str
    ) -> None:
        gone, changed = make_photo(), make_photo()
        provider = object_server.client(endpoint)
        provider.delete_object(Bucket=name, Key=used._key(gone.pk.hex))
        provider.put_object(Bucket=name, Key=used._key(changed.pk.hex), Body=originals.FORMAT + bytes(99))
        with pytest.raises(OriginalGone):
            originals.open_original(gone.pk)
        with pytest.raises(OriginalDamaged):
            originals.open_original(changed.pk)
        assert originals.reconcile().lost == (gone.pk,)

    def test_versions_that_somebody_switched_on_later_are_destroyed_too(
        self, used: Bucket, endpoint: str, name: str
    ) -> None:
        provider = object_server.client(endpoint)
        provider.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        photo = make_photo()
        provider.put_object(Bucket=name, Key=used._key(photo.pk.hex), Body=b"a second version")
        originals.destroy(photo.pk)
        left = provider.list_object_versions(Bucket=name)
        assert "Versions" not in left
        assert "DeleteMarkers" not in left

    def test_reconcile_destroys_strays_and_knows_nothing_of_other_services(
        self, used: Bucket, endpoint: str, name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo = make_photo()
        used.write(uuid.uuid4().hex, b"left by a crash")
        used.write("a word", b"not ours")
        another = f"photos/other/{uuid.uuid4().hex}"
        object_server.client(endpoint).put_object(Bucket=name, Key=another, Body=b"x")
        assert originals.reconcile() == originals.Reconciliation(destroyed=0, lost=(), unknown=1)
        monkeypatch.setattr(originals, "STRAY_AFTER_SECONDS", -5)
        assert originals.reconcile().destroyed == 1
        assert originals.open_original(photo.pk) == DATA
        assert len(object_server.keys(endpoint, name)) == 3


@pytest.mark.django_db
class TestFaults:
    def test_a_photo_that_may_not_be_deleted_is_never_called_destroyed(self, used: Bucket) -> None:
        photo = make_photo()
        fail_at(used, "DeleteObject", refusal("AccessDenied", 403))
        with pytest.raises(NotDestroyed, match="AccessDenied"):
            originals.destroy(photo.pk)
        assert originals.is_held(photo.pk)
        assert originals.reconcile().stuck == 0, "it is not old enough to be a stray"
        used._client.meta.events.unregister("before-send.s3.DeleteObject", unique_id="fault")
        originals.destroy(photo.pk)
        assert not originals.is_held(photo.pk)

    def test_a_deletion_that_lies_is_noticed(self, used: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
        photo = make_photo()
        monkeypatch.setattr(used._client, "delete_object", lambda **_: {})
        with pytest.raises(NotDestroyed, match="still there"):
            originals.destroy(photo.pk)

    @pytest.mark.parametrize(
        "error", [refusal("SlowDown", 503), ReadTimeoutError(endpoint_url="x"), refusal("AccessDenied", 403)]
    )
    @pytest.mark.usefixtures("quick_sandbox")
    def test_an_upload_is_turned_away_and_nothing_is_kept(
        self,
        used: Bucket,
        endpoint: str,
        name: str,
        error: Exception,
        mia: Submitter,
        covered: bytes,
    ) -> None:
        fail_at(used, "PutObject", error)
        response = mia.send(covered)
        assert (response.status_code, response["Retry-After"]) == (503, "60")
        assert "(store-failed)" in response.content.decode()
        assert not Case.objects.exists()
        assert object_server.keys(endpoint, name) == []

    def test_silence_is_no_damage(self, used: Bucket, settings: Settings) -> None:
        """Nobody is told that a photo is lost, and none is set aside, because the network was down."""
        photo = make_photo()
        settings.ARC_STORE = parse("s3://nowhere?endpoint_url=http://127.0.0.1:9")
        with pytest.raises(StoreSilent):
            originals.open_original(photo.pk)
        with pytest.raises(NotStored):
            originals.seal(uuid.uuid4(), DATA)
        with pytest.raises(NotDestroyed):
            originals.destroy(photo.pk)
        with pytest.raises(StoreSilent):
            originals.is_held(photo.pk)


class TestCheck:
    def found(self, settings: Settings, url: str) -> list[str | None]:
        settings.ARC_STORE = parse(url)
        return [fault.id for fault in bucket_can_forget(None)]

    def test_a_plain_bucket_is_fine(self, endpoint: str, name: str, settings: Settings) -> None:
        assert self.found(settings, object_server.make_bucket(endpoint, name)) == []

    @pytest.mark.parametrize("versioning", ["Enabled", "Suspended"])
    def test_one_with_versions_is_refused(
        self, endpoint: str, name: str, settings: Settings, versioning: str
    ) -> None:
        url = object_server.make_bucket(endpoint, name, versioning=versioning)
        assert self.found(settings, url) == ["arc.E013"]

    def test_one_with_object_lock_is_refused(self, endpoint: str, name: str, settings: Settings) -> None:
        assert self.found(settings, object_server.make_bucket(endpoint, name, lock=True)) == ["arc.E013"]

    def test_one_that_is_not_there_is_refused(self, endpoint: str, settings: Settings) -> None:
        assert self.found(settings, f"s3://no-such-bucket?endpoint_url={endpoint}") == ["arc.E013"]

    def test_a_silent_provider_is_a_warning(self, settings: Settings) -> None:
        """Decisions, withdrawals and the feed go on without it."""
        assert self.found(settings, "s3://nowhere?endpoint_url=http://127.0.0.1:9") == ["arc.W007"]

    def test_without_a_bucket_there_is_nothing_to_ask(self, settings: Settings) -> None:
        settings.ARC_STORE = None
        assert bucket_can_forget(None) == []
