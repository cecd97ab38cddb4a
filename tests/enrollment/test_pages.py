import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from enrolling import Book
from PIL import Image
from project_files import ROOT

from enrollment import measured
from enrollment.arc import ARC, ARC_HEX
from enrollment.recipients import ListedPartner

PAGES = ["/", "/cover/", "/limits/", "/after/"]


@pytest.mark.parametrize("url", PAGES)
def test_everybody_may_read_it_without_a_cookie_or_a_query(client: Client, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_it_rejects_other_methods(client: Client, url: str, method: str) -> None:
    assert getattr(client, method)(url).status_code == 405


def test_the_landing_page_begins_with_the_promise(client: Client) -> None:
    page = client.get("/").content.decode()
    main = re.sub(r"<h1>.*?</h1>", "", page[page.index("<main") :])
    (first,) = re.findall(r"<p[^>]*>(.*?)</p>", main)[:1]
    assert first == "You cover your photo first, on your own device; we never ask for an uncovered one."


def test_the_landing_page_sends_minors_elsewhere_before_any_step(client: Client) -> None:
    page = client.get("/").content.decode()
    assert page.index("takeitdown.ncmec.org") < page.index('href="/send/"', page.index("<main"))
    assert "Report Remove" in page


def test_the_landing_page_names_the_partners(client: Client, book: Book) -> None:
    assert "No partner is connected yet" in client.get("/").content.decode()
    book.partners = [ListedPartner("a", "Forum <b>", "platform"), ListedPartner("b", "Line", "helpline")]
    page = client.get("/").content.decode()
    assert "2 partners get fingerprints now:" in page
    assert "Forum &lt;b&gt;</bdi> (platform" in page
    assert "Line</bdi> (helpline" in page


def test_help_against_threats_comes_before_any_step(client: Client) -> None:
    page = client.get("/").content.decode()
    assert page.index("call your local emergency number") < page.index('href="/cover/tool/"')
    assert 'id="threats"' in client.get("/after/").content.decode()


def test_the_page_on_limits_says_what_the_docs_measured(client: Client) -> None:
    docs = (ROOT / "docs" / "matching.md").read_text(encoding="utf-8")
    plain, windows = docs[docs.index("## What is and is not caught") :].split("What windows alone find", 1)
    measured_there = table_of(plain)
    with_windows = table_of(windows)
    assert len(measured.ROWS) >= 15
    for row in measured.ROWS:
        assert (row.found, row.half_hidden) == measured_there[row.edit][:2], row.edit
        lowest = min(with_windows[row.edit]) if row.edit in with_windows else None
        assert row.with_extended == lowest, row.edit
    worst = min(measured_there.items(), key=lambda entry: entry[1][0])
    assert worst[0] in {row.edit for row in measured.ROWS}, "the worst is not kept quiet"
    assert f"{measured.PHOTOS} natural photos" in docs
    assert "| false matches | 13 |" in docs
    assert "| of so many pairs | 23,739,925 |" in docs
    page = client.get("/limits/").content.decode()
    assert "<td>98.4</td><td>92.8</td><td>–</td>" in page
    assert "13 times among 23.7 million" in page


def table_of(text: str) -> dict[str, tuple[float, ...]]:
    """The rows of a table in the docs whose cells are shares."""
    rows = re.findall(r"^\| ([^|]+?) \|((?: [01]\.\d+ \|)+)$", text, re.MULTILINE)
    return {name: tuple(map(float, re.findall(r"[01]\.\d+", cells))) for name, cells in rows}


@pytest.mark.parametrize(("share", "words"), [(1.0, "100"), (0.984, "98.4"), (0.9999, "99.9"), (0.0, "0")])
def test_of_hundred(share: float, words: str) -> None:
    assert measured.of_hundred(share) == words


def test_the_landing_page_leads_on(client: Client) -> None:
    page = client.get("/").content.decode()
    assert {"/cover/", "/send/", "/case/"} <= set(re.findall(r'href="([^"]+)"', page))


def test_the_guide_gives_the_colour_to_copy(client: Client) -> None:
    page = client.get("/cover/").content.decode()
    assert f">{ARC_HEX}</code>" in page
    assert "red {}, green {}, blue {}".format(*ARC) in page


def test_the_square_to_save_is_exactly_the_colour(client: Client) -> None:
    assert "arcsite/cover-colour.png" in client.get("/cover/").content.decode()
    path = finders.find("arcsite/cover-colour.png")
    assert isinstance(path, str)
    with Image.open(path) as square:
        assert square.getcolors() == [(square.width * square.height, ARC)]


@pytest.mark.parametrize("url", PAGES)
def test_only_named_helplines_are_linked_outside(client: Client, url: str) -> None:
    links = re.findall(r'<a\s[^>]*href="https?://([^/"]+)[^>]*>', client.get(url).content.decode())
    assert set(links) <= {"takeitdown.ncmec.org", "www.childline.org.uk", "www.wikipedia.org"}
