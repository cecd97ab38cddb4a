"""``arc pull``: a service's fingerprints into a folder, kept up to date, withdrawals and all."""

import os
import sys
import time
from argparse import Namespace
from pathlib import Path

from tqdm import tqdm

from matching.cli.output import CannotWrite, printable
from matching.cli.pull_folder import Draft, locked
from matching.cli.pulling import Poll, Tally, pull
from matching.cli.saying import say
from matching.cli.usage import UsageError
from matching.client.errors import BadAddress, Refused, ServiceError
from matching.client.service import ANOTHER_FEED, CURSOR_AHEAD, Service, is_key
from matching.engine.errors import EngineError

KEY_VARIABLE = "ARC_KEY"
_ANEW = "arc pull --resync fetches everything anew; until that is done the old fingerprints stay in use"


def run(options: Namespace) -> int:
    """Return 0 when everything is in force, 1 when something was refused, by the service or by us."""
    folder = Path(options.store)
    try:
        with locked(folder):
            return _pulled(options, Draft(folder, anew=options.resync))
    except EngineError as error:
        raise UsageError(error.code, f"{error}; {_ANEW}") from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotWrite(f"{folder} cannot be written: {error.strerror or error}") from error


def _pulled(options: Namespace, draft: Draft) -> int:
    poll = Poll()
    while True:
        started, tally = time.monotonic(), Tally()
        # Read each time, so that a key is rotated without a restart.
        service = _service(options.url, key_of(options.key_file))
        try:
            tally = _with_progress(service, draft, poll)
        except ServiceError as error:
            say(f"arc: {_advised(error)} ({error.code})")
            if options.watch is None or isinstance(error, Refused):
                return 1
        else:
            if options.watch is None or tally != Tally():
                say(_summary(tally, draft, time.monotonic() - started))
            if options.watch is None:
                return 1 if tally.unsupported else 0
        time.sleep(options.watch)


def _with_progress(service: Service, draft: Draft, poll: Poll) -> Tally:
    begin, shown = draft.manifest.after, sys.stderr.isatty()
    total = max(service.head() - begin, 0) if shown else None
    with tqdm(total=total, unit=" record", leave=False, disable=not shown) as bar:
        return pull(service, draft, poll, told=lambda cursor: bar.update(cursor - begin - bar.n))


def _service(url: str, key: str) -> Service:
    try:
        return Service(url, key)
    except BadAddress as error:
        raise UsageError(error.code, str(error)) from error


def key_of(file: str | None) -> str:
    """Return the key in a file or, without one, in the environment. Raises UsageError."""
    try:
        text = os.environ.get(KEY_VARIABLE, "") if file is None else Path(file).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError("no-key", f"the key file {file} cannot be read: {reason}") from error
    if not text.strip():
        raise UsageError("no-key", f"there is no key: set {KEY_VARIABLE}, or name a file with --key-file")
    if not is_key(text.strip()):
        raise UsageError("bad-key", "the key is not one word, as it was shown when it was issued")
    return text.strip()


def _advised(error: ServiceError) -> str:
    advice = {
        ANOTHER_FEED: f"the service has another feed than the one in this folder; {_ANEW}",
        CURSOR_AHEAD: f"this folder is ahead of the service's feed; {_ANEW}",
    }
    return printable(advice.get(error.code, str(error)))


def _summary(tally: Tally, draft: Draft, seconds: float) -> str:
    passed_over = f", {tally.unsupported} of a newer kind passed over" if tally.unsupported else ""
    earlier = draft.manifest.unsupported - tally.unsupported
    hint = f"; {earlier} earlier ones too: update arc, then pull with --resync" if earlier > 0 else ""
    if tally.unsupported and not hint:
        hint = "; update arc, then pull with --resync"
    return (
        f"arc: {tally.active} new or changed, {tally.withdrawn} withdrawn{passed_over} in {seconds:.1f} s; "
        f"{draft.size} fingerprints through number {draft.manifest.after}{hint}"
    )
