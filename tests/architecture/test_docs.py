"""The README is true: its commands exist and its table of settings is the code's."""

import ast
import re

import pytest
from django.core.management import get_commands
from project_files import APPS, ROOT, named, parsed, project_files

from enrollment.states import TRANSITIONS, Edge, PhotoState
from matching.cli import main

SETTING = re.compile(r"ARC_[A-Z0-9_]+")
# The only places that read the environment. Elsewhere a setting comes from django.conf.
READERS = {
    "arcsite/bench_service.py",
    "arcsite/bootstrap.py",
    "arcsite/datadir.py",
    "arcsite/environment.py",
    "arcsite/first_accounts.py",
    "arcsite/logs.py",
    "arcsite/settings.py",
    "arcsite/testrun.py",
    "arcsite/wsgi.py",
    "enrollment/sandbox.py",
    "manage.py",
    "matching/cli/main.py",
    "matching/cli/pull.py",
    "matching/processes.py",
    "matching/service_manager.py",
}

# No person types these: `runworker` does.
STARTED_BY_OTHERS = {"runcluster"}


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def code_in(text: str) -> str:
    """Code blocks (fenced or indented) and code spans, without the prose around them."""
    fenced = re.findall(r"^```.*?^```", text, re.DOTALL | re.MULTILINE)
    indented = re.findall(r"^ {4}\S.*$", text, re.MULTILINE)
    return "\n".join([*fenced, *indented, *re.findall(r"`[^`\n]+`", text)])


def settings_read() -> set[str]:
    """The names passed to the functions that read the environment."""
    found: set[str] = set()
    for name in ("arcsite/settings.py", "arcsite/first_accounts.py"):
        for node in ast.walk(parsed(ROOT / name)):
            if isinstance(node, ast.Call):
                texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
                found |= {text for text in texts if isinstance(text, str) and SETTING.fullmatch(text)}
    return found


def test_every_command_of_the_readme_exists() -> None:
    named_there = set(re.findall(r"manage\.py ([a-z_]+)", code_in(readme())))
    assert len(named_there) >= 3
    assert named_there - set(get_commands()) == set()


@pytest.mark.parametrize("page", ["operators.md", "runbooks.md"])
def test_every_command_of_the_operators_pages_exists(page: str) -> None:
    named_there = set(re.findall(r"manage\.py ([a-z_]+)", code_in((ROOT / "docs" / page).read_text())))
    assert len(named_there) >= 5
    assert named_there - set(get_commands()) == set()


def test_every_subcommand_of_arc_exists() -> None:
    named_there = set(re.findall(r"(?:^|[\s`/])arc ([a-z]+)", code_in(readme())))
    assert len(named_there) >= 2
    for command in named_there:
        assert arc_status(command, "--help") == 0, command


def test_an_unknown_subcommand_is_noticed() -> None:
    assert arc_status("absent", "--help") == 2


def arc_status(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        main.main(arguments)
    return caught.value.code


def test_our_own_commands_are_in_the_readme() -> None:
    ours = {command for command, app in get_commands().items() if app in APPS} - STARTED_BY_OTHERS
    assert len(ours) >= 4
    assert {command for command in ours if f"manage.py {command}" not in readme()} == set()


def test_the_settings_table_is_the_codes() -> None:
    in_table = set(re.findall(r"^\|\s*`(ARC_[A-Z0-9_]+)`", readme(), re.MULTILINE))
    assert len(settings_read()) > 8
    assert in_table == settings_read()


def defaults_read() -> dict[str, str]:
    """The default of each setting that the code gives as text or number."""
    found: dict[str, str] = {}
    for node in ast.walk(parsed(ROOT / "arcsite/settings.py")):
        match node:
            case ast.Call(
                func=ast.Name(id="env_int" | "env_flag" | "env_text"),
                args=[ast.Constant(value=str(name)), ast.Constant(value=str() | int() as default)],
            ) if SETTING.fullmatch(name):
                found[name] = str(default)
    return found


def test_the_defaults_of_the_table_are_the_codes() -> None:
    rows = re.findall(r"^\|\s*`(ARC_[A-Z0-9_]+)` \| (?:`(.*?)`)? ?\|", readme(), re.MULTILINE)
    in_table = dict(rows)
    assert len(defaults_read()) > 25
    assert {name: in_table[name] for name in defaults_read()} == defaults_read()


def test_the_table_of_states_is_the_codes() -> None:
    """Withdrawing, possible everywhere, stands in one row of its own."""
    rows = re.findall(r"^\| `([a-z_]+)` \|[^|]*\|([^|]*)\|$", readme(), re.MULTILINE)
    in_table = {state: set(re.findall(r"`([a-z_]+)`", further)) for state, further in rows}
    further: dict[str, set[str]] = {state.value: set() for state in PhotoState}
    for edge, (sources, target) in TRANSITIONS.items():
        for source in sources if edge is not Edge.WITHDRAW else ():
            further[source.value].add(target.value)
    assert in_table == further


def test_the_environment_is_read_in_few_places() -> None:
    files = [ROOT / "manage.py", *(path for app in APPS for path in project_files(".py", under=app))]
    assert len(files) > 80
    readers = {named(path) for path in files if reads_environment(parsed(path))}
    assert "arcsite/settings.py" in readers
    assert readers - READERS == set()


def reads_environment(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
        for node in ast.walk(tree)
    )
