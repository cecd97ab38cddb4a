"""What may be said of an error in a log or to an operator: a database's own words can quote a row."""

import sqlite3

import django.db


def described(error: BaseException) -> str:
    """What the error says; of a database's error its first line, and of one about a value only its kind.

    PostgreSQL puts the row in question into the lines after the first (DETAIL, CONTEXT), and the names of
    what was broken into the first; only where a value itself is wrong does the first line quote it.
    """
    if not is_of_a_database(error):
        return str(error)
    if any(kind.__name__ == "DataError" for kind in type(error).__mro__):
        return "a value that the database does not take"
    return str(error).partition("\n")[0].rstrip(".")


def is_of_a_database(error: BaseException) -> bool:
    """Whether Django, SQLite or psycopg raised it; the last need not be installed."""
    return isinstance(error, django.db.Error | sqlite3.Error) or hasattr(error, "sqlstate")
