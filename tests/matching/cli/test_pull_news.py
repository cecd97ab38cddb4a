"""Between two commits the latest page has the last word on an id, whatever it was told before."""

from grids import enroll

from matching.cli.pull_news import News
from matching.cli.pull_plan import joined, planned
from matching.client.pages import Changes
from matching.engine.fingerprint import Fingerprint
from matching.engine.rows import Rows


def said(active: dict[str, Fingerprint], *gone: str, unsupported: int = 0) -> Changes:
    return Changes([*active], Rows.of([*active.values()]), set(gone), unsupported)


def held(news: News) -> dict[str, Fingerprint]:
    [file] = planned([news.parts])
    columns = joined(file)
    return {id_: columns.fingerprint(row) for row, id_ in enumerate(columns.ids())}


def test_the_last_word_counts() -> None:
    news = News()
    news.add(said({"a": enroll(1), "b": enroll(2), "c": enroll(3), "longer": enroll(4)}))
    news.add(said({"b": enroll(5), "d": enroll(6)}, "a", "never", unsupported=1))
    news.add(said({"a": enroll(7)}, "d"))
    assert held(news) == {"a": enroll(7), "b": enroll(5), "c": enroll(3), "longer": enroll(4)}
    assert news.told == {"a", "b", "c", "d", "longer", "never"}
    assert (len(news), news.unsupported) == (6, 1)
