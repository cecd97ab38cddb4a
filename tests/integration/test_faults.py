"""Full disks, refused deletions, locked and lost databases, wrong clocks, poison: nothing is lost or promised
that is not so, and with the cause gone everything is finished without a hand."""

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from live_service import until
from stage import Refused, Sender, Stage

# Only so that the test database is made at all; the stages use copies of it.
pytestmark = pytest.mark.django_db

TURNED_AWAY = {"status": 503, "retry_after": "60", "number": None}


def sent(stage: Stage, decided: str = "") -> Sender:
    sender = stage.sender(photos=1)
    assert stage.send(sender)["status"] == 200
    assert stage.do("decide", decided) == 1 if decided else True
    return sender


def state_of(stage: Stage, sender: Sender) -> str:
    rows = "SELECT state FROM enrollment_photo p JOIN enrollment_case c ON c.id = p.case_id"
    [(state,)] = stage.query(f"{rows} WHERE c.number = '{sender.number}'")
    return str(state)


def file_of(stage: Stage, sender: Sender) -> Path:
    rows = "SELECT p.id FROM enrollment_photo p JOIN enrollment_case c ON c.id = p.case_id"
    [(photo,)] = stage.query(f"{rows} WHERE c.number = '{sender.number}'")
    return stage.data / "store" / str(photo)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def moved_away(stage: Stage, aside: Path) -> Iterator[None]:
    """As if the disk with the database were not there for a while."""
    aside.mkdir()
    present = list(stage.data.glob("db.sqlite3*"))
    for file in present:
        file.rename(aside / file.name)
    try:
        yield
    finally:
        for file in stage.data.glob("db.sqlite3*"):
            file.unlink()
        for file in present:
            (aside / file.name).rename(file)


@contextmanager
def small_disk(path: Path, options: str) -> Iterator[None]:
    """A file system of its own at ``path``; skips where this may not be done."""
    path.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)]
    if not shutil.which("mount") or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)


@pytest.mark.slow
def test_a_full_disk_turns_an_upload_away_and_keeps_nothing(shared_stage: Stage) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    assert stage.send(mia, failing="full") == TURNED_AWAY
    assert stage.stored() == []
    assert stage.send(mia)["status"] == 200


def test_a_withdrawal_that_cannot_be_noted_is_not_confirmed(shared_stage: Stage) -> None:
    stage = shared_stage
    mia = sent(stage, "P1")
    with pytest.raises(Refused, match="NotNoted"):
        stage.do("withdraw", mia.number, failing="full")
    assert state_of(stage, mia) == "covered"
    assert stage.do("withdraw", mia.number) == 1


@pytest.mark.slow
def test_a_full_disk_stops_no_purge(shared_stage: Stage) -> None:
    stage = shared_stage
    mia = sent(stage, "N1")
    file = file_of(stage, mia)
    assert stage.do("work", mia.number, failing="full") == 0, (
        "without the directory's fsync it is not certain"
    )
    assert state_of(stage, mia) == "not_covered"
    assert not file.exists()
    stage.recover()
    assert state_of(stage, mia) == "closed"
    assert stage.faults() == []


@pytest.mark.slow
def test_a_refused_deletion_is_never_called_a_deletion(shared_stage: Stage) -> None:
    stage = shared_stage
    mia = sent(stage, "N1")
    file = file_of(stage, mia)
    assert stage.do("work", mia.number, failing="no unlink") == 0
    assert state_of(stage, mia) == "not_covered"
    assert stage.query("SELECT * FROM enrollment_originalkey") == [], "noise from here on"
    assert file.exists()
    stage.recover()
    assert state_of(stage, mia) == "closed"
    assert stage.faults() == []


@pytest.mark.slow
def test_a_locked_database_turns_an_upload_away_and_keeps_nothing(shared_stage: Stage) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    with locked(stage.database):
        assert stage.send(mia, failing="impatient") == TURNED_AWAY
    assert stage.stored() == []
    assert stage.send(mia)["status"] == 200


@pytest.mark.slow
def test_a_database_locked_for_half_a_minute(shared_stage: Stage) -> None:
    stage, mia = shared_stage, shared_stage.sender()
    started = time.monotonic()
    with locked(stage.database):
        assert stage.send(mia) == TURNED_AWAY
        time.sleep(max(0.0, 30 - (time.monotonic() - started)))
    assert stage.stored() == []
    assert stage.send(mia)["status"] == 200


@pytest.mark.slow
def test_a_missing_database_costs_no_photo(shared_stage: Stage, tmp_path: Path) -> None:
    stage, zoe = shared_stage, shared_stage.sender()
    mia = sent(stage)
    stage.grow_old()
    with moved_away(stage, tmp_path / "aside"):
        assert stage.send(zoe) == TURNED_AWAY
        assert "database-unusable: " in stage.do("manage", "sweep"), (
            "an upload met no file and made an empty one"
        )
        for made in stage.data.glob("db.sqlite3*"):
            made.unlink()
        assert "database-missing: " in stage.do("manage", "sweep")
        assert not stage.database.exists(), "and sweeping makes none"
        assert len(stage.stored()) == 1
    assert stage.send(zoe)["status"] == 200
    assert stage.do("decide", "P1") == 3
    assert stage.do("work", mia.number) == 2
    assert state_of(stage, mia) == "protected"


def test_an_empty_database_in_its_place_costs_no_photo(
    shared_stage: Stage, migrated: sqlite3.Connection, tmp_path: Path
) -> None:
    stage = shared_stage
    mia = sent(stage)
    stage.grow_old()
    with moved_away(stage, tmp_path / "aside"):
        with closing(sqlite3.connect(stage.database)) as empty:
            migrated.backup(empty)
        stage.do("manage", "sweep")
        assert len(stage.stored()) == 1
    assert stage.do("decide", "P1") == 1
    assert stage.do("work", mia.number) == 2
    assert state_of(stage, mia) == "protected"


@pytest.mark.slow
@pytest.mark.parametrize("clock", ["clock ahead", "clock behind"])
def test_a_lease_runs_by_the_databases_clock(shared_stage: Stage, clock: str) -> None:
    stage = shared_stage
    mia = sent(stage, "P1")
    stage.die("H3", "work", mia.number)
    assert stage.do("work", mia.number, failing=clock) == 0, "the lease of the dead is still his"
    stage.end_leases()
    assert stage.do("work", mia.number, failing=clock) == 2
    assert stage.faults() == []


@pytest.mark.slow
def test_a_long_reader_delays_only_the_emptying_of_the_log(shared_stage: Stage) -> None:
    stage = shared_stage
    mia = sent(stage, "N1")
    log = Path(f"{stage.database}-wal")
    with closing(sqlite3.connect(stage.database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM enrollment_photo").fetchall()
        assert stage.do("work", mia.number) == 1
        assert "waits for the next sweep" in stage.do("manage", "sweep")
        assert log.stat().st_size > 0
    stage.do("manage", "sweep")
    assert not log.exists() or log.stat().st_size == 0
    assert state_of(stage, mia) == "closed"


@pytest.mark.slow
def test_a_poison_photo_is_given_up_after_three_workers(shared_stage: Stage) -> None:
    stage = shared_stage
    poison, fine = sent(stage, "P1"), sent(stage, "P1")
    for _ in range(3):
        stage.die("H3", "work", poison.number)
        stage.end_leases()
    assert stage.do("work", poison.number) == 0
    assert state_of(stage, poison) == "failed"
    assert "ALARM" in stage.log.read_text()
    assert stage.do("manage", "sweep").startswith("CommandError: ALARM: failed 1")
    assert state_of(stage, fine) == "protected", "nobody waits behind it"
    stage.do("manage", "sweep", "--retry-failed")
    assert state_of(stage, poison) == "protected"
    assert stage.faults() == []


def truncated(file: Path, aside: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def missing(file: Path, aside: Path) -> None:
    file.unlink()


def linked(file: Path, aside: Path) -> None:
    file.unlink()
    file.symlink_to(aside)


def swapped(file: Path, aside: Path) -> None:
    [other] = (path for path in file.parent.iterdir() if path != file)
    file.write_bytes(other.read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize("damage", [truncated, missing, linked, swapped])
def test_a_damaged_original_is_noticed_and_can_be_put_back(
    shared_stage: Stage, tmp_path: Path, damage: Callable[[Path, Path], None]
) -> None:
    stage = shared_stage
    mia, _ = sent(stage, "P1"), sent(stage)
    file, aside = file_of(stage, mia), tmp_path / "aside"
    shutil.copyfile(file, aside)
    whole = aside.read_bytes()
    damage(file, aside)
    for _ in range(3):
        assert stage.do("work", mia.number) == 0
        stage.end_leases()
    assert stage.do("work", mia.number) == 0
    assert state_of(stage, mia) == "failed"
    assert (
        stage.query("SELECT * FROM matching_fingerprint WHERE photo_id = ?".replace("?", f"'{file.name}'"))
        == []
    )
    assert aside.read_bytes() == whole
    file.unlink(missing_ok=True)
    shutil.copyfile(aside, file)
    stage.do("manage", "sweep", "--retry-failed")
    assert state_of(stage, mia) == "protected"
    stage.do("decide", "N1")
    stage.recover()
    assert stage.faults() == []


@pytest.mark.slow
def test_a_store_that_is_really_full_and_then_read_only(stage: Stage) -> None:
    with small_disk(stage.data / "store", "size=600k,mode=700"):
        senders = [stage.sender(photos=1) for _ in range(12)]
        answers = [stage.send(sender)["status"] for sender in senders]
        kept = answers.count(200)
        assert set(answers) == {200, 503}
        assert answers == [200] * kept + [503] * (12 - kept)
        assert len(stage.stored()) == kept
        assert stage.do("decide", "N1") == kept

        remount = ["mount", "-o", "remount,ro", str(stage.data / "store")]
        subprocess.run(remount, check=True)
        assert stage.send(senders[-1]) == TURNED_AWAY
        assert stage.do("work", *(sender.number for sender in senders)) == 0
        assert stage.states() == ["not_covered"] * kept, "nothing on a read-only disk is called deleted"
        subprocess.run([*remount[:2], "remount,rw", remount[-1]], check=True)

        stage.recover()
        assert stage.stored() == []
        assert stage.send(senders[-1])["status"] == 200
        stage.do("decide", "N1")
        stage.recover()
        assert stage.faults() == []


@pytest.mark.slow
@pytest.mark.alone
def test_the_real_worker_takes_over_within_ninety_seconds(stage: Stage) -> None:
    """Nothing is scaled or set back here: a lease of a minute, and the worker as it is."""
    mia = sent(stage, "P1")
    stage.die("H3", "work", mia.number)
    died = time.monotonic()
    worker = stage.start("-m", "django", "runworker")
    until(lambda: state_of(stage, mia) == "protected", 90)
    assert 50 < time.monotonic() - died < 90
    worker.terminate()
    worker.communicate(timeout=20)
    assert stage.faults() == []
