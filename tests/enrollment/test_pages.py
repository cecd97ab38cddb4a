import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from PIL import Image

from enrollment.arc import ARC, ARC_HEX

PAGES = ["/", "/cover/"]


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
