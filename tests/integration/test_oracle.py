"""The oracle sees each kind of damage; an oracle that never speaks proves nothing."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import drawing
import numpy as np
import oracle
import pytest
from stage import Stage

# Only so that the test database is made at all; the stages use copies of it.
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def scene(one_stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a protected, a withdrawn and a waiting photo, and nothing wrong."""
    stage = one_stage
    protected, withdrawn, waiting = (stage.sender(photos=1) for _ in range(3))
    for sender in (protected, withdrawn):
        assert stage.send(sender)["status"] == 200
    stage.do("decide", "P1")
    stage.recover()
    stage.do("withdraw", withdrawn.number)
    stage.recover()
    assert stage.send(waiting)["status"] == 200
    assert stage.faults() == []
    copy = tmp_path_factory.mktemp("scene") / "data"
    with closing(sqlite3.connect(stage.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(stage.data, copy)
    stage.do("decide", "N1")
    stage.recover()
    return copy


@pytest.fixture
def data(scene: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(scene, tmp_path / "data"))


def damaged(data: Path, statements: str) -> None:
    with closing(sqlite3.connect(data / "db.sqlite3")) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.executescript(statements)
        assert connection.total_changes, "the damage must hit something"


def test_the_scene_is_sound(data: Path) -> None:
    assert oracle.faults(data, confirmed={}) == []
    assert oracle.unsettled(data) == []


WAITING = "(SELECT id FROM enrollment_photo WHERE state = 'awaiting_review')"
PROTECTED = "(SELECT id FROM enrollment_photo WHERE state = 'protected' LIMIT 1)"


@pytest.mark.parametrize(
    ("invariant", "damage"),
    [
        ("I1", f"UPDATE enrollment_photo SET state = 'lost' WHERE id = {WAITING}"),
        ("I2", "DELETE FROM enrollment_originalkey"),
        ("I2", "UPDATE enrollment_originalkey SET photo_id = 'f'"),
        ("I2", f"UPDATE enrollment_photo SET original_removed_at = '2026-01-01' WHERE id = {WAITING}"),
        ("I2", f"UPDATE enrollment_photo SET original_removed_at = NULL WHERE id = {PROTECTED}"),
        ("I3", f"DELETE FROM matching_fingerprint WHERE photo_id = {PROTECTED}"),
        ("I3", "UPDATE matching_fingerprint SET document = json_set(document, '$.extended', 'AA==')"),
        ("I3", f"UPDATE matching_fingerprint SET photo_id = {WAITING} WHERE photo_id = {PROTECTED}"),
        ("I4", "UPDATE review_auditentry SET actor = 'staff:2' WHERE seq = 3"),
        ("I4", "UPDATE review_auditentry SET actor = ''"),
        ("I4", "DELETE FROM review_auditentry WHERE seq = 2"),
        ("I4", "DELETE FROM review_auditentry WHERE seq = (SELECT MAX(seq) FROM review_auditentry)"),
        ("I4", "DELETE FROM review_audithead"),
        ("I4", f"DELETE FROM enrollment_timelineentry WHERE photo_id = {PROTECTED} AND event = 'protect'"),
        ("I4", f"UPDATE enrollment_photo SET state = 'covered' WHERE id = {WAITING}"),
        ("I8", "UPDATE matching_feedrecord SET tombstone = 0, wire = '{}'"),
        ("I8", "UPDATE matching_feedrecord SET tombstone = 1, wire = ''"),
        ("I8", "DELETE FROM matching_feedrecord WHERE tombstone"),
        ("I8", "UPDATE matching_feedhead SET seq = 0"),
    ],
)
def test_a_damaged_database_is_seen(data: Path, invariant: str, damage: str) -> None:
    damaged(data, damage)
    assert any(fault.startswith(invariant) for fault in oracle.faults(data, confirmed={}))


def a_missing_case(data: Path) -> list[str]:
    return oracle.faults(data, confirmed={"0123456789": 1})


def a_stray_file(data: Path) -> list[str]:
    (data / "store" / ("0" * 32)).write_bytes(b"ARC1")
    return oracle.faults(data, confirmed={})


def a_temporary_file(data: Path) -> list[str]:
    temp = data.with_name("tmp")
    temp.mkdir()
    (temp / "upload").write_bytes(b"")
    return oracle.faults(data, confirmed={}, temp=temp)


def a_canary(data: Path) -> list[str]:
    (data / "run" / "note").write_text("it sang: canary-1")
    return oracle.faults(data, confirmed={}, canaries=["canary-1"])


def a_canary_in_a_name(data: Path) -> list[str]:
    (data / "run" / "canary-1.jpg").touch()
    return oracle.faults(data, confirmed={}, canaries=["canary-1"])


def an_open_picture(data: Path) -> list[str]:
    [file] = (data / "store").iterdir()
    file.write_bytes(drawing.png(drawing.natural(1, 64, 48)))
    return oracle.faults(data, confirmed={})


def a_picture_beside_the_database(data: Path) -> list[str]:
    (data / "db.sqlite3-old").write_bytes(b"..." + drawing.png(drawing.natural(1, 64, 48)))
    return oracle.faults(data, confirmed={})


def an_address_in_a_log(data: Path) -> list[str]:
    log = data.with_name("log")
    log.write_text("GET / from 203.0.113.9")
    return oracle.faults(data, confirmed={}, logs=[log])


def a_case_in_a_log(data: Path) -> list[str]:
    log = data.with_name("log")
    log.write_text("opened 0123456789")
    return oracle.faults(data, confirmed={"0123456789": 1}, logs=[log])


def a_secret_in_a_log(data: Path) -> list[str]:
    log = data.with_name("log")
    log.write_text("pepper is hot-and-long")
    (data / "secrets").mkdir(exist_ok=True)
    (data / "secrets" / "pepper").write_text("hot-and-long\n")
    return oracle.faults(data, confirmed={}, logs=[log])


@pytest.mark.parametrize(
    ("invariant", "leak"),
    [
        ("I1", a_missing_case),
        ("I2", a_stray_file),
        ("I5", a_temporary_file),
        ("I6", a_canary),
        ("I6", a_canary_in_a_name),
        ("I6", an_open_picture),
        ("I6", a_picture_beside_the_database),
        ("I9", an_address_in_a_log),
        ("I9", a_case_in_a_log),
        ("I9", a_secret_in_a_log),
    ],
)
def test_a_leak_is_seen(data: Path, invariant: str, leak: Callable[[Path], list[str]]) -> None:
    assert any(fault.startswith(invariant) for fault in leak(data))


def test_a_masked_image_is_judged() -> None:
    mask = np.zeros((48, 64), bool)
    mask[10:30, 10:30] = True
    picture = drawing.natural(1, 64, 48)
    uncovered = drawing.png(picture)
    picture[mask] = drawing.ARC
    headers = {"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    assert oracle.masked_image_faults(headers, drawing.png(picture), mask) == []
    picture[20, 20] = 0
    assert oracle.masked_image_faults(headers, drawing.png(picture), mask) == ["I7 the cover is not solid"]
    assert oracle.masked_image_faults(headers, uncovered) == ["I7 the cover is not solid"]
    assert len(oracle.masked_image_faults({}, uncovered)) == 3


def test_a_traceback_is_no_sentence() -> None:
    assert oracle.sentence_faults("Please try again in a minute. (database-busy)", "database-busy") == []
    assert oracle.sentence_faults("Please try again.", "busy") == ["I10 the code busy is not told"]
    assert oracle.sentence_faults("Traceback (most recent call last)") == ["I10 people would read Traceback"]
