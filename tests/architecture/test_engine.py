"""The engine sees arrays only, and the command line works where Django is not installed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from project_files import ROOT, named, parsed, project_files

ALLOWED = sys.stdlib_module_names | {"numpy", "faiss"}
ENGINE = "matching.engine"


def foreign_imports(tree: ast.Module) -> list[str]:
    """What a module of the engine imports beyond the standard library, numpy, faiss and the engine."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{'.' * node.level}{node.module or ''}"]
        elif isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            names = [name] if name in {"__import__", "import_module"} else []
        else:
            continue
        found += [name for name in names if not is_allowed(name)]
    return found


def is_allowed(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in ALLOWED or name == ENGINE or name.startswith(f"{ENGINE}.")


def test_the_engine_imports_arrays_only() -> None:
    files = project_files(".py", under="matching/engine")
    assert len(files) >= 8
    assert {named(path): found for path in files if (found := foreign_imports(parsed(path)))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import requests",
        "import PIL.Image",
        "from django.db import models",
        "from matching.models import Fingerprint",
        "from matching import engine",
        "from . import grid",
        "def late():\n    import requests",
        "importlib.import_module('django')",
        "__import__('django')",
    ],
)
def test_a_foreign_import_is_noticed(line: str) -> None:
    assert len(foreign_imports(ast.parse(line))) == 1


@pytest.mark.parametrize("module", ["matching.cli.main", "matching.cli.fingerprint", "matching.cli.scan"])
def test_the_command_line_leaves_django_alone(module: str, tmp_path: Path) -> None:
    program = (
        f"import sys, {module}; "
        "print(len(sys.modules), sorted(name for name in sys.modules if name.split('.')[0] == 'django'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    count, found = done.stdout.split(maxsplit=1)
    assert int(count) > 20
    assert found.strip() == "[]"
    assert (ROOT / "matching" / "cli" / "main.py").exists()
