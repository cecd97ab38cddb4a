"""Every page as its readers get it in a made-up language: a word outside brackets was not translated."""

import re
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path

import pseudo
import pytest
from django.conf import settings as configured
from pytest_django import Settings
from visiting import World, build_world

from arcsite.translating.texts import texts
from enrollment import originals, sandbox
from review.models import TermsVersion

READERS = ("anonymous", "own case", "reviewer", "lead", "superuser")
# Django's pages hold words of its own; the API speaks English to programs.
NOT_OURS = ("admin", "matching:")
SPOKEN = frozenset({"alt", "aria-label", "placeholder", "title"})
SAME_EVERYWHERE = {
    *(word for _, name in configured.LANGUAGES for word in name.split()),
    # The partner of this test, whose name stands in lists.
    "Example",
    *("ARC", "UTC", "Take", "It", "Down", "Report", "Remove", "MB", "PNG", "JPEG", "WebP", "RGB"),
}
WORD = re.compile(r"[^\W\d_]*[A-Za-z][^\W\d_]+")


class Words(HTMLParser):
    """What a page says, but for names, codes and what people wrote."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.said += [value for name, value in attrs if name in SPOKEN and value]
        if (
            tag in {"bdi", "code", "script", "style", "kbd", "svg"}
            or "code" in str(dict(attrs).get("class")).split()
        ):
            self.inside = self.inside or tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = "" if tag == self.inside else self.inside

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.said.append(data)

    @property
    def untranslated(self) -> set[str]:
        return set(WORD.findall(pseudo.outside_brackets("".join(self.said)))) - SAME_EVERYWHERE


@pytest.fixture
def world(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    pseudo.write_catalogue(tmp_path, texts())
    settings.LANGUAGES = [*settings.LANGUAGES, (pseudo.CODE, "Pseudo")]
    settings.LOCALE_PATHS = [tmp_path]
    settings.ARC_REQUIRE_MFA = True
    monkeypatch.setattr(originals, "open_original", lambda photo_id: b"")
    monkeypatch.setattr(sandbox, "render_masked", lambda working: b"masked")
    return build_world()


def words_of_the_terms() -> set[str]:
    """Terms are decided on as they are written, in whatever language; they stand on one page as they are."""
    terms = TermsVersion.objects.current()
    texts = [str(terms), terms.preamble, *terms.clauses.values_list("text", flat=True)]
    return set(WORD.findall(" ".join(texts)))


def test_every_word_is_translated(world: World) -> None:
    seen = 0
    loose: dict[str, set[str]] = {}
    for reader in READERS:
        client = world.clients[reader]
        for name, path in world.paths.items():
            if name.startswith(NOT_OURS):
                continue
            client.cookies = SimpleCookie(
                {key: morsel.value for key, morsel in world.cookies[reader].items()}
            )
            answer = client.get(f"/{pseudo.CODE}{path}")
            if answer.headers.get("Content-Type", "").startswith("text/html") and answer.status_code < 300:
                seen += 1
                loose.setdefault(name, set()).update(Words(answer.text).untranslated - {"Pseudo"})
    assert seen > 60
    assert len(loose) > 20
    loose["review:photo"] -= words_of_the_terms()
    assert sorted((name, word) for name, words in loose.items() for word in words) == []


def test_a_word_outside_is_noticed() -> None:
    page = f"<p title='Look'>{pseudo.pseudo('Send <b>it</b>')} now <bdi>Omar</bdi> ARC</p>"
    assert Words(page).untranslated == {"Look", "now"}


def test_the_made_up_language_is_long_and_keeps_what_it_must() -> None:
    english = "Please send %(photos)s photos to <b class='x'>{name}</b>, 5 %%"
    foreign = pseudo.pseudo(english)
    assert len(pseudo.pseudo("Photograph")) >= 1.6 * len("Photograph")
    for part in ("%(photos)s", "<b class='x'>{name}</b>", "5 %%"):
        assert part in foreign
    assert pseudo.outside_brackets(foreign).strip() == ""
