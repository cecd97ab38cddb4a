"""Two ways to be a partner, against the real service: the stock ``tx``, and ``arc pull`` with ``arc scan``.

Both find the public copies of a photo that was sent, decided and protected; both forget it after its sender
withdraws it on the page.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest
from acting import Person, go_by
from drawing import Picture, cover, halved, jpeg, natural, png, webp
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect
from prepared import data_directory
from running import Service, running_service, wait_for
from stock_client import StockClient

ARC = Path(sys.executable).parent / "arc"
PHOTO = 4711
UNRELATED = 5
LIVE_PARTNER = """
from django.contrib.auth.models import User
from matching import keys
from matching.models import Partner, Scope
one, two = (User.objects.create(username=name, is_active=False) for name in ("proposes", "approves"))
partner = Partner.objects.create(
    name="Example Platform", slug="example", stage=Partner.Stage.LIVE, proposed_by=one, approved_by=two
)
print(keys.issue(partner, actor="staff:1", valid_for=None, newest_seen="", scopes=[Scope.FEED]))
"""


@pytest.fixture(scope="module")
def service(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = data_directory(tmp_path_factory, tmp_path_factory.mktemp("stock") / "data")
    with running_service(data) as started:
        yield started


def captioned(photo: Picture) -> Picture:
    image = Image.fromarray(photo)
    ImageDraw.Draw(image).rectangle((0, image.height * 9 // 10, image.width, image.height), fill="black")
    return np.asarray(image)


def public_copies(photo: Picture, folder: Path) -> list[Path]:
    """Five edited copies, and beside them photos of something else."""
    copies = {
        "re-encoded.jpg": jpeg(photo, 40),
        "halved.webp": webp(halved(photo)),
        "grey.png": png(np.asarray(Image.fromarray(photo).convert("L").convert("RGB"))),
        "mirrored.jpg": jpeg(np.ascontiguousarray(photo[:, ::-1])),
        "captioned.jpg": jpeg(captioned(photo)),
    }
    folder.mkdir()
    for name, data in copies.items():
        (folder / name).write_bytes(data)
    for seed in range(UNRELATED):
        (folder / f"unrelated-{seed}.jpg").write_bytes(jpeg(natural(1000 + seed)))
    return [folder / name for name in copies]


class ArcPartner:
    """``arc`` with a folder and a key of its own."""

    def __init__(self, store: Path, key: str, url: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ARC_", "DJANGO_"))}
        self._environment, self._store, self._url = {**kept, "ARC_KEY": key}, store, url

    def pull(self) -> None:
        self._run("pull", "--url", self._url, "--store", self._store)

    def found(self, folder: Path) -> list[dict[str, Any]]:
        lines = self._run("scan", "--json", "--store", self._store, folder).splitlines()
        return [json.loads(line) for line in lines]

    def _run(self, *arguments: str | Path) -> str:
        done = subprocess.run(
            [ARC, *arguments], env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def status(service: Service, key: str) -> dict[str, Any]:
    request = Request(f"{service.url}/api/v1/status", headers={"Authorization": f"Bearer {key}"})
    with urlopen(request, timeout=20) as answer:
        document: dict[str, Any] = json.load(answer)
    return document


def protect(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/review/")
    go_by(page.get_by_role("button", name="Take next"))
    page.get_by_role("radio", name=re.compile(r"^P1 ")).check()
    page.locator(".masked img").evaluate("image => image.decode()")
    page.get_by_role("button", name="Protected by the terms", exact=True).click()
    page.wait_for_url(f"{service.url}/review/queue/")


def test_both_clients_find_five_copies_and_forget_a_withdrawn_photo(
    service: Service, page: Page, reviewer_page: Page, tmp_path: Path
) -> None:
    photo = natural(PHOTO, 1200, 900)
    covered = tmp_path / "covered.jpg"
    covered.write_bytes(jpeg(cover(photo)))
    person = Person(service.url, {"covered": covered})
    case = person.receive(page, "covered")
    key = service.manage("shell", "-c", LIVE_PARTNER).splitlines()[-1].strip()
    protect(reviewer_page, service)
    wait_for(lambda: status(service, key)["head"] > 0, 120, "publication")

    copies = public_copies(photo, tmp_path / "public")
    unrelated = sorted((tmp_path / "public").glob("unrelated-*"))
    tx, arc = StockClient(tmp_path / "tx", key), ArcPartner(tmp_path / "pulled", key, service.url)
    tx.set_up(service.url)
    tx("fetch")
    arc.pull()
    matches = arc.found(tmp_path / "public")
    [id_] = {match["id"] for match in matches}
    assert {match["photo"] for match in matches} == {str(copy) for copy in copies}
    lines = tx("match", "photo", *copies)
    assert len(lines) == len(copies)
    assert all(re.fullmatch(rf"arc_photo \S+ \(COVER\) POSITIVE_CLASS {id_}", line) for line in lines)
    assert tx("match", "photo", *unrelated) == []

    person.open_case(page, case)
    go_by(page.get_by_role("link", name="Withdraw").first)
    go_by(page.get_by_role("button", name="Yes, withdraw"))
    expect(page.locator(".badge").first).to_have_text("Withdrawn")
    tx("fetch")
    arc.pull()
    assert tx("match", "photo", *copies) == []
    assert arc.found(tmp_path / "public") == []
    now = status(service, key)
    assert now["applied"] == now["head"]
