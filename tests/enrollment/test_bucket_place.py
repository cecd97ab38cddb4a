from pathlib import Path

import pytest
from pytest_django import Settings

from arcsite.remote_checks import no_photo_is_left_in_the_directory
from enrollment.bucket_place import BucketPlace, NotAPlace, parse


@pytest.mark.parametrize(
    "url",
    [
        "https://bucket", "s3://", "s3://key:secret@bucket", "s3://bucket?acl=public-read",
        "s3://bucket?region=a&region=b", "s3://bucket/../other", "s3://bucket?endpoint_url=http://example.org",
        "s3://bucket?endpoint_url=https://key:secret@example.org", "s3://bucket#fragment",
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_meant_is_refused_without_a_secret_in_the_text(url: str) -> None:
    with pytest.raises(NotAPlace, match="Hint") as refused:
        parse(url)
    assert "secret" not in str(refused.value)


def test_a_place_is_read() -> None:
    url = "s3://bucket/a/b/?endpoint_url=https://s3.example.org&region=eu"
    assert parse(url) == BucketPlace("bucket", "a/b", "https://s3.example.org", "eu")


def test_nothing_may_be_left_in_the_directory_when_there_is_a_bucket(
    settings: Settings, tmp_path: Path
) -> None:
    settings.STORE_DIR, settings.ARC_STORE = tmp_path, parse("s3://bucket")
    assert no_photo_is_left_in_the_directory(None) == []
    (tmp_path / "sealed").write_bytes(b"")
    assert [fault.id for fault in no_photo_is_left_in_the_directory(None)] == ["arc.E014"]
    settings.ARC_STORE = None
    assert no_photo_is_left_in_the_directory(None) == []
