"""The database that DATABASE_URL names; without one, the SQLite file of the data directory.

What is wrong with an address is told without the address: it holds a password.
"""

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from arcsite.stores import require

SCHEMES = frozenset({"postgres", "postgresql"})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# From these on nobody on the way reads along; the first does not look whom it talks to.
ENCRYPTED = ("require", "verify-ca", "verify-full")
# Django sets these itself, so an address must not.
TAKEN = frozenset({"dbname", "user", "password", "port", "client_encoding", "cursor_factory"})
WAIT_SECONDS = 20
# What the service asks of each session. A commit is on the disk; whoever waits for a lock is told so in the
# end, as on SQLite; a host that went dark in the middle of a transaction does not hold its locks for hours.
SESSION = {
    "synchronous_commit": "on",
    "lock_timeout": f"{WAIT_SECONDS}s",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
EXAMPLE = "postgresql://arc:PASSWORD@db.example.org:5432/arc?sslmode=verify-full"

Database = dict[str, Any]


def database(url: str, file: Path) -> Database:
    """Django's description of the database at ``url``, or of the SQLite ``file`` when that is empty.

    Raises ImproperlyConfigured for an address that cannot be understood.
    """
    return postgresql(url) if url else sqlite(file)


def sqlite(file: Path) -> Database:
    """Defaults gave "database is locked" under four writers; these settings gave none."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": WAIT_SECONDS,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                "PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON;"
                f"PRAGMA busy_timeout={1000 * WAIT_SECONDS};"
            ),
        },
    }


def postgresql(url: str) -> Database:
    """``postgresql://user:password@host:port/name?sslmode=...``; the query holds libpq's own options.

    A ``host`` in the query may be the directory of a socket. Raises ImproperlyConfigured.
    """
    require("DATABASE_URL", "postgres", "psycopg")
    parts, port = _split(url)
    options: dict[str, Any] = dict(_options(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise _refused("must end with the name of the database")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "OPTIONS": {
            "connect_timeout": "10",
            "application_name": "arc",
            "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()),
            **options,
        },
        # A minute spares most connections; longer would keep one to a server that was replaced.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def leaves_the_machine(settings: Database) -> bool:
    """Whether what is said to the database goes over a network."""
    hosts = str(settings.get("HOST", "")).split(",")
    return any(host and not host.startswith(("/", "@")) and host not in LOOPBACK for host in hosts)


def sslmode(settings: Database) -> str:
    """The word of libpq for how it is encrypted, empty when nothing was said."""
    return str(settings.get("OPTIONS", {}).get("sslmode", ""))


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("cannot be read (a password's special characters are written as %XX)") from None
    if parts.scheme not in SCHEMES:
        raise _refused("must begin with postgresql://")
    if parts.fragment:
        raise _refused("holds a #, which is written as %23")
    return parts, port


def _options(query: str) -> list[tuple[str, str]]:
    try:
        options = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise _refused("has options that are not written as name=value") from None
    names = [name for name, _ in options]
    if len(set(names)) < len(names):
        raise _refused("names an option twice")
    if taken := TAKEN & set(names):
        raise _refused(f"may not set {', '.join(sorted(taken))} among its options")
    return options


def _refused(why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"DATABASE_URL {why}. Hint: it looks like {EXAMPLE}")
