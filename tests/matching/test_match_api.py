"""POST /api/v1/match: a photo in, its matches out, and nothing of the photo anywhere afterwards."""

import hashlib
import logging
import tempfile
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from drawing import Picture, cover, halved, jpeg, natural, png
from grids import draw_grid
from listed import fingerprint_id, plant, protect_as
from partner_rows import live_partner
from photo_rows import MakePhoto
from PIL import Image, ImageDraw
from pytest_django import Settings

from enrollment import jobs, sandbox
from enrollment.formats import PUBLIC_FORMATS
from enrollment.models import Photo
from enrollment.states import PhotoState
from matching import feed, keys, lookup
from matching.cli.looking import Task
from matching.cli.stills import stills_of
from matching.engine.index import Index
from matching.engine.jsonform import from_json
from matching.models import Fingerprint, Partner, Scope

MATCH = "/api/v1/match"


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def decoded_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child process has tests of its own; the work is the same."""
    if request.node.get_closest_marker("processes") is None:
        monkeypatch.setattr(sandbox, "public_grid", lambda data: jobs.grid(data)[1])


@pytest.fixture
def partner(db: None) -> Partner:
    return live_partner()


@pytest.fixture
def key(partner: Partner) -> str:
    return keys.issue(partner, actor="staff:1", valid_for=None, newest_seen="", scopes=[Scope.MATCH])


@pytest.fixture
def public() -> Picture:
    return natural(41, 600, 450)


@pytest.fixture
def listed(make_photo: MakePhoto, public: Picture) -> Photo:
    """The protected photo that ``public`` is a copy of."""
    photo = make_photo(PhotoState.FINGERPRINTED, original=None)
    _, working = jobs.inspect(png(cover(public)))
    protect_as(photo, jobs.fingerprint(working)[0])
    return photo


def ask(key: str, photo: bytes, **headers: str) -> Any:
    return Client().post(
        MATCH, photo, content_type="image/jpeg", headers={"authorization": f"Bearer {key}", **headers}
    )


def captioned(picture: Picture) -> Picture:
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).rectangle((0, 400, 600, 450), fill="black")
    return np.asarray(image)


def doubtful(picture: Picture) -> bytes:
    """A TIFF that Pillow reads with a warning: one of its tags says more than is there."""
    out = BytesIO()
    Image.fromarray(picture).save(out, "TIFF", software="a" * 64)
    data = bytearray(out.getvalue())
    at = data.rindex(b"\x31\x01\x02\x00")  # tag 305, of type text
    data[at + 8 : at + 12] = (len(data) - 10).to_bytes(4, "little")
    return bytes(data)


def test_it_finds_a_copy_and_says_no_more_than_it_must(key: str, partner: Partner, listed: Photo) -> None:
    response = ask(key, jpeg(natural(41, 600, 450), 60))
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response["Cache-Control"] == "no-store"
    [match] = response.json()["matches"]
    assert set(match) == {"id", "rate", "mirrored"}
    assert match["id"] == feed.public_id(partner, fingerprint_id(listed))
    assert 0 <= match["rate"] <= 1e-6
    assert match["mirrored"] is False


def test_of_what_does_not_match_nothing_is_said(key: str, listed: Photo) -> None:
    assert ask(key, jpeg(natural(42, 600, 450))).content == b'{"matches": []}'


@pytest.mark.pictures
def test_its_verdict_is_that_of_a_scan(key: str, listed: Photo, public: Picture, tmp_path: Path) -> None:
    photos = {
        "again.jpg": jpeg(public, 30),
        "half.png": png(halved(public)),
        "mirrored.webp": encoded(np.ascontiguousarray(public[:, ::-1]), "WEBP"),
        "grey.gif": encoded(public, "GIF"),
        "captioned.jpg": jpeg(captioned(public)),
        "doubtful.tif": doubtful(public),
        "cut.jpg": jpeg(public)[:-2000],
        "turned.jpg": jpeg(np.ascontiguousarray(np.rot90(public)), exif=turned_back()),
        **{f"unrelated-{seed}.jpg": jpeg(natural(seed, 600, 450)) for seed in range(100, 103)},
    }
    with pytest.warns(UserWarning, match="[Tt]runcated|corrupt|Metadata"):
        Image.open(BytesIO(photos["doubtful.tif"])).load()
    index = Index([("it", from_json(Fingerprint.objects.get().document))])
    verdicts = {}
    for name, content in photos.items():
        (tmp_path / name).write_bytes(content)
        with warnings.catch_warnings(action="ignore"):
            [found] = Task(index).search(list(stills_of(tmp_path / name)))
        scanned = [(float(f"{one.match.rate:.3g}"), one.match.mirrored) for one in found]
        verdicts[name] = scanned
        answer = ask(key, content).json()
        assert [(match["rate"], match["mirrored"]) for match in answer["matches"]] == scanned, name
    assert [name for name, found in verdicts.items() if found] == list(photos)[:8]
    assert verdicts["mirrored.webp"][0][1]


def encoded(picture: Picture, kind: str) -> bytes:
    out = BytesIO()
    Image.fromarray(picture).save(out, kind)
    return out.getvalue()


def turned_back() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"a photo, I swear", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7\n",
        b"PK\x03\x04" + b"\0" * 60, b"\0\0\0\x18ftypmp42" + b"\0" * 60, b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(key: str, body: bytes) -> None:
    response = ask(key, body)
    assert (response.status_code, response.json()["code"]) == (400, "not-a-picture")


def test_every_format_that_is_promised_is_read(key: str, listed: Photo) -> None:
    picture = halved(natural(42, 600, 450))
    for name, kind in PUBLIC_FORMATS.items():
        response = ask(key, encoded(picture, name), content_type=kind)
        assert (response.status_code, response.json()) == (200, {"matches": []}), name
    document = Client().get("/api/v1/openapi.json").json()
    described = document["paths"][MATCH]["post"]["requestBody"]["content"]
    assert [*described] == [*PUBLIC_FORMATS.values()]
    refused = ask(key, b"x").json()["detail"]
    assert all(name in refused for name in PUBLIC_FORMATS)


def test_a_form_with_a_photo_in_it_is_no_picture(key: str) -> None:
    photo = BytesIO(jpeg(natural(42, 300, 200)))
    response = Client().post(MATCH, {"photo": photo}, headers={"authorization": f"Bearer {key}"})
    assert (response.status_code, response.json()["code"]) == (400, "not-a-picture")


def test_a_photo_that_is_too_large_is_refused_unread(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "public_grid", lambda data: pytest.fail("it was read"))
    response = ask(key, b"x", content_length="20000001")
    assert (response.status_code, response.json()["code"]) == (413, "too-large")


def test_so_is_one_of_too_many_pixels(key: str) -> None:
    small = bytearray(png(np.zeros((8, 8, 3), np.uint8)))
    small[16:24] = (30_000).to_bytes(4, "big") * 2
    response = ask(key, bytes(small))
    assert response.json()["code"] in {"too-large", "not-a-picture"}
    wide = BytesIO()
    Image.new("1", (30_000, 3_000)).save(wide, "PNG")
    response = ask(key, wide.getvalue())
    assert (response.status_code, response.json()["code"]) == (413, "too-large")


def test_every_key_has_its_allowance(key: str, partner: Partner, settings: Settings) -> None:
    settings.ARC_LIMIT_MATCHES = 2
    photo = jpeg(natural(42, 300, 200))
    assert [ask(key, photo).status_code for _ in range(2)] == [200, 200]
    refused = ask(key, photo)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-calls")
    assert 0 < int(refused["Retry-After"]) <= 60
    other = keys.issue(
        partner, actor="staff:1", valid_for=None, newest_seen=keys.newest(partner), scopes=[Scope.MATCH]
    )
    assert ask(other, photo).status_code == 200


def test_another_scope_does_not_open_it(partner: Partner) -> None:
    scopes = [Scope.FEED, Scope.SIGHTINGS]
    key = keys.issue(partner, actor="staff:1", valid_for=None, newest_seen="", scopes=scopes)
    assert ask(key, jpeg(natural(42, 300, 200))).status_code == 401


def test_a_partner_that_is_not_live_finds_its_test_records(db: None, listed: Photo, public: Picture) -> None:
    new = Partner.objects.create(name="New", slug="new")
    key = keys.issue(new, actor="staff:1", valid_for=None, newest_seen="", scopes=[Scope.MATCH])
    assert ask(key, jpeg(public)).json() == {"matches": []}
    planted = plant(new, 1)
    grey = np.rint(draw_grid(1)).astype(np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    answer = ask(key, png(np.stack([grey] * 3, axis=-1))).json()
    assert [match["id"] for match in answer["matches"]] == [feed.public_id(new, planted.pk)]


def test_it_says_when_it_cannot_know_yet(key: str, listed: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    def catch_up(*args: object) -> None:
        raise lookup.CatchingUp

    monkeypatch.setattr(lookup, "find", catch_up)
    response = ask(key, jpeg(natural(42, 300, 200)))
    assert (response.status_code, response.json()["code"]) == (503, "catching-up")
    assert response["Retry-After"] == "1"


def test_it_says_when_the_decoder_is_busy(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(data: bytes) -> bytes:
        raise sandbox.SandboxFailed("too many photos at once")

    monkeypatch.setattr(sandbox, "public_grid", fail)
    response = ask(key, b"x")
    assert (response.status_code, response.json()["code"]) == (503, "busy")


@pytest.mark.processes
def test_nothing_of_the_photo_is_kept(
    key: str,
    listed: Photo,
    public: Picture,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    monkeypatch.setenv("TMPDIR", str(temp))
    canary = b"canary-6d1f94c07be24a13"
    exif = Image.Exif()
    exif[0x010E] = canary.decode()
    photos = [jpeg(public, exif=exif) + canary, canary + b" is no picture"]
    with caplog.at_level(logging.DEBUG):
        assert [len(ask(key, photos[0]).json()["matches"]), ask(key, photos[1]).status_code] == [1, 400]
    needles = [canary, *(str(len(photo)).encode() for photo in photos[:1])]
    for photo in photos:
        for digest in (hashlib.sha256(photo), hashlib.sha1(photo), hashlib.md5(photo)):
            needles += [digest.hexdigest().encode(), digest.digest()]
    kept = contents() + caplog.text.encode()
    kept += b"".join(path.read_bytes() for path in [*data.rglob("*"), *temp.rglob("*")] if path.is_file())
    assert [needle for needle in needles if needle in kept] == []
    assert list(temp.iterdir()) == []
    assert fingerprint_id(listed).hex.encode() in kept, "the same look finds what is kept"


def contents() -> bytes:
    """All rows of all tables."""
    found = b""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += repr(cursor.fetchall()).encode()
    return found
