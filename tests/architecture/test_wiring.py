"""What is named by a string exists: tasks, settings' classes, migrations for every model."""

import re
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import call_command
from project_files import APPS, ROOT, parsed, project_files, texts_in

DOTTED = re.compile(rf"(?:{'|'.join(APPS)})(?:\.[A-Za-z_]\w*)+")
TASK = re.compile(r"\w+\.tasks\.\w+")


def dotted_names() -> set[str]:
    """Every task named anywhere, and every place in the code that the settings name."""
    files = [path for app in APPS for path in project_files(".py", under=app)]
    assert len(files) > 80
    named_anywhere = {text for path in files for text in texts_in(parsed(path)) if DOTTED.fullmatch(text)}
    in_settings = set(texts_in(parsed(ROOT / "arcsite" / "settings.py")))
    return {name for name in named_anywhere if TASK.fullmatch(name) or name in in_settings}


def resolve(name: str) -> object:
    """The module or attribute of that name. Raises ImportError or AttributeError."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return getattr(import_module(module), attribute)


def test_every_dotted_name_resolves() -> None:
    names = dotted_names()
    assert len(names) > 10
    for name in names:
        resolve(name)


def test_every_task_is_callable() -> None:
    tasks = {name for name in dotted_names() if name.startswith("matching.tasks.")}
    assert len(tasks) >= 2
    assert all(callable(resolve(name)) for name in tasks)


@pytest.mark.parametrize("name", ["matching.tasks.absent", "matching.absent.process"])
def test_a_wrong_name_is_noticed(name: str) -> None:
    with pytest.raises((ImportError, AttributeError)):
        resolve(name)


@pytest.mark.django_db
def test_every_model_has_its_migration() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out)
    assert out.getvalue().strip() == "No changes detected"
