"""No cell of an export is ever a formula, and what was in it can still be read."""

import csv
from io import StringIO

import pytest

from review import csv_cells

ATTACKS = [
    "=HYPERLINK(\"http://evil.example\")", "+1+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1",
    "\u00a0=1", "=1,2\r\n3", "＝1", "＋1", "－1", "＠1", "=cmd|' /C calc'!A0",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_formula_becomes_text(attack: str) -> None:
    [[first, second]] = csv.reader(StringIO(csv_cells.line([attack, "after"]), newline=""))
    assert first == f"'{attack}"
    assert second == "after"


@pytest.mark.parametrize("text", ["", "rosa", "a=b", "5", '{"n":-1}', "it's", 'a "quoted" word', "1;2"])
def test_anything_else_stays_as_it_is(text: str) -> None:
    assert next(csv.reader(StringIO(csv_cells.line([text, ""]), newline=""))) == [text, ""]


def test_the_header_comes_first() -> None:
    assert list(csv_cells.lines(["n"], ([n] for n in (1, -2)))) == ["n\r\n", "1\r\n", "'-2\r\n"]
