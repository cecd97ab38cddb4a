"""The rows that the match API is measured among are found by a search, and missed goals are told."""

import json

import pytest
from django.db import connection
from partner_rows import live_partner

from arcsite import bench_listed, bench_match
from arcsite.bench_visitor import Answered
from matching import lookup, pages


def test_the_rows_are_sound(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_listed, "PICTURES", 4)
    bench_listed.add_listed(4)
    bench_listed.add_listed(4)
    partner = live_partner()
    assert len(pages.page(partner, after=0, limit=100).records) == pages.head() == 8
    assert [len(lookup.find(partner, bench_listed.grid(picture))) for picture in range(4)] == [1, 1, 3, 3]
    connection.check_constraints()


def answers(status: int, seconds: float, matched: int) -> list[Answered]:
    bodies = [json.dumps({"matches": [{}] * (number < matched)}) for number in range(10)]
    return [Answered(status, seconds, body.encode()) for body in bodies]


def test_the_figures_are_told() -> None:
    held = bench_match.summary("", answers(200, 0.1, bench_listed.ONCE))
    assert [figure.held for figure in held] == [True, True, None, True]
    missed = bench_match.summary("", answers(200, 0.3, 1) + answers(503, 0.1, 0))
    assert [figure.held for figure in missed] == [False, False, None, False]
    assert missed[0].measured == "{503: 10}"
