"""Over and over in the same instant: one effect each time, and an answer for whoever came second."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

# Only so that the test database is made at all; the races use a copy of it.
pytestmark = [pytest.mark.django_db, pytest.mark.processes]


@pytest.fixture(scope="module", params=[15, pytest.param(100, marks=pytest.mark.slow)])
def rounds(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def outcome(
    rounds: int,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """What the races gave, in a process of their own on a copy of the migrated database."""
    data = tmp_path_factory.mktemp("races")
    data.chmod(0o700)
    with django_db_blocker.unblock():
        connection.ensure_connection()
        with sqlite3.connect(data / "db.sqlite3") as copy:
            connection.connection.backup(copy)
        copy.close()
    environment = os.environ | {
        "ARC_DATA": str(data),
        "ARC_SECRET_KEY": settings.SECRET_KEY,
        "ARC_MASTER_KEY": settings.ARC_MASTER_KEY,
        "ARC_PEPPER": settings.ARC_PEPPER,
        "DJANGO_SETTINGS_MODULE": "arcsite.settings",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    command = [sys.executable, str(Path(__file__).parents[1] / "decision_races.py"), str(rounds)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(
    ("race", "possible"),
    [
        ("two_reviewers_take_the_last_photo", {"claimed+nothing"}),
        ("one_reviewer_clicks_take_twice", {"claimed+claimed, 1 claim"}),
        ("two_tabs_decide_differently", {"decided+decided-by-you"}),
        ("one_form_is_sent_twice", {"decided+repeated"}),
        (
            "the_submitter_withdraws_meanwhile",
            {"decided+withdrawn 1, then withdrawn", "withdrawn+withdrawn 1, then withdrawn"},
        ),
        ("a_decision_is_taken_back_twice", {"taken back+taken back, awaiting_review, 1 claim"}),
        (
            "a_decision_meets_the_alarm",
            {"decided+decided-by-you, covered", "alarmed+decided-by-you, needs_covering"},
        ),
        (
            "two_reviewers_want_to_give_the_second_opinion",
            {"claimed-by-another+decided, covered", "decided+decided-by-another, covered"},
        ),
    ],
)
def test_every_round_had_one_winner(
    outcome: dict[str, Any], rounds: int, race: str, possible: set[str]
) -> None:
    answers = outcome["answers"][race]
    assert sum(answers.values()) == rounds
    assert set(answers) <= possible


def test_every_race_is_looked_at(outcome: dict[str, Any]) -> None:
    assert len(outcome["answers"]) == 8


def test_nothing_was_decided_twice_or_left_over(outcome: dict[str, Any], rounds: int) -> None:
    withdrawn = outcome["answers"]["the_submitter_withdraws_meanwhile"]
    # The two tabs, the form sent twice, undo, alarm, and two words where a second opinion was asked for.
    decided = 6 * rounds + withdrawn.get("decided+withdrawn 1, then withdrawn", 0)
    assert outcome["decisions"] == outcome["decisions_in_audit"] == decided
    assert outcome["undone_in_audit"] == decided - outcome["standing"] == rounds
    assert outcome["claims_left"] == 0
    assert outcome["fault"] == ""
