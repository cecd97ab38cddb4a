"""The sandbox confines, survives and tells nothing."""

import base64
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import bricks
import pytest
from drawing import jpeg
from project_files import ROOT

from enrollment import jobs
from enrollment import sandbox as service
from enrollment.refusals import Refused
from enrollment.sandbox import Sandbox, SandboxFailed

pytestmark = pytest.mark.processes

SECRET = b"what must never be told"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox("odd_jobs", wall_seconds=10)
    yield sandbox
    sandbox.close()


def helper_pid(sandbox: Sandbox) -> int:
    sandbox.call("echo", b"")
    assert sandbox.helper_pid is not None
    return sandbox.helper_pid


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until_gone(pid: int) -> bool:
    for _ in range(200):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


def test_it_answers_as_the_same_work_done_here() -> None:
    data = jpeg(bricks.covered())
    head, working = jobs.inspect(data)

    inspected = service.inspect(data)

    assert inspected.working == working
    assert (inspected.width, inspected.height) == (480, 360)
    assert inspected.coverage == head["coverage"]
    assert inspected.detail == head["detail"]
    assert inspected.stripped == ()
    assert service.render_masked(working) == jobs.mask(working)[1]
    assert service.fingerprint(working) == jobs.fingerprint(working)[0]
    assert base64.b64encode(inspected.sketch).decode() == jobs.fingerprint(working)[0]["sketch"]


def test_it_refuses_as_the_same_work_done_here() -> None:
    with pytest.raises(Refused) as here:
        jobs.inspect(jpeg(bricks.photo()))
    with pytest.raises(Refused) as there:
        service.inspect(jpeg(bricks.photo()))

    assert (there.value.code, there.value.figures) == (here.value.code, here.value.figures)


def test_it_does_not_even_pass_on_a_file_that_is_too_large() -> None:
    with pytest.raises(Refused) as refused:
        service.inspect(bytes(15_000_001))

    assert refused.value.code == "too-large-file"


@pytest.mark.parametrize("work", [service.render_masked, service.fingerprint])
def test_a_broken_working_picture_is_our_own_fault(work: object) -> None:
    assert callable(work)
    with pytest.raises(SandboxFailed):
        work(b"not a working picture")


@pytest.mark.parametrize(
    ("job", "code"), [("eat_memory", "too-heavy"), ("burn", "too-heavy"), ("crash", "damaged")]
)
def test_it_ends_a_child_that_misbehaves(job: str, code: str, sandbox: Sandbox) -> None:
    pid = helper_pid(sandbox)

    with pytest.raises(Refused) as refused:
        sandbox.call(job, b"")

    assert refused.value.code == code
    assert sandbox.call("echo", b"still there")[1] == b"still there"
    assert sandbox.helper_pid == pid


def test_it_ends_a_child_that_waits_for_ever() -> None:
    sandbox = Sandbox("odd_jobs", wall_seconds=0.3)

    with pytest.raises(Refused) as refused:
        sandbox.call("hang", b"")
    sandbox.close()

    assert refused.value.code == "too-heavy"


def test_an_error_tells_its_kind_and_nothing_of_the_photo(
    sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SandboxFailed) as failed:
        sandbox.call("blurt", SECRET)

    assert "ValueError" in str(failed.value)
    chain: BaseException | None = failed.value
    while chain is not None:
        assert SECRET.decode() not in repr(chain)
        chain = chain.__cause__ or chain.__context__
    assert SECRET.decode() not in "".join(capfd.readouterr())


def test_a_child_cannot_write_a_file(sandbox: Sandbox, tmp_path: Path) -> None:
    target = tmp_path / "leak"

    with pytest.raises((SandboxFailed, Refused)):
        sandbox.call("write_file", str(target).encode())

    assert not target.exists() or target.read_bytes() == b""


def test_a_child_sees_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARC_MASTER_KEY", "secret")
    sandbox = Sandbox("odd_jobs")

    environment = sandbox.call("echo", b"")[0]["environment"]
    sandbox.close()

    assert "ARC_MASTER_KEY" not in environment
    assert environment["OPENBLAS_NUM_THREADS"] == "1"


def test_it_starts_another_helper_when_the_last_was_killed(sandbox: Sandbox) -> None:
    pid = helper_pid(sandbox)
    os.kill(pid, signal.SIGKILL)

    assert sandbox.call("echo", b"again")[1] == b"again"
    assert sandbox.helper_pid != pid
    assert not Path(f"/proc/{pid}").exists()


def test_a_call_under_way_survives_the_helper(sandbox: Sandbox) -> None:
    pid = helper_pid(sandbox)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(sandbox.call, "slow", b"")
        while not (children := children_of(pid)):
            time.sleep(0.005)
        os.kill(pid, signal.SIGKILL)

        assert answer.result()[0]["ended"] > 0
    assert wait_until_gone(children[0])


def test_a_helper_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "GRACE_SECONDS", 0.1)
    sandbox = Sandbox("odd_jobs", wall_seconds=0.4)
    pid = helper_pid(sandbox)
    os.kill(pid, signal.SIGSTOP)

    with pytest.raises(SandboxFailed, match="hangs"):
        sandbox.call("echo", b"")

    assert wait_until_gone(pid)
    assert sandbox.call("echo", b"again")[1] == b"again"
    sandbox.close()


def test_a_helper_that_cannot_start_is_our_own_fault(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SandboxFailed, match="did not start"):
        Sandbox("no_such_jobs").call("echo", b"")

    assert "no_such_jobs" in capfd.readouterr().err


def test_it_runs_two_at_once_and_no_more(sandbox: Sandbox) -> None:
    helper_pid(sandbox)
    with ThreadPoolExecutor(6) as pool:
        spans = [head for head, _ in pool.map(lambda _: sandbox.call("slow", b""), range(6))]

    together = [sum(s["started"] <= t["started"] < s["ended"] for s in spans) for t in spans]
    assert max(together) == 2


def test_it_leaves_no_zombie(sandbox: Sandbox) -> None:
    pid = helper_pid(sandbox)
    with ThreadPoolExecutor(4) as pool:
        bodies = [bytes([n]) * 200_000 for n in range(20)]
        answers = [body for _, body in pool.map(lambda body: sandbox.call("echo", body), bodies)]

    assert answers == bodies
    assert sandbox.helper_pid == pid
    for _ in range(100):
        if not children_of(pid):
            break
        time.sleep(0.01)
    assert children_of(pid) == []


def test_closing_ends_the_helper(sandbox: Sandbox) -> None:
    pid = helper_pid(sandbox)

    sandbox.close()

    assert sandbox.helper_pid is None
    assert not Path(f"/proc/{pid}").exists()


def _call_after_fork(sandbox: Sandbox, answer: Connection) -> None:
    head, body = sandbox.call("echo", b"from the fork")
    answer.send((sandbox.helper_pid, head["parent"], body))
    sandbox.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_starts_a_helper_of_its_own(sandbox: Sandbox) -> None:
    pid = helper_pid(sandbox)
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    worker = fork.Process(target=_call_after_fork, args=(sandbox, there))
    worker.start()
    theirs, parent, body = here.recv()
    worker.join()

    assert body == b"from the fork"
    assert theirs == parent != pid
    assert sandbox.call("echo", b"")[0]["parent"] == pid


PARENT = """
import sys, threading, time
from enrollment.sandbox import Sandbox
sandbox = Sandbox("odd_jobs")
sandbox.call("echo", b"")
threading.Thread(target=sandbox.call, args=("hang", b""), daemon=True).start()
time.sleep(0.3)
print(sandbox.helper_pid, flush=True)
time.sleep(60)
"""


def test_a_helper_whose_parent_ended_meanwhile_says_nothing() -> None:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "enrollment.zygote", str(theirs.fileno()), "enrollment.jobs", "5"]
    helper = subprocess.Popen(
        command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    ours.close()
    theirs.close()
    _, told = helper.communicate(timeout=60)
    assert told == ""
    assert helper.returncode == 0


def test_helper_and_children_die_with_their_parent() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        helper = int(parent.stdout.readline())
        children = children_of(helper)
        parent.kill()

    assert len(children) == 1
    assert wait_until_gone(helper)
    assert wait_until_gone(children[0])


def test_the_helper_outlives_the_thread_that_started_it(sandbox: Sandbox) -> None:
    sandbox.close()
    thread = threading.Thread(target=sandbox.call, args=("echo", b""))
    thread.start()
    thread.join()
    pid = sandbox.helper_pid

    sandbox.call("echo", b"")

    assert sandbox.helper_pid == pid is not None
