"""The private data directory and its secrets, made before Django loads. Standard library only.

Everything that must not be read by others on the machine lives under one directory with mode 0700.
"""

import argparse
import atexit
import base64
import contextlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SECRETS = {"ARC_SECRET_KEY": "secret_key", "ARC_MASTER_KEY": "master_key", "ARC_PEPPER": "pepper"}
# Without these, what the database and the store hold cannot be read again.
IRREPLACEABLE = frozenset({"ARC_MASTER_KEY", "ARC_PEPPER"})
ROOMS = ("secrets", "store", "run")
# 64 characters; Django wants 50 and more. Fewer than 32 is refused.
SECRET_BYTES = 48
FEWEST_CHARACTERS = 32
# Commands that must never meet real data; only `bench` may be lent an empty database.
THROWN_AWAY = frozenset({"test", "bench", "translations"})
ELSEWHERE = ("DATABASE_URL", "DATABASE_URL_FILE", "ARC_STORE_URL", "ARC_REDIS_URL", "ARC_REDIS_URL_FILE")
LENT = frozenset({"DATABASE_URL", "DATABASE_URL_FILE"})
DEFAULT_PORT = 8000


class Unusable(Exception):
    """The data directory cannot be used; the text is one sentence and a hint for a person."""


def prepare(argv: Sequence[str]) -> None:
    """Set the environment that ``arcsite/settings.py`` reads, for the command in ``argv``.

    ``up`` and ``prepare`` get their data directory, made if necessary; ``test``, ``bench`` and
    ``translations`` (and asking for help) get a throw-away one; every other command uses what exists. Raises
    Unusable.
    """
    command, options = (argv[1] if len(argv) > 1 else ""), argv[2:]
    if command in THROWN_AWAY or {"-h", "--help"} & set(options):
        lent = {name: os.environ.get(name, "") for name in LENT} if command == "bench" else {}
        os.environ.update(throwaway_environment() | lent)
    elif command in {"up", "prepare"}:
        choice = read_options(options)
        os.umask(0o077)
        directory = choice.data or os.environ.get("ARC_DATA", "").strip() or CHECKOUT / ".data"
        os.environ["ARC_DATA"] = str(create(Path(directory)))
        os.environ.setdefault("ARC_PUBLIC_URL", f"http://127.0.0.1:{choice.port}")
        if choice.demo and not os.environ["ARC_PUBLIC_URL"].startswith("https:"):
            # To look around on one's own machine; a system check refuses this anywhere else.
            os.environ.setdefault("ARC_REQUIRE_MFA", "off")


def read_options(options: Sequence[str]) -> argparse.Namespace:
    """The options of ``up`` that settings depend on; the command itself checks them all."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--data", default="")
    parser.add_argument("--port", default=str(DEFAULT_PORT))
    parser.add_argument("--demo", action="store_true")
    try:
        return parser.parse_known_args(options)[0]
    except argparse.ArgumentError as error:
        raise Unusable(f"{error}. Hint: `python3 manage.py up --help` lists the options.") from None


def create(directory: Path) -> Path:
    """Make the directory, its rooms and the missing secrets; return its absolute path.

    Nothing that exists is overwritten. Raises Unusable.
    """
    directory = directory.expanduser().resolve()
    try:
        if directory.is_dir() and not holds_our_data(directory):
            raise Unusable(
                f"{directory} already holds other files. "
                "Hint: give ARC a directory of its own with `--data DIR`."
            )
        make_private(directory)
        for room in ROOMS:
            make_private(directory / room)
        sync_directory(directory)
        for variable, name in SECRETS.items():
            if not given_elsewhere(variable):
                ensure_secret(directory, variable, directory / "secrets" / name)
    except OSError as error:
        raise Unusable(
            f"The data directory {directory} cannot be used: {error.strerror} ({error.filename}). "
            "Hint: choose another with `--data DIR`, or give this one to the user who runs ARC."
        ) from error
    return directory


def given_elsewhere(variable: str) -> bool:
    return any(os.environ.get(name, "").strip() for name in (variable, f"{variable}_FILE"))


def make_private(directory: Path) -> None:
    """Make it a real directory with mode 0700. Raises Unusable for a file or a link in its place."""
    try:
        directory.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        facts = directory.lstat()
        if not stat.S_ISDIR(facts.st_mode):
            raise Unusable(
                f"{directory} is not a directory. Hint: choose another with `--data DIR`."
            ) from None
        if stat.S_IMODE(facts.st_mode) != 0o700:
            directory.chmod(0o700)


def holds_our_data(directory: Path) -> bool:
    """Made by an earlier ``up`` (the secrets come first), or still empty."""
    return (directory / "secrets").is_dir() or not any(directory.iterdir())


def ensure_secret(directory: Path, variable: str, path: Path) -> None:
    """Check the secret file, or generate it when there is none. Raises Unusable."""
    try:
        facts = path.lstat()
    except FileNotFoundError:
        if variable in IRREPLACEABLE and (directory / "db.sqlite3").exists():
            raise Unusable(
                f"{path} is missing, but a database that needs it exists. "
                f"Hint: put it back from your backup, or set {variable}; a new one cannot open the old data."
            ) from None
        write_secret(path)
        return
    if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
        raise Unusable(
            f"{path} may be readable by others. Hint: `chmod 600` it, and give it to the user who runs ARC."
        )
    if facts.st_size < FEWEST_CHARACTERS:
        raise Unusable(f"{path} is too short to be a secret. Hint: put it back from your backup.")


def write_secret(path: Path) -> None:
    """Generate a secret at ``path``, whole or not at all, never over an existing one."""
    text = base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces: of two starts at once, the first one's secret stays.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def throwaway_environment() -> dict[str, str]:
    """Settings for a run that must leave no trace: an empty directory, removed at exit, and new secrets.

    What other machines hold is out of its reach.
    """
    directory = tempfile.mkdtemp(prefix="arc-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    made = {name: secrets.token_urlsafe(SECRET_BYTES) for name in SECRETS}
    return {"ARC_DATA": directory, **made, **dict.fromkeys(ELSEWHERE, "")}
