"""Jobs for a sandbox under test: measured inspection, and every way in which a child can misbehave."""

import os
import resource
import signal
import time
from pathlib import Path

import numpy as np

from enrollment import jobs
from enrollment.frames import Head
from enrollment.refusals import Refused


def measured(data: bytes) -> tuple[Head, bytes]:
    """What became of a file, at what cost: verdict, head, CPU seconds and peak memory of the child."""
    before = _cpu_seconds()
    head: Head = {}
    working = b""
    try:
        head, working = jobs.inspect(data)
        verdict = "accepted"
    except Refused as refused:
        verdict = refused.code
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"verdict": verdict, "head": head, "seconds": _cpu_seconds() - before, "peak": peak}, working


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def eat_memory(data: bytes) -> tuple[Head, bytes]:
    """Ask for more than there is."""
    return {"sum": int(np.ones(3_000_000_000, dtype=np.uint8).sum())}, b""


def burn(data: bytes) -> tuple[Head, bytes]:
    """Compute for ever, under a CPU limit made short."""
    resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
    while True:
        pass


def hang(data: bytes) -> tuple[Head, bytes]:
    """Wait for ever."""
    time.sleep(3600)
    return {}, b""


def crash(data: bytes) -> tuple[Head, bytes]:
    """Die as a decoder with a bug does."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}, b""


def blurt(data: bytes) -> tuple[Head, bytes]:
    """Fail with an error that quotes the photo, after saying it aloud."""
    os.write(1, data)
    os.write(2, data)
    raise ValueError(f"cannot read {data!r}")


def write_file(data: bytes) -> tuple[Head, bytes]:
    """Try to leave the photo in a file whose name is given."""
    Path(data.decode()).write_bytes(b"leaked")
    return {}, b""


def echo(data: bytes) -> tuple[Head, bytes]:
    """Give back what came, and who did it."""
    return {"pid": os.getpid(), "parent": os.getppid(), "environment": dict(os.environ)}, data


def slow(data: bytes) -> tuple[Head, bytes]:
    """Take a moment; when it started and ended tells what ran together."""
    started = time.monotonic()
    time.sleep(0.15)
    return {"started": started, "ended": time.monotonic()}, b""


JOBS = {job.__name__: job for job in (measured, eat_memory, burn, hang, crash, blurt, write_file, echo, slow)}


def warm_up(job: str) -> None:
    """As in service, for the one job that is measured."""
    if job == "measured":
        jobs.warm_up("inspect")
