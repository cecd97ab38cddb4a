"""The data directory is private, its secrets are made once, and nothing of the operator's is overwritten."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from arcsite import datadir
from arcsite.datadir import ELSEWHERE, SECRETS, Unusable, create, prepare


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret is given, and what `prepare` sets is taken back; so is the umask."""
    for variable in (*SECRETS, *(f"{name}_FILE" for name in SECRETS), "ARC_DATA", "ARC_PUBLIC_URL"):
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)
    monkeypatch.setattr(os, "umask", lambda mask: 0o022)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "data"


def secrets_of(home: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (home / "secrets").iterdir()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_is_private(home: Path) -> None:
    assert create(home) == home
    assert {mode(path) for path in (home, *home.iterdir())} == {0o700}
    assert {mode(path) for path in (home / "secrets").iterdir()} == {0o600}


def test_it_generates_three_different_secrets(home: Path) -> None:
    create(home)
    found = secrets_of(home)
    assert set(found) == set(SECRETS.values())
    assert len(set(found.values())) == 3
    for text in found.values():
        assert len(base64.urlsafe_b64decode(text.removesuffix("\n"))) == 48


def test_a_second_start_changes_nothing(home: Path) -> None:
    create(home)
    before = secrets_of(home)
    create(home)
    assert secrets_of(home) == before


def test_a_secret_that_appears_meanwhile_is_kept(home: Path) -> None:
    create(home)
    path = home / "secrets" / "pepper"
    before = secrets_of(home)
    datadir.write_secret(path)
    assert secrets_of(home) == before


def test_two_starts_at_once_agree(home: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from arcsite import datadir; datadir.create(Path(sys.argv[1]))"
    )
    starts = [subprocess.Popen([sys.executable, "-c", program, home]) for _ in range(4)]
    assert [start.wait() for start in starts] == [0, 0, 0, 0]
    assert set(secrets_of(home)) == set(SECRETS.values())


def test_a_loosened_directory_is_closed_again(home: Path) -> None:
    create(home)
    home.chmod(0o755)
    (home / "store").chmod(0o777)
    create(home)
    assert {mode(home), mode(home / "store")} == {0o700}


def test_a_directory_with_other_files_is_refused(home: Path) -> None:
    home.mkdir()
    (home / "letter.txt").write_text("mine")
    with pytest.raises(Unusable, match="already holds other files"):
        create(home)
    assert [path.name for path in home.iterdir()] == ["letter.txt"]
    assert mode(home) != 0o700


def test_a_file_in_its_place_is_refused(home: Path) -> None:
    home.write_text("")
    with pytest.raises(Unusable, match="is not a directory"):
        create(home)


def test_a_place_that_cannot_be_written_is_refused(home: Path) -> None:
    home.write_text("")
    with pytest.raises(Unusable, match=r"cannot be used: Not a directory .* Hint: .*--data DIR"):
        create(home / "below")


def test_a_linked_room_is_refused(home: Path, tmp_path: Path) -> None:
    create(home)
    (home / "store").rmdir()
    (home / "store").symlink_to(tmp_path)
    with pytest.raises(Unusable, match="store is not a directory"):
        create(home)


def test_a_linked_data_directory_is_followed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    home.symlink_to(tmp_path / "disk")
    assert create(home) == tmp_path / "disk"


@pytest.mark.parametrize("name", ["master_key", "pepper"])
def test_a_lost_secret_is_not_replaced_under_a_database(name: str, home: Path) -> None:
    create(home)
    (home / "db.sqlite3").touch()
    (home / "secrets" / name).unlink()
    with pytest.raises(Unusable, match=rf"{name} is missing.*backup"):
        create(home)
    assert name not in secrets_of(home)


def test_a_lost_session_key_is_replaced(home: Path) -> None:
    create(home)
    (home / "db.sqlite3").touch()
    (home / "secrets" / "secret_key").unlink()
    create(home)
    assert "secret_key" in secrets_of(home)


def test_a_secret_that_others_can_read_is_refused(home: Path) -> None:
    create(home)
    (home / "secrets" / "pepper").chmod(0o640)
    with pytest.raises(Unusable, match="chmod 600"):
        create(home)


def test_an_emptied_secret_is_refused(home: Path) -> None:
    create(home)
    (home / "secrets" / "pepper").write_text("")
    with pytest.raises(Unusable, match="too short"):
        create(home)


def test_a_linked_secret_is_refused(home: Path, tmp_path: Path) -> None:
    create(home)
    (home / "secrets" / "pepper").rename(tmp_path / "pepper")
    (home / "secrets" / "pepper").symlink_to(tmp_path / "pepper")
    with pytest.raises(Unusable, match="chmod 600"):
        create(home)


@pytest.mark.parametrize("variable", ["ARC_MASTER_KEY", "ARC_MASTER_KEY_FILE"])
def test_a_secret_from_elsewhere_is_not_generated(
    variable: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "elsewhere")
    create(home)
    assert set(secrets_of(home)) == {"secret_key", "pepper"}


@pytest.mark.parametrize("arguments", [["--data", "{}"], ["--data={}"], ["--demo", "--data", "{}"]])
def test_up_takes_its_data_directory(arguments: list[str], home: Path) -> None:
    prepare(["manage.py", "up", *(argument.format(home) for argument in arguments)])
    assert os.environ["ARC_DATA"] == str(home)
    assert set(secrets_of(home)) == set(SECRETS.values())


def test_up_takes_it_from_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARC_DATA", str(home))
    prepare(["manage.py", "up"])
    assert (home / "secrets").is_dir()


def test_up_tells_the_settings_its_port(home: Path) -> None:
    prepare(["manage.py", "up", "--data", str(home), "--port", "9001"])
    assert os.environ["ARC_PUBLIC_URL"] == "http://127.0.0.1:9001"


def test_up_keeps_a_public_address(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARC_PUBLIC_URL", "https://cover.example.org")
    prepare(["manage.py", "up", "--data", str(home)])
    assert os.environ["ARC_PUBLIC_URL"] == "https://cover.example.org"


@pytest.mark.parametrize(
    ("command", "lent"), [("test", ""), ("translations", ""), ("bench", "postgresql:///x")]
)
def test_what_other_machines_hold_is_out_of_reach_of_a_throw_away_run(
    command: str, lent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With secrets of its own it would take every photo of a real bucket for a stray."""
    for name in ELSEWHERE:
        monkeypatch.setenv(name, "postgresql:///x" if name == "DATABASE_URL" else "real")
    prepare(["manage.py", command])
    assert os.environ["DATABASE_URL"] == lent
    assert (
        os.environ["ARC_STORE_URL"] == os.environ["ARC_REDIS_URL"] == os.environ["ARC_REDIS_URL_FILE"] == ""
    )


def test_up_without_a_directory_after_the_option(home: Path) -> None:
    with pytest.raises(Unusable, match="--help"):
        prepare(["manage.py", "up", "--data"])


@pytest.mark.parametrize(
    ("address", "option", "asked"),
    [
        ("http://127.0.0.1:8000", ["--demo"], "off"),
        ("http://127.0.0.1:8000", [], None),
        ("https://cover.example.org", ["--demo"], None),
    ],
)
def test_only_a_demo_on_this_machine_asks_for_no_second_factor(
    address: str, option: list[str], asked: str | None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARC_PUBLIC_URL", address)
    monkeypatch.delenv("ARC_REQUIRE_MFA")
    prepare(["manage.py", "up", "--data", str(home), *option])
    assert os.environ.get("ARC_REQUIRE_MFA") == asked


def test_a_demo_may_be_told_to_ask_for_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARC_REQUIRE_MFA", "on")
    prepare(["manage.py", "up", "--data", str(home), "--demo"])
    assert os.environ["ARC_REQUIRE_MFA"] == "on"


@pytest.mark.parametrize("arguments", [["test"], ["bench", "load"], ["up", "--help"], ["sweep", "-h"]])
def test_some_commands_leave_no_trace(
    arguments: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARC_DATA", str(home))
    for variable in SECRETS:
        monkeypatch.setenv(variable, "")
    prepare(["manage.py", *arguments])
    assert not home.exists()
    assert os.environ["ARC_DATA"] != str(home)
    assert len({os.environ[variable] for variable in SECRETS}) == 3


@pytest.mark.parametrize("arguments", [[], ["sweep"], ["migrate", "--data", "x"]])
def test_other_commands_use_what_exists(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARC_DATA", "there")
    prepare(["manage.py", *arguments])
    assert os.environ["ARC_DATA"] == "there"
