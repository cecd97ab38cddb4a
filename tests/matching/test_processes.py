import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matching import processes

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and pidfd"),
]

# Says that it is there, has a child that says so too, and both sleep.
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(child.pid) + chr(10))
time.sleep(60)
"""
# A parent that starts a marked child and is then killed.
PARENT = """
import sys, time
from pathlib import Path
from matching import processes
child = processes.start(["-c", "import time; time.sleep(60)"], mark="of the parent", directory=Path.cwd())
open(sys.argv[1], "w").write(str(child.pid) + chr(10))
time.sleep(60)
"""
# Forks a child, which forks a grandchild, all bound; the first is killed.
FORKS = """
import os, sys, time
from matching import processes
processes.bind_every_fork()
if os.fork() == 0:
    if os.fork() == 0:
        open(sys.argv[1], "w").write(str(os.getpid()) + chr(10))
    time.sleep(60)
time.sleep(60)
"""


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def lives(pid: int) -> bool:
    """Not gone, and not a zombie whose new parent has no time for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def told(file: Path) -> int:
    until(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "pid"


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    yield str(tmp_path)
    processes.kill_marked(str(tmp_path))


def plain(script: str, note: Path) -> subprocess.Popen[bytes]:
    """An unmarked process with the checkout on its path."""
    root = Path(processes.__file__).parent.parent
    return subprocess.Popen([sys.executable, "-c", script, str(note)], cwd=root)


def test_it_ends_a_whole_family_and_nobody_else(mark: str, note: Path, tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    family = processes.start(["-c", FAMILY, str(note)], mark=mark, directory=tmp_path)
    child = told(note)
    assert processes.kill_marked(mark) == 2
    assert family.wait() == -9
    assert not lives(child)
    assert lives(stranger.pid)
    stranger.kill()
    stranger.wait()


def test_it_finds_the_children_of_a_parent_that_was_killed(mark: str, note: Path, tmp_path: Path) -> None:
    family = processes.start(["-c", FAMILY, str(note)], mark=mark, directory=tmp_path)
    child = told(note)
    family.kill()
    family.wait()
    assert lives(child)
    assert processes.kill_marked(mark) == 1
    assert not lives(child)


def test_without_such_processes_it_does_nothing(mark: str) -> None:
    assert processes.kill_marked(mark) == 0


def test_a_child_has_a_process_group_of_its_own(mark: str, note: Path, tmp_path: Path) -> None:
    child = processes.start(["-c", "import time; time.sleep(60)"], mark=mark, directory=tmp_path)
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    processes.kill_marked(mark)
    child.wait()


def test_a_child_dies_with_the_process_that_started_it(note: Path) -> None:
    parent = plain(PARENT, note)
    child = told(note)
    assert lives(child)
    parent.kill()
    parent.wait()
    until(lambda: not lives(child))


def test_a_forked_family_dies_with_its_head(note: Path) -> None:
    head = plain(FORKS, note)
    grandchild = told(note)
    assert lives(grandchild)
    head.kill()
    head.wait()
    until(lambda: not lives(grandchild))
