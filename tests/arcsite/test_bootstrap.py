"""The environment is built once, from the lock, never half, and entered from anywhere."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from project_files import ROOT

from arcsite import bootstrap, environment
from arcsite.bootstrap import RUNTIME_LOCK, TEST_LOCK, BuildFailed
from arcsite.environment import Environment

pytestmark = pytest.mark.processes

Commands = list[list[str]]


class Handover(Exception):
    """Stands for the process that exec would have become."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", RUNTIME_LOCK, TEST_LOCK):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def ran(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Instead of building: a note of each command, and an interpreter where venv would put one."""
    commands: Commands = []
    real_run = subprocess.run

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        if command[1] == "-c":
            return real_run(command, capture_output=True, text=True, check=True)
        commands.append([str(part) for part in command])
        assert not (checkout / ".venv" / bootstrap.STAMP).exists()
        if command[2] == "venv":
            (checkout / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
            link = checkout / ".venv" / "bin" / "python"
            link.unlink(missing_ok=True)
            link.symlink_to(sys.executable)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return commands


@pytest.fixture(autouse=True)
def no_exec(monkeypatch: pytest.MonkeyPatch) -> None:
    def execv(path: str, arguments: list[str]) -> None:
        raise Handover(path, arguments)

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setenv(bootstrap.HANDED_OVER, "")


def enter(checkout: Path, *arguments: str) -> tuple[str, list[str]]:
    """What would be executed."""
    with pytest.raises(Handover) as caught:
        bootstrap.enter_environment(["manage.py", *arguments], str(checkout))
    os.environ[bootstrap.HANDED_OVER] = ""
    path, command = caught.value.args
    return path, command


def installs(commands: Commands) -> list[str]:
    return [command[-1] for command in commands if "install" in command]


def test_it_builds_then_hands_over(checkout: Path, ran: Commands) -> None:
    python = str(checkout / ".venv" / "bin" / "python")
    assert enter(checkout, "up", "--port", "9000") == (python, [python, "manage.py", "up", "--port", "9000"])
    assert ran[0][1:] == ["-m", "venv", "--clear", str(checkout / ".venv")]
    assert installs(ran) == [RUNTIME_LOCK, "."]
    assert {"--require-hashes", "--only-binary"} <= set(ran[1])
    assert {"--no-deps", "--no-index", "--no-build-isolation"} <= set(ran[2])


def test_a_fresh_environment_is_only_entered(checkout: Path, ran: Commands) -> None:
    enter(checkout, "up")
    ran.clear()
    enter(checkout, "migrate")
    assert ran == []


@pytest.mark.parametrize("command", ["test", "bench", "translations"])
def test_tests_add_their_packages(command: str, checkout: Path, ran: Commands) -> None:
    enter(checkout, "up")
    ran.clear()
    enter(checkout, command)
    assert installs(ran) == [TEST_LOCK, "."]
    assert not any("venv" in part for part in ran)
    ran.clear()
    enter(checkout, "up")
    enter(checkout, "test")
    assert ran == []


def test_a_new_lock_builds_from_scratch(checkout: Path, ran: Commands) -> None:
    enter(checkout, "up")
    with (checkout / RUNTIME_LOCK).open("a") as lock:
        lock.write("# newer\n")
    ran.clear()
    enter(checkout, "up")
    assert "--clear" in ran[0]


def test_a_moved_checkout_builds_from_scratch(checkout: Path, ran: Commands) -> None:
    enter(checkout, "up")
    stamp = checkout / ".venv" / bootstrap.STAMP
    stamp.write_text(stamp.read_text().replace(str(checkout), "/elsewhere"))
    ran.clear()
    enter(checkout, "up")
    assert "--clear" in ran[0]


def test_an_environment_of_another_checkout_is_not_emptied(
    checkout: Path, ran: Commands, tmp_path_factory: pytest.TempPathFactory
) -> None:
    others = tmp_path_factory.mktemp("others")
    (others / "kept").touch()
    (checkout / ".venv").symlink_to(others)
    with pytest.raises(BuildFailed, match="link to another environment"):
        enter(checkout, "up")
    assert (others / "kept").exists()
    assert ran == []


def test_it_is_not_rebuilt_by_an_interpreter_of_its_own(
    checkout: Path, ran: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That one would be gone before it had made the next."""
    monkeypatch.setattr(sys, "_base_executable", str(checkout / ".venv" / "bin" / "python"))
    with pytest.raises(BuildFailed, match="from inside itself"):
        enter(checkout, "up")
    assert ran == []


def test_a_new_tool_section_builds_nothing(checkout: Path, ran: Commands) -> None:
    enter(checkout, "up")
    ran.clear()
    with (checkout / "pyproject.toml").open("a") as project:
        project.write("\n[tool.other]\n")
    enter(checkout, "up")
    assert ran == []


def test_new_project_metadata_installs_again(checkout: Path, ran: Commands) -> None:
    enter(checkout, "up")
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text().replace("[project.scripts]", "[project.scripts]\nmore = 'x:y'"))
    ran.clear()
    enter(checkout, "up")
    assert installs(ran) == [RUNTIME_LOCK, "."]


def test_a_removed_interpreter_is_stale(checkout: Path, ran: Commands) -> None:
    enter(checkout, "up")
    (checkout / ".venv" / "bin" / "python").unlink()
    (checkout / ".venv" / "bin" / "python").symlink_to(checkout / "gone")
    ran.clear()
    enter(checkout, "up")
    assert "--clear" in ran[0]


@pytest.mark.parametrize("stamp", ["", "python 3.11", "\udcff\n"])
def test_an_unreadable_stamp_is_stale(stamp: str, checkout: Path, ran: Commands) -> None:
    enter(checkout, "up")
    (checkout / ".venv" / bootstrap.STAMP).write_bytes(stamp.encode(errors="surrogateescape"))
    ran.clear()
    enter(checkout, "up")
    assert "--clear" in ran[0]


def test_a_failed_install_leaves_no_stamp(
    checkout: Path, ran: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(checkout, "up")
    (checkout / ".venv" / bootstrap.STAMP).unlink()

    def fail(self: Environment, lock: int, *arguments: str) -> None:
        raise BuildFailed("no network")

    monkeypatch.setattr(Environment, "pip", fail)
    with pytest.raises(BuildFailed, match="no network"):
        bootstrap.enter_environment(["manage.py", "up"], str(checkout))
    assert not (checkout / ".venv" / bootstrap.STAMP).exists()


def test_an_environment_that_is_never_reached_is_an_error(
    checkout: Path, ran: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(checkout, "up")
    monkeypatch.setenv(bootstrap.HANDED_OVER, str(os.getpid()))
    with pytest.raises(BuildFailed, match="does not work"):
        bootstrap.enter_environment(["manage.py", "up"], str(checkout))


def test_inside_it_returns(checkout: Path, ran: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(checkout, "up")
    monkeypatch.setattr(sys, "prefix", str(checkout / ".venv"))
    ran.clear()
    bootstrap.enter_environment(["manage.py", "up"], str(checkout))
    assert ran == []


def test_inside_another_python_version_it_builds_again(
    checkout: Path, ran: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(checkout, "up")
    monkeypatch.setattr(sys, "prefix", str(checkout / ".venv"))
    stamp = checkout / ".venv" / bootstrap.STAMP
    stamp.write_text(stamp.read_text().replace(f"python {bootstrap.running_python()}", "python 3.9"))
    ran.clear()
    enter(checkout, "up")
    assert "--clear" in ran[0]


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_it_names_the_missing_package(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else 1)
    with pytest.raises(BuildFailed, match="apt install python3-venv"):
        environment.require_venv()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: No matching distribution found for numpy==2.4", "index cannot be reached"),
        ("WARNING: Retrying: NewConnectionError('...')\nERROR: gave up", "index cannot be reached"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE",
            "not the one in the lock",
        ),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("Something else.\nERROR: odd thing.\n\n", "odd thing"),
        ("", "no reason was given"),
    ],
)
def test_it_explains_what_pip_said(output: str, sentence: str) -> None:
    text = environment.explain(output, Path("build.log"))
    assert sentence in text
    assert "build.log" in text
    assert "\n" not in text


def test_a_second_builder_waits(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = (
        "import sys, time; from pathlib import Path; from arcsite.environment import alone\n"
        f"with alone(Path({str(checkout)!r})): print('held', flush=True); time.sleep(0.3)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        started = time.monotonic()
        with environment.alone(checkout):
            assert time.monotonic() - started > 0.1
    assert "waiting for it" in capsys.readouterr().err


def test_a_killed_builder_frees_the_lock(checkout: Path) -> None:
    program = (
        "import time; from pathlib import Path; from arcsite.environment import alone\n"
        f"with alone(Path({str(checkout)!r})): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.send_signal(signal.SIGKILL)
        with environment.alone(checkout):
            assert holder.wait() == -signal.SIGKILL


def test_an_old_python_is_told_so(tmp_path: Path) -> None:
    text = (ROOT / "manage.py").read_text().replace("sys.version_info <", "(3, 9) <")
    (tmp_path / "manage.py").write_text(text)
    done = subprocess.run(
        [sys.executable, tmp_path / "manage.py", "up"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("ARC needs Python 3.11 or newer.")
    assert done.stderr.count("\n") == 1
