from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from arcsite.settings import env_flag, env_int, env_secret, env_secret_path, env_text

NAME = "ARC_TEST_VALUE"
SECRET = "a" * 43


def test_text_falls_back_on_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "  ")
    assert env_text(NAME, "default") == "default"


@pytest.mark.parametrize("text", ["ten", "1.5", "0", "101", "--5", ""])
def test_a_number_outside_its_range_stops_the_start(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, text or "x")
    with pytest.raises(ImproperlyConfigured, match="whole number from 1 to 100"):
        env_int(NAME, 10, low=1, high=100)


def test_a_secret_comes_from_the_environment_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NAME, SECRET)
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "absent"))
    assert env_secret(NAME, tmp_path / "fallback") == SECRET


def test_then_from_the_named_file_then_from_the_data_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fallback").write_text(SECRET + "\n")
    assert env_secret(NAME, tmp_path / "fallback") == SECRET
    (tmp_path / "named").write_text("b" * 40)
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "named"))
    assert env_secret(NAME, tmp_path / "fallback") == "b" * 40


def test_a_missing_secret_stops_the_start_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"manage\.py up"):
        env_secret(NAME, tmp_path / "absent")


def test_a_short_secret_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(NAME, "short")
    with pytest.raises(ImproperlyConfigured, match="at least 32"):
        env_secret(NAME, tmp_path / "fallback")


def test_a_switch_is_on_or_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env_flag(NAME, "on")
    monkeypatch.setenv(NAME, "off")
    assert not env_flag(NAME, "on")


@pytest.mark.parametrize("text", ["0", "no", "OFF", "false"])
def test_a_slip_switches_nothing_off(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, text)
    with pytest.raises(ImproperlyConfigured, match="on or off"):
        env_flag(NAME, "on")


def test_where_a_secret_lies_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert env_secret_path(NAME, tmp_path) == tmp_path
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "named"))
    assert env_secret_path(NAME, tmp_path) == tmp_path / "named"
    monkeypatch.setenv(NAME, SECRET)
    assert env_secret_path(NAME, tmp_path) is None
