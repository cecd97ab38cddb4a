"""What gunicorn serves in the tests of its workers: which process answers, after some work."""

import os
import time
from collections.abc import Callable, Iterable

WORK = 0.2


def application(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
    time.sleep(WORK if environ["PATH_INFO"] == "/work" else 0)
    start("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
