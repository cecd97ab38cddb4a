"""The project's own files, as the architecture tests look at them."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("arcsite", "enrollment", "review", "matching")
HIDDEN_BUT_OURS = frozenset({".ci", ".gitignore", ".gitattributes", ".editorconfig", ".dockerignore"})


def is_ours(name: str) -> bool:
    """Not a cache, an environment or data: those are hidden, or made by Python."""
    hidden = name.startswith(".") and name not in HIDDEN_BUT_OURS
    return not hidden and name not in {"__pycache__", "dist"} and not name.endswith((".egg-info", ".pyc"))


def project_files(*suffixes: str, under: str = ".") -> list[Path]:
    """Every file of the project below ``under`` with one of the suffixes (all files when none is given)."""
    found: list[Path] = []
    for directory, folders, names in os.walk(ROOT / under):
        folders[:] = sorted(filter(is_ours, folders))
        found += [Path(directory, name) for name in sorted(filter(is_ours, names))]
    return [path for path in found if not suffixes or path.suffix in suffixes]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=named(path))


def texts_in(tree: ast.AST) -> Iterator[str]:
    """Every string constant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
