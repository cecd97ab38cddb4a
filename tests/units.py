"""The systemd units and the Containerfile of docs/, read as an operator's machine would read them."""

import json
import re
import shlex
from pathlib import Path

from project_files import ROOT

SYSTEMD = ROOT / "docs" / "systemd"
INSTALLED, DATA = "/opt/arc", "/var/lib/arc"


def joined(text: str) -> str:
    """Continued lines as one."""
    return re.sub(r"\\\n\s*", "", text)


def settings_of(unit: Path) -> list[tuple[str, str]]:
    """Every ``Name=value`` of a unit, in order."""
    return re.findall(r"^(\w+)=(.*)$", joined(unit.read_text()), re.MULTILINE)


def commands_of(unit: Path) -> list[list[str]]:
    """What a service runs, as it starts."""
    plain = (
        value.replace("%%", "%").replace("$$", "$")
        for name, value in settings_of(unit)
        if name == "ExecStart"
    )
    return [shlex.split(value) for value in plain]


def container_command() -> list[str]:
    text = joined((ROOT / "docs" / "Containerfile").read_text())
    (command,) = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)
    found: list[str] = json.loads(command)
    return found
