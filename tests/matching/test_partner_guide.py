"""What docs/partners.md says is what the code does."""

import re
from http import HTTPStatus

from project_files import ROOT

from enrollment.formats import PUBLIC_FORMATS
from matching import feed, pages
from matching.api import openapi
from matching.models import Scope
from matching.problems import Problem

GUIDE = (ROOT / "docs" / "partners.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`[^|]+) \| ([0-9, ]+) \|", re.MULTILINE)
ADDRESS = re.compile(r"^\| `(GET|POST) ([\w.-]+)` \| (\S+) \|", re.MULTILINE)


def test_it_explains_every_code_with_its_status() -> None:
    told: dict[str, set[int]] = {}
    for codes, statuses in ROW.findall(GUIDE):
        for code in re.findall(r"`([a-z-]+)`", codes):
            told[code] = {int(status) for status in statuses.split(",")}
    assert set(told) == {problem.code for problem in Problem}
    assert all(problem.status.value in told[problem.code] for problem in Problem)
    assert all(HTTPStatus(status) for statuses in told.values() for status in statuses)


def test_it_names_every_address_with_its_scope() -> None:
    told = {("/api/v1/" + path, method.lower()): scope for method, path, scope in ADDRESS.findall(GUIDE)}
    described = openapi.document()["paths"]
    assert set(told) == {(path, method) for path, methods in described.items() for method in methods}
    for (path, method), scope in told.items():
        text = described[path][method].get("description", "")
        assert (f"`{scope.strip('`')}`" in text) == (scope.strip("`") in Scope.values)


def test_it_names_every_format_of_a_photo() -> None:
    [advice] = [line for line in GUIDE.splitlines() if "`not-a-picture`" in line]
    assert all(name in advice.upper() for name in PUBLIC_FORMATS)


def test_it_names_every_field_and_the_largest_page() -> None:
    assert all(f"`{name}`" in GUIDE for name in (*feed.FIELDS, *feed.OPTIONAL_FIELDS))
    assert f"`limit` is at most {pages.LARGEST_PAGE}" in GUIDE
    assert Problem.BAD_LIMIT.detail.endswith(f" {pages.LARGEST_PAGE}.")
    assert f"versions={feed.VERSIONS[-1]}" in GUIDE
