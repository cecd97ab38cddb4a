"""django-q2's cluster as the supervisor runs it: bound to its parent, and warm before the first photo.

Killing the main process of a plain ``qcluster`` leaves its sentinel and workers at work, unsupervised.
"""

from contextlib import suppress
from typing import Any

from django.core.management import call_command
from django_q.signals import post_spawn

from enrollment import sandbox
from matching import processes


def run() -> None:
    """Run the cluster in this process until SIGTERM."""
    processes.bind_every_fork()
    post_spawn.connect(warm_up, dispatch_uid="matching.cluster")
    call_command("qcluster")


def warm_up(**_: Any) -> None:
    """Start a new worker's decoding helper by a question that it refuses; else a photo would wait for it."""
    with suppress(sandbox.SandboxFailed, OSError):
        sandbox.fingerprint(b"")
