"""What is installed is what was pinned, byte for byte: every line of the locks has its hashes."""

import re
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from project_files import ROOT

LOCKS = ("requirements.lock", "requirements-test.lock")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def entries(text: str) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of a lock with its hashes. Raises ValueError for any other kind of line."""
    lines = text.replace("\\\n", " ").splitlines()
    found = []
    for line in lines:
        plain = line.partition(" #")[0].strip()
        if not plain or plain.startswith("#"):
            continue
        requirement = Requirement(plain.partition(" --hash")[0].strip())
        left = HASH.sub("", plain.partition(" --hash")[1].strip() + plain.partition(" --hash")[2]).strip()
        if left or not re.fullmatch(r"==[\w.!+]+", str(requirement.specifier)):
            raise ValueError(line)
        found.append((requirement, HASH.findall(plain)))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_pinned_and_has_its_hashes(lock: str) -> None:
    found = entries((ROOT / lock).read_text())
    assert len(found) > 15
    assert [requirement.name for requirement, hashes in found if not hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_installed_is_what_was_pinned(lock: str) -> None:
    meant = [requirement for requirement, _ in entries((ROOT / lock).read_text())]
    here = [each for each in meant if each.marker is None or each.marker.evaluate()]
    assert len(here) > 15
    other = {
        each.name: version(each.name) for each in here if not each.specifier.contains(version(each.name))
    }
    assert other == {}


@pytest.mark.parametrize(
    "text", ["--index-url x\n", "django>=5\n", "django==5.2 --hash=md5:abc\n", "django==5.*\n", "./local\n"]
)
def test_a_line_of_another_kind_is_noticed(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        entries(text)


def test_a_line_without_a_hash_is_noticed() -> None:
    assert [hashes for _, hashes in entries("django==5.2\n")] == [[]]
