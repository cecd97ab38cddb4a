"""What may be said of an error: of a database's nothing that could be a row's."""

import sqlite3

import django.db
import pytest

from matching.failures import described

BROKEN = 'duplicate key value violates unique constraint "one_each"'
ROW = f"{BROKEN}\nDETAIL:  Key (number)=(K7SECRET) already exists."


class OfPsycopg(Exception):
    sqlstate = "23505"


@pytest.mark.parametrize("kind", [django.db.IntegrityError, sqlite3.IntegrityError, OfPsycopg])
def test_of_a_row_only_what_was_broken(kind: type[Exception]) -> None:
    assert described(kind(ROW)) == BROKEN


@pytest.mark.parametrize("kind", [django.db.DataError, sqlite3.DataError])
def test_of_a_wrong_value_nothing(kind: type[Exception]) -> None:
    assert "K7SECRET" not in described(kind('invalid input syntax for type integer: "K7SECRET"'))


def test_other_errors_speak_for_themselves() -> None:
    assert described(ValueError("two\nlines")) == "two\nlines"
