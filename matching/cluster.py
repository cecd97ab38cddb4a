"""django-q2's cluster as the supervisor runs it: bound to its parent, and warm before the first photo.

Killing the main process of a plain ``qcluster`` leaves its sentinel and workers at work, unsupervised.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django_q.signals import post_spawn

from enrollment import sandbox
from matching import processes

# Nobody waits for a worker with a page open before them: where both want a processor, the web server has it.
NICENESS = 10


def run() -> None:
    """Run the cluster in this process until SIGTERM, politely."""
    be_polite()
    processes.bind_every_fork()
    post_spawn.connect(warm_up, dispatch_uid="matching.cluster")
    call_command("qcluster")


def be_polite() -> None:
    """Step back behind the web server. Linux may weigh whole sessions first, and then this one's counts."""
    os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")


def warm_up(**_: Any) -> None:
    """Start a new worker's decoding helper by a question that it refuses; else a photo would wait for it."""
    with suppress(sandbox.SandboxFailed, OSError):
        sandbox.fingerprint(b"")
