"""A PostgreSQL server of the test run's own, as ``bench --postgres`` has one, but one that forgets."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from arcsite import bench_postgres
from arcsite.bench_postgres import FORGETFUL, Server, binaries, create_database, url, why_not

__all__ = [
    "Server", "binaries", "copy_database", "create_database", "private_server", "server", "url", "why_not",
]  # fmt: skip


def server() -> AbstractContextManager[Server]:
    """A running server; its superuser ``postgres`` needs no password."""
    return bench_postgres.server(FORGETFUL)


def copy_database(socket: str, source: str, target: str) -> None:
    """Make ``target`` a copy of ``source``, which nobody may be connected to; an older copy goes."""
    with psycopg.connect(url(socket), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(target)))
        names = (sql.Identifier(target), sql.Identifier(source))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))


@contextmanager
def private_server() -> Iterator[Path]:
    """The directory of the socket of such a server."""
    with server() as running:
        yield running.directory
