"""The run-books' commands, run as they stand in docs/runbooks.md on a machine set up as it says.

Only what would change this machine is played: ``systemctl`` and its like note that they were called, ``sudo``
goes on as who it is, and the documented places lie in a directory of the test.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from project_files import ROOT
from units import SYSTEMD

pytestmark = [pytest.mark.slow, pytest.mark.processes]
BOOK = (ROOT / "docs" / "runbooks.md").read_text()
PLAYED = ("systemctl", "journalctl", "chown")
SUDO = '#!/bin/sh\nshift 2\nexec "$@"\n'
KEY = "import secrets; print(secrets.token_urlsafe(48))"
# A waiting photo, and whether it opens.
SEAL = """
import review_rows
from enrollment import originals
from enrollment.models import OriginalKey
(photo,) = review_rows.photos(1)
OriginalKey.objects.create(photo=photo, wrapped=originals.seal(photo.pk, b"x"))
"""
OPEN = """
from enrollment import originals
from enrollment.models import OriginalKey
print([originals.open_original(key.pk) for key in OriginalKey.objects.all()])
"""


def sections() -> dict[str, str]:
    """What stands under each heading."""
    parts = re.split(r"^## (.+)$", BOOK, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands(text: str) -> str:
    """The indented lines as one script."""
    return "\n".join(re.findall(r"^ {4,}(\S.*)$", text, re.MULTILINE))


class Machine:
    """Somewhere to run the books: the documented places, and a PATH with the played programs first."""

    def __init__(self, root: Path) -> None:
        self.root, self.programs, self.called = root, root / "bin", root / "called"
        self.places = {
            "/var/lib/arc": root / "data",
            "/var/backups/arc": root / "backups",
            "/etc/arc": root / "etc",
            "/opt/arc": ROOT,
        }
        for directory in (self.programs, root / "backups", root / "etc"):
            directory.mkdir()
        (root / "etc" / "master_key").write_text(self.script(f"{sys.executable} -c {shlex.quote(KEY)}"))
        (root / "etc" / "arc.env").write_text(self.placed(self.example("ARC_DATA=")))
        wrapper = self.placed(BOOK[: BOOK.index("## ")])
        self.install("manage.py", commands(wrapper).replace("python3", sys.executable) + "\n")
        self.install("sudo", SUDO)
        for program in PLAYED:
            self.install(program, f'#!/bin/sh\necho {program} "$@" >> {self.called}\n')
        self.script("manage.py prepare")

    @staticmethod
    def example(beginning: str) -> str:
        """The block of docs/operators.md that begins so."""
        page = (ROOT / "docs" / "operators.md").read_text()
        (block,) = re.findall(rf"^    {beginning}.*\n(?:    .*\n)*", page, re.MULTILINE)
        return commands(block) + "\n"

    def install(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def placed(self, text: str) -> str:
        for place, mine in self.places.items():
            text = text.replace(place, str(mine))
        return text

    def script(self, text: str) -> str:
        """Run the text, which ends at the first command that fails; what it printed."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("ARC_", "DJANGO_"))
        }
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", self.placed(text)],
            cwd=self.root,
            env={
                **clean,
                "PATH": f"{self.programs}:{Path(sys.executable).parent}:{clean['PATH']}",
                "PYTHONPATH": str(ROOT / "tests"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout

    def shell(self, code: str) -> str:
        return self.script(f"manage.py shell -v0 -c {shlex.quote(code)}")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    made = Machine(tmp_path_factory.mktemp("machine"))
    made.script("manage.py backup /var/backups/arc/last.sqlite3")
    (made.root / "backups" / "leaked-list.txt").write_text("nothing of ours\n")
    return made


@pytest.mark.parametrize("title", sections())
def test_each_command_works_as_it_stands(title: str, machine: Machine) -> None:
    script = commands(sections()[title])
    assert "manage.py" in script
    machine.script(script)


def test_a_photo_that_waits_outlives_its_master_key(machine: Machine) -> None:
    before = (machine.root / "etc" / "master_key").read_text()
    machine.shell(SEAL)
    machine.script(commands(sections()["A new master key"]))
    assert (machine.root / "etc" / "master_key").read_text() != before
    assert "b'x'" in machine.shell(OPEN)


def test_only_units_that_exist_are_named() -> None:
    named = set(re.findall(r"\barc-[a-z]+(?:\.timer)?", commands(BOOK)))
    there = {path.name for path in SYSTEMD.iterdir()}
    assert len(named) >= 4
    assert {name if name.endswith(".timer") else f"{name}.service" for name in named} <= there


def test_a_command_that_fails_is_noticed(machine: Machine) -> None:
    with pytest.raises(AssertionError, match="no-such-backup"):
        machine.script("manage.py restore /var/backups/arc/no-such-backup --force\ntrue")
