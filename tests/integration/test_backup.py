"""A backup holds nothing that must die, and an old one does not bring back what is over."""

import fcntl
import shutil
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import oracle
import pytest
from stage import Sender, Stage

from arcsite.backup import LEFT_OUT

# Only so that the test database is made at all; the stages use copies of it.
pytestmark = pytest.mark.django_db


def sent(stage: Stage) -> Sender:
    sender = stage.sender(photos=1)
    assert stage.send(sender)["status"] == 200
    return sender


def protected(stage: Stage) -> Sender:
    sender = sent(stage)
    assert stage.do("decide", "P1") == 1
    assert stage.do("work", sender.number) == 2
    return sender


def state_of(stage: Stage, sender: Sender) -> list[str]:
    rows = "SELECT state FROM enrollment_photo p JOIN enrollment_case c ON c.id = p.case_id"
    return [state for (state,) in stage.query(f"{rows} WHERE c.number = '{sender.number}'")]


def words_to_partners(stage: Stage) -> dict[str, tuple[int, bool]]:
    rows = stage.query("SELECT fingerprint_id, seq, tombstone FROM matching_feedrecord")
    return {fingerprint: (seq, bool(tombstone)) for fingerprint, seq, tombstone in rows}


def rows_of(backup: Path, table: str) -> int:
    with closing(sqlite3.connect(backup)) as copy:
        return int(copy.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0])


def schema(database: Path, names_apart: Sequence[str] = ("arc_backup",)) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL").fetchall()
    return {(name, sql) for name, sql in rows if name not in names_apart}


def test_a_backup_is_private_whole_and_without_what_must_die(shared_stage: Stage, tmp_path: Path) -> None:
    stage = shared_stage
    protected(stage)
    sent(stage)
    backup = tmp_path / "a backup?#.sqlite3"
    assert "Backed up" in stage.do("manage", "backup", str(backup))
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [backup], "no draft is left"
    assert schema(backup) == schema(stage.database), "triggers, indexes and all"
    with closing(sqlite3.connect(backup)) as copy:
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables > LEFT_OUT
    assert rows_of(stage.database, "enrollment_originalkey") == 1
    for table in tables - {"arc_backup"}:
        assert rows_of(backup, table) == (0 if table in LEFT_OUT else rows_of(stage.database, table)), table
    [(wrapped,)] = stage.query("SELECT wrapped FROM enrollment_originalkey")
    assert wrapped in stage.database.read_bytes() + Path(f"{stage.database}-wal").read_bytes()
    assert wrapped not in backup.read_bytes()
    assert oracle.faults(stage.data, confirmed={}, canaries=stage.canaries, elsewhere=[backup]) == []


def test_no_file_is_ever_replaced_by_a_backup(shared_stage: Stage, tmp_path: Path) -> None:
    stage = shared_stage
    target = tmp_path / "precious"
    target.write_text("photos of the cat")
    assert "cannot be made" in stage.do("manage", "backup", str(target))
    assert target.read_text() == "photos of the cat"


def test_a_full_disk_leaves_no_half_backup(shared_stage: Stage, tmp_path: Path) -> None:
    stage = shared_stage
    answer = stage.do("manage", "backup", str(tmp_path / "backup"), failing="full")
    assert "No space left" in answer
    assert list(tmp_path.iterdir()) == []


def test_an_old_backup_learns_what_happened_since(shared_stage: Stage, tmp_path: Path) -> None:
    stage = shared_stage
    backup = tmp_path / "backup.sqlite3"
    earlier = words_to_partners(stage).keys()
    anna, cleo = protected(stage), protected(stage)
    eva = sent(stage)
    assert stage.do("withdraw", eva.number) == 1
    bea = sent(stage)
    stage.do("manage", "backup", str(backup))

    assert stage.do("withdraw", anna.number) == 1
    assert stage.do("decide", "P1") == 1
    stage.recover()
    dora = protected(stage)
    before = words_to_partners(stage)
    assert sorted(gone for one, (_, gone) in before.items() if one not in earlier) == [
        False,
        False,
        False,
        True,
    ]

    assert "already holds data" in stage.do("manage", "restore", str(backup))
    assert words_to_partners(stage) == before, "nothing was touched"
    answer = stage.do("manage", "restore", "--force", str(backup))
    assert "Withdrawn again 1, retracted from partners 2, undecided photos to be sent again 1" in answer

    stage.recover()
    assert {name: state_of(stage, who) for name, who in [("anna", anna), ("bea", bea), ("cleo", cleo)]} == {
        "anna": ["withdrawn"], "bea": ["closed"], "cleo": ["protected"],
    }  # fmt: skip
    assert state_of(stage, eva) == ["withdrawn"]
    assert state_of(stage, dora) == [], "she came after the backup"
    del stage.confirmed[dora.number]
    after = words_to_partners(stage)
    assert after.keys() == before.keys()
    assert sorted(gone for one, (_, gone) in after.items() if one not in earlier) == [False, True, True, True]
    highest = max(seq for seq, _ in before.values())
    new_words = [seq for fingerprint, (seq, _) in after.items() if after[fingerprint] != before[fingerprint]]
    assert len(new_words) == 3
    assert min(new_words) > highest, "a partner who read up to the last number sees every one of them"
    assert stage.faults() == []
    assert stage.stored() == []

    sent_again = protected(stage)
    assert state_of(stage, sent_again) == ["protected"]
    stage.do("manage", "restore", "--force", str(backup))
    stage.recover()
    del stage.confirmed[sent_again.number]
    assert stage.faults() == []


def test_what_a_partner_questioned_stays_out_of_the_feed(shared_stage: Stage, tmp_path: Path) -> None:
    stage = shared_stage
    backup = tmp_path / "backup.sqlite3"
    earlier = words_to_partners(stage).keys()
    fay = protected(stage)
    stage.do("manage", "backup", str(backup))
    assert stage.do("suspend", fay.number) == 1
    again = stage.sender(photos=1).canaries
    stage.canaries += again
    assert stage.do("resend", fay.number, *again) == 1
    assert stage.do("decide", "P1", "omar") == 1
    assert stage.do("work", fay.number) == 2
    assert "questioned by partners and paused again 1" in stage.do(
        "manage", "restore", "--force", str(backup)
    )
    assert state_of(stage, fay) == ["suspended"]
    stage.recover()
    assert [gone for one, (_, gone) in words_to_partners(stage).items() if one not in earlier] == [True] * 2
    assert stage.faults() == []


@pytest.mark.slow
def test_a_backup_starts_a_service_on_an_empty_machine(stage: Stage, tmp_path: Path) -> None:
    cleo = protected(stage)
    backup = tmp_path / "backup.sqlite3"
    stage.do("manage", "backup", str(backup))
    for path in stage.data.glob("db.sqlite3*"):
        path.unlink()
    (stage.data / "journal").unlink()
    assert "Restored" in stage.do("manage", "restore", str(backup))
    assert state_of(stage, cleo) == ["protected"]
    assert stage.query("PRAGMA integrity_check") == [("ok",)]
    assert stat.S_IMODE(stage.database.stat().st_mode) == 0o600
    assert "arc_backup" not in {name for name, _ in schema(stage.database, names_apart=())}


@pytest.mark.parametrize("lock", ["up.lock", "runworker.lock"])
def test_nothing_is_restored_under_a_running_service(shared_stage: Stage, tmp_path: Path, lock: str) -> None:
    stage = shared_stage
    backup = tmp_path / "backup.sqlite3"
    stage.do("manage", "backup", str(backup))
    with (stage.data / "run" / lock).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "Hint: stop it first" in stage.do("manage", "restore", "--force", str(backup))


@pytest.mark.slow
def test_only_a_sound_backup_of_this_service_is_restored(shared_stage: Stage, tmp_path: Path) -> None:
    stage = shared_stage
    cleo = protected(stage)
    sent(stage)
    good = tmp_path / "good"
    stage.do("manage", "backup", str(good))
    live, torn, foreign, other, newer = (
        tmp_path / name for name in ("live", "torn", "foreign", "other", "newer")
    )
    with closing(sqlite3.connect(stage.database)) as source, closing(sqlite3.connect(live)) as copy:
        source.backup(copy)
    torn.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    foreign.write_bytes(b"not a database at all, " * 100)
    for path, statement in [
        (other, "UPDATE arc_backup SET pepper = 'x'"),
        (newer, "INSERT INTO django_migrations (app, name, applied) VALUES ('review', '9999_later', '')"),
    ]:
        shutil.copyfile(good, path)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)
    for path, says in [
        (live, "not a backup"),
        (torn, "backup"),
        (foreign, "not a backup"),
        (tmp_path / "absent", "not a backup"),
        (other, "another pepper"),
        (newer, "newer than this version"),
    ]:
        answer = stage.do("manage", "restore", "--force", str(path))
        assert answer.startswith("CommandError"), path
        assert says in answer
        assert "Hint: " in answer
    assert state_of(stage, cleo) == ["protected"]
    assert stage.faults() == []
