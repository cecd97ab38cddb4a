"""Database connections of the web server's threads: kept from one request to the next.

Opening one for each request took 4 to 8 of an upload's 32 to 35 ms of CPU in this process: five pragmas
at its start, and a checkpoint whenever the last one was closed. Only for processes that never fork.
"""

import os
from typing import Any

from django.core.signals import request_started
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_FILE = "arc_file"


def keep() -> None:
    """From now on keep connections, except to a database file that is no longer the one in its place.

    Writing to a file that was moved away would confirm what is lost a moment later.
    """
    for settings in connections.settings.values():
        settings["CONN_MAX_AGE"] = None
        settings["CONN_HEALTH_CHECKS"] = True
    connection_created.connect(_remember, dispatch_uid="arcsite.connections")
    request_started.connect(_drop_replaced, dispatch_uid="arcsite.connections")


def _remember(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    setattr(connection, _FILE, _file_of(connection))


def _drop_replaced(**_: Any) -> None:
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None and getattr(connection, _FILE, None) != _file_of(connection):
            connection.close()


def _file_of(connection: BaseDatabaseWrapper) -> tuple[int, int] | None:
    """Device and number of the file in the database's place, None when there is none."""
    if connection.vendor != "sqlite":
        return None
    try:
        found = os.stat(connection.settings_dict["NAME"])  # noqa: PTH116 - the name may be a URI of the tests
    except OSError:
        return None
    return found.st_dev, found.st_ino
