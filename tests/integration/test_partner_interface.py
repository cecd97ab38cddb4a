"""The partner interface of a real service: its guide followed to the letter, its description put to test."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from project_files import ROOT
from running import Service, running_service

pytestmark = [pytest.mark.slow, pytest.mark.processes]

GUIDE = (ROOT / "docs" / "partners.md").read_text(encoding="utf-8")
NEW_PARTNER = """
from django.db import transaction
from matching import keys, planted
from matching.models import Partner
partner = Partner.objects.create(name={name!r}, slug={name!r})
with transaction.atomic():
    planted.onboard(partner)
print(keys.issue(partner, actor="test", valid_for=None, newest_seen=""))
"""
GO_LIVE = """
from django.contrib.auth.models import User
from matching import onboarding
from matching.models import Partner
first, second = (User.objects.create(username=name) for name in ("proposes", "approves"))
partner = Partner.objects.get(slug={name!r})
onboarding.propose(partner.pk, by=first)
onboarding.approve(partner.pk, by=second)
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    place = tmp_path_factory.mktemp("partners") / "data"
    with running_service(place, ARC_LIMIT_CALLS="1000000", ARC_LIMIT_MATCHES="1000000") as running:
        yield running


def new_key(service: Service, name: str) -> str:
    return service.manage("shell", "-v0", "-c", NEW_PARTNER.format(name=name)).split()[-1]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


class Reader:
    """Somebody who copies from the guide."""

    def __init__(self, service: Service, folder: Path, name: str) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "ARC_URL": service.url,
            "ARC_KEY": new_key(service, name),
        }

    def pull(self) -> str:
        return self._run(sys.executable, "-c", blocks("python")[0])

    def shell(self, block: str, **more: str) -> str:
        return self._run("sh", "-ec", block.replace("curl ", "curl --fail "), **more)

    def store(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.folder / "store.json").read_text())
        return found

    def _run(self, *command: str, **more: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def test_the_guide_leads_from_a_key_to_going_live(service: Service, tmp_path: Path) -> None:
    reader = Reader(service, tmp_path, "reader")
    assert reader.pull().startswith("3 fingerprints in force, through ")
    assert reader.pull().startswith("2 fingerprints in force, through ")
    if shutil.which("curl"):
        by_hand, sighting = blocks("sh")
        answers = reader.shell(by_hand)
        assert '"stage": "onboarding"' in answers
        found = re.search(r'{"matches": \[{"id": "([\w-]{22})"', answers)
        assert found, answers
        assert '"outcome": "blocked"' in reader.shell(sighting, ARC_ID=found[1])
        service.manage("shell", "-v0", "-c", GO_LIVE.format(name="reader"))
        # The test records were another feed: the store begins anew, with one canary in it.
        test_feed = reader.store()["feed"]
        assert reader.pull().startswith("1 fingerprints in force, through ")
        assert reader.store()["feed"] != test_feed


def test_generated_calls_are_answered_as_described(service: Service, tmp_path: Path) -> None:
    key = new_key(service, "schemathesis")
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", f"{service.url}/api/v1/openapi.json",
            "--header", f"Authorization: Bearer {key}", "--max-examples", "30", "--seed", "1", "--no-color",
        ],
        cwd=tmp_path,
        env={
            **service.environment,
            "DJANGO_SETTINGS_MODULE": "arcsite.settings",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
            "SCHEMATHESIS_HOOKS": "picture_bodies",
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert re.search(r"Tested: [67]", done.stdout), done.stdout
    generated = re.search(r"(\d+) generated", done.stdout)
    assert generated, done.stdout
    assert int(generated[1]) > 200
