"""Photos in object storage, scanned where they are: the real client library, a server on loopback."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster
from object_server import CREDENTIALS, REGION, client, make_bucket, object_server

from matching.cli import places

Arc = Callable[..., Any]

pytestmark = [pytest.mark.processes, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def endpoint(public: Path) -> Iterator[str]:
    """A bucket ``public`` with the photos of the folder, half of them one level down, and a note."""
    with object_server() as endpoint:
        make_bucket(endpoint, "public")
        provider = client(endpoint)
        for at, photo in enumerate(sorted(public.iterdir())):
            key = f"2026/{'more/' if at % 2 else ''}{photo.name}"
            provider.put_object(Bucket="public", Key=key, Body=photo.read_bytes())
        provider.put_object(Bucket="public", Key="2026/notes.txt", Body=b"passed over")
        provider.put_object(Bucket="public", Key="2026/broken.jpg", Body=b"not a picture")
        yield endpoint


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The bucket's address, and an environment in which AWS's own tools would find it."""
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    yield "s3://public"
    places.buckets()._system.cache_clear()


def test_it_finds_in_a_bucket_what_it_finds_in_a_folder(
    arc: Arc, fingerprints: Path, public: Path, bucket: str
) -> None:
    here = arc("scan", "--fingerprints", fingerprints, public)
    there = arc("scan", "--fingerprints", fingerprints, f"{bucket}/2026")
    assert there.status == 0
    assert {line["id"]: (line["distance"], line["score"]) for line in there.lines} == {
        line["id"]: (line["distance"], line["score"]) for line in here.lines
    }
    assert {line["photo"] for line in there.lines} == {
        f"s3://public/2026/{'more/' if seed % 2 else ''}copy-{seed}.jpg" for seed in range(4)
    }
    assert "s3://public/2026/broken.jpg" in there.errors
    assert "9 photos against 4 fingerprints" in there.errors
    assert "1 unreadable, 1 other files passed over" in there.errors


@pytest.mark.slow
def test_workers_of_a_cluster_read_the_bucket_themselves(
    arc: Arc, fingerprints: Path, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    here = arc("scan", "--fingerprints", fingerprints, f"{bucket}/2026")
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50, host="127.0.0.1"
    ) as cluster:
        address = ["--cluster", cluster.scheduler_address]
        there = arc("scan", *address, "--fingerprints", fingerprints, f"{bucket}/2026")
    assert there.status == 0
    assert (there.lines, there.errors.partition(" s: ")[2]) == (here.lines, here.errors.partition(" s: ")[2])
    assert len(there.lines) == 4


def test_one_object_may_be_named(arc: Arc, fingerprints: Path, bucket: str) -> None:
    ran = arc("scan", "--fingerprints", fingerprints, f"{bucket}/2026/copy-0.jpg")
    assert [line["id"] for line in ran.lines] == ["photo-0"]


@pytest.mark.parametrize("path", ["s3://public/nothing", "s3://no-such-bucket/2026"])
def test_an_address_of_nothing_is_said(arc: Arc, fingerprints: Path, bucket: str, path: str) -> None:
    ran = arc("scan", "--fingerprints", fingerprints, path)
    assert (ran.status, ran.lines) == (2, [])
    assert ran.errors.endswith("(no-such-path)\n")
    assert path in ran.errors


def test_without_the_extra_it_says_what_to_install(
    arc: Arc, fingerprints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ran = arc("scan", "--fingerprints", fingerprints, "s3://public/2026")
    assert (ran.status, ran.lines) == (2, [])
    assert ran.errors.endswith("(scan-extra-missing)\n")
