import os

import pytest
from django.core.management import call_command
from django_q.signals import post_spawn

from enrollment import sandbox
from matching import cluster, processes


def test_it_runs_the_cluster_bound_and_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr(processes, "bind_every_fork", lambda: done.append("bound"))
    monkeypatch.setattr(cluster, "call_command", done.append)
    monkeypatch.setattr(sandbox, "fingerprint", done.append)
    call_command("runcluster")
    post_spawn.send(sender="django_q", proc_name="worker")
    post_spawn.disconnect(dispatch_uid="matching.cluster")
    assert done == ["bound", "qcluster", b""]


@pytest.mark.parametrize("error", [sandbox.SandboxFailed("refused"), OSError(os.strerror(11))])
def test_a_helper_that_does_not_start_is_no_reason_not_to_work(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    asked: list[bytes] = []

    def fail(working: bytes) -> None:
        asked.append(working)
        raise error

    monkeypatch.setattr(sandbox, "fingerprint", fail)
    cluster.warm_up()
    assert asked == [b""]
