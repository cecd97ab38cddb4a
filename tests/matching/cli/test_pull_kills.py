"""A pull that is killed, at every step there is, and for real in the middle of a page."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from feed_server import KEY, Answering, FeedServer, serving
from grids import enroll
from project_files import ROOT

from matching.cli.stored import CURRENT, open_pulled

pytestmark = pytest.mark.processes

DRIVER = ROOT / "tests" / "pull_crashes.py"
ARC = [sys.executable, "-c", "import sys; from matching.cli.main import run; sys.exit(run())"]


def environment() -> dict[str, str]:
    return {**os.environ, "ARC_KEY": KEY, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "OMP_NUM_THREADS": "1"}


def killed_at_every_step(server: FeedServer, folder: Path, *options: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, DRIVER, server.url, folder, *options],
        env=environment(),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def pulled(server: FeedServer, folder: Path) -> None:
    subprocess.run([*ARC, "pull", "--url", server.url, "--store", folder], env=environment(), check=True)


def in_force(server: FeedServer, before: dict[str, str], through: int) -> dict[str, str]:
    """What a partner holds that held ``before`` and has applied the feed through a number."""
    held = dict(before)
    for id_, record in server.records.items():
        if record["seq"] <= through:
            held.pop(id_, None)
            if record["status"] == "active":
                held[id_] = record["fingerprint"]["hash"]
    return held


def test_a_kill_at_any_step_leaves_fingerprints_and_cursor_in_step(tmp_path: Path) -> None:
    with serving(FeedServer()) as server:
        for number in range(9):
            server.publish(f"id-{number}", enroll(number))
        pulled(server, tmp_path / "pulled")
        before = in_force(server, {}, server.head)
        server.withdraw("id-1")
        for number in (3, 10, 11, 12, 13, 14):
            server.publish(f"id-{number}", enroll(number % 8))
        server.withdraw("id-10")
        server.withdraw("id-8")
        after = in_force(server, before, server.head)
        kills = killed_at_every_step(server, tmp_path / "pulled")
    assert len(kills) > 12
    assert {kill["step"] for kill in kills} >= {"fsync", "replace", "unlink", "request"}
    for kill in kills:
        assert kill["left"]["held"] == in_force(server, before, kill["left"]["after"]), kill["step"]
        assert (kill["status"], kill["finally"]) == (0, {"after": server.head, "held": after}), kill["step"]
    # A confirmation never runs ahead of what is in force: nothing was confirmed between the two states.
    assert set(server.confirmed) == {9, server.head}


def test_a_resync_that_is_killed_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    with serving(FeedServer()) as server:
        for number in range(9):
            server.publish(f"id-{number}", enroll(number))
        pulled(server, tmp_path / "pulled")
        old = {"after": 9, "held": in_force(server, {}, server.head)}
        server.feed, server.records, server.head, server.confirmed = "feed-two", {}, 0, []
        for number in range(8):
            server.publish(f"new-{number}", enroll(number))
        new = {"after": 8, "held": in_force(server, {}, server.head)}
        kills = killed_at_every_step(server, tmp_path / "pulled", "--resync")
    assert len(kills) > 12
    assert all(kill["left"] in (old, new) for kill in kills)
    begun = [kill for kill in kills if kill["finally"] == new]
    # Killed before anything of the new feed was kept, the next pull needs to be told again.
    assert all(kill["finally"] == old for kill in kills if kill not in begun)
    assert len(begun) > 5
    assert kills[-1] in begun


def test_a_pull_killed_midway_goes_on_from_there(tmp_path: Path) -> None:
    stuck, released = threading.Event(), threading.Event()

    def hold(answering: Answering) -> bool:
        stuck.set()
        released.wait(60)
        return False

    folder = tmp_path / "pulled"
    with serving(FeedServer()) as server:
        for number in range(12):
            server.publish(f"id-{number}", enroll(number % 8))
        server.faults.extend([lambda answering: False] * 3 + [hold])
        small = "from matching.cli import pulling; from matching.client import service; "
        small += "service.PAGE, pulling.AT_ONCE = 2, 3; "
        command = [sys.executable, "-c", f"import sys; {small}{ARC[2].removeprefix('import sys; ')}"]
        with subprocess.Popen(
            [*command, "pull", "--url", server.url, "--store", folder], env=environment(), cwd=ROOT
        ) as process:
            assert stuck.wait(60)
            process.send_signal(signal.SIGKILL)
        released.set()
        assert json.loads((folder / CURRENT).read_text())["after"] == 4
        server.asked.clear()
        pulled(server, folder)
    assert "after=4&" in server.asked[0]
    assert set(open_pulled(folder)) == set(server.records)


def test_one_puller_at_a_time(tmp_path: Path) -> None:
    stuck, released = threading.Event(), threading.Event()

    def hold(answering: Answering) -> bool:
        stuck.set()
        released.wait(60)
        return False

    command = [*ARC, "pull", "--store", str(tmp_path / "pulled"), "--url"]
    with serving(FeedServer()) as server:
        server.faults.append(hold)
        with subprocess.Popen([*command, server.url], env=environment(), cwd=ROOT) as first:
            assert stuck.wait(60)
            second = subprocess.run(
                [*command, server.url],
                env=environment(),
                cwd=ROOT,
                check=False,
                capture_output=True,
                text=True,
            )
            released.set()
    assert (second.returncode, second.stderr.endswith("(store-in-use)\n")) == (2, True)
    assert first.returncode == 0
