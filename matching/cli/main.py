"""The ``arc`` command: its options, and the way out of it.

Exit status: 0 done, 1 done but something was refused, 2 wrongly called, 3 results could not be written,
130 interrupted, 141 reader gone.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version

from matching.cli.output import CannotWrite, printable, writing
from matching.cli.usage import UsageError

_DISTRIBUTION = "arc-moderation"
_CANNOT_WRITE, _INTERRUPTED, _READER_GONE = 3, 130, 141
_CANNOT_WRITE_HELP = f"{_CANNOT_WRITE} results could not be written."


def run() -> int:
    """Entry point of the console script: return the exit status."""
    _fill_closed_streams()
    status = main(sys.argv[1:])
    if status in (_CANNOT_WRITE, _READER_GONE):
        # Python would complain once more, at exit, about what its streams could not get rid of.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
    return status


def _fill_closed_streams() -> None:
    """Keep photos from being opened in the place of a standard stream that the caller closed."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w")


def main(arguments: Sequence[str]) -> int:
    """Run one command line; a wrong option leaves through SystemExit(2) as argparse does."""
    try:
        try:
            return _command(arguments)
        finally:
            with writing():
                if sys.stdout is not None:
                    sys.stdout.flush()
    except UsageError as error:
        return _failed(2, f"{error} ({error.code})")
    except CannotWrite as error:
        return _failed(_CANNOT_WRITE, f"{error} ({error.code})")
    except KeyboardInterrupt:
        return _failed(_INTERRUPTED, "interrupted")
    except BrokenPipeError:
        return _READER_GONE


def _failed(status: int, sentence: str) -> int:
    with suppress(OSError):  # with standard error lost as well, only the status is left to tell
        sys.stderr.write(f"arc: {printable(sentence)}\n")
    return status


def _command(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    # Read when numpy and faiss load: their products are too small to be shared between threads, which would
    # wait for each other longer than they work. More cores are for --jobs.
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    command: Callable[[argparse.Namespace], int] = importlib.import_module(options.module).run
    return command(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arc", description="Recognise public copies of photos that were covered before anyone saw them."
    )
    parser.add_argument("--version", action="version", version=f"arc {version(_DISTRIBUTION)}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_fingerprint(commands)
    _add_pull(commands)
    _add_scan(commands)
    _add_bench(commands)
    return parser


def _add_fingerprint(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "fingerprint",
        help="covered photos in, fingerprints out",
        description="Print one JSON object per covered photo: its fingerprint, or why it was refused.",
        epilog=f"Exit status: 0 all done, 1 some photo was refused, 2 wrongly called, {_CANNOT_WRITE_HELP}",
    )
    parser.add_argument("--extended", action="store_true", help="also keep what --deep needs (larger)")
    parser.add_argument("-o", "--output", metavar="FILE", help="write here instead of standard output")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="covered photo, or folder of them")
    parser.set_defaults(module="matching.cli.fingerprint")


def _add_pull(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "pull",
        help="a service's fingerprints in, a folder for arc scan --store out",
        description="Bring a folder up to date with a service's feed, withdrawals included, and confirm it. "
        "The key is read from the environment variable ARC_KEY or from --key-file. Killed at any moment, it "
        "goes on from there at its next start.",
        epilog="Exit status: 0 up to date, 1 the service refused or could not be reached, or sent records of "
        f"a newer kind, 2 wrongly called, {_CANNOT_WRITE} the folder cannot be written.",
    )
    parser.add_argument("--url", required=True, help="the service, such as https://cover.example.org")
    parser.add_argument(
        "--store", required=True, metavar="DIR", help="folder to keep, made at the first pull"
    )
    parser.add_argument("--key-file", metavar="FILE", help="file that holds the key (default: ARC_KEY)")
    parser.add_argument(
        "--resync", action="store_true", help="fetch all anew; the old stays in use meanwhile"
    )
    parser.add_argument(
        "--watch", type=_seconds, metavar="SECONDS", help="pull again and again, so far apart"
    )
    parser.set_defaults(module="matching.cli.pull")


def _add_scan(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "scan",
        help="public photos and videos in, matches out",
        description="Look for copies of fingerprinted photos; print one JSON object per match. In videos one "
        'still a second is looked at, and one at every change of scene (needs the extra "video").',
        epilog="A file that cannot be read is reported on standard error and the scan goes on. Exit status: "
        f"0 all done, 1 no scanning process stayed alive, 2 wrongly called, {_CANNOT_WRITE_HELP}",
    )
    known = parser.add_mutually_exclusive_group(required=True)
    known.add_argument("--fingerprints", metavar="FILE", help="output of arc fingerprint")
    known.add_argument("--store", metavar="DIR", help="folder of arc pull")
    parser.add_argument("--deep", action="store_true", help="also look for crops, frames and zooms (slower)")
    parser.add_argument("--turns", action="store_true", help="also look for copies on their side or head")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--jobs", type=_positive, default=1, metavar="N", help="processes to use (default 1)")
    who.add_argument(
        "--cluster", metavar="ADDRESS", help="Dask scheduler whose workers scan, tcp://HOST:8786"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write here instead of standard output")
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="remember here how far it came, so that a killed scan goes on"
    )
    parser.add_argument("--json", action="store_true", help="JSON lines even when printing to a terminal")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="public photo or video, folder, or s3://...")
    parser.set_defaults(module="matching.cli.scan")


def _add_bench(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "bench",
        help="measure accuracy and speed, on your own photos or drawn ones",
        description="Measure what is recognised and what it costs; print one JSON object per figure.",
    )
    kinds = parser.add_subparsers(title="measurements", required=True, metavar="WHAT")
    accuracy = kinds.add_parser("accuracy", help="recall by edit and cover, false matches, refusals")
    accuracy.add_argument("--deep", action="store_true", help="search through windows as well")
    accuracy.add_argument("--skip", type=_count, default=0, metavar="N", help="leave out the first N photos")
    accuracy.add_argument("--limit", type=_count, metavar="N", help="use N photos only")
    accuracy.set_defaults(module="matching.cli.bench", what="accuracy")
    speed = kinds.add_parser("speed", help="search time and memory by number of fingerprints")
    speed.add_argument("--sizes", type=_sizes, default=[10_000, 100_000, 1_000_000], metavar="N,N,...")
    speed.add_argument("--repeats", type=_positive, default=7, metavar="N", help="medians over so many")
    speed.set_defaults(module="matching.cli.bench", what="speed")
    attack = kinds.add_parser("attack", help="how far a photo must be changed to escape its fingerprint")
    attack.add_argument("--limit", type=_count, default=100, metavar="N", help="use N photos (default 100)")
    attack.set_defaults(module="matching.cli.bench", what="attack")
    cluster = kinds.add_parser("cluster", help="a Dask cluster on this machine beside --jobs")
    cluster.add_argument("--workers", type=_sizes, default=[1, 2], metavar="N,N,...", help="(default 1,2)")
    cluster.add_argument("--scan", type=_count, default=4000, metavar="N", help="photos (default 4000)")
    cluster.add_argument("--fingerprints", type=_count, default=100_000, metavar="N", help="(default 100000)")
    cluster.add_argument("--repeats", type=_positive, default=3, metavar="N", help="medians over so many")
    cluster.set_defaults(module="matching.cli.bench", what="cluster")
    for kind in (accuracy, speed, attack, cluster):
        kind.add_argument("--photos", metavar="DIR", help="uncovered photos to measure with (default: drawn)")
        kind.add_argument("--draw", type=_count, default=96, metavar="N", help="draw so many (default 96)")
    for kind in (accuracy, speed):
        kind.add_argument("--plot", metavar="FILE", help="also draw the result, as a PNG")


def _sizes(text: str) -> list[int]:
    sizes = [int(part) for part in text.split(",") if part.isascii() and part.isdigit()]
    if len(sizes) != text.count(",") + 1 or not all(1 <= size <= 100_000_000 for size in sizes):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as 1000,100000")
    return sizes


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of photos")
    return int(text)


def _seconds(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    if not 1 <= number <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 86400")
    return number


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 256")
    return number
