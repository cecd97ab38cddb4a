"""The cover tool's page, and what its scripts may do and must agree on. What they do: tests/e2e."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from project_files import ROOT
from pytest_django import Settings

from enrollment import anatomy, arc, photo, receipts, see_through
from matching.engine import fingerprint, grid, sketch

URL = "/cover/tool/"
SCRIPTS = sorted((ROOT / "arcsite/static/arcsite/paint").glob("*.js"))
SAID = re.compile(r"\b(?:text|say|CannotOpen|return)(?:\(| (?=\"))([^,;{]*)")
LEAVING = (
    "XMLHttpRequest", "fetch(", "sendBeacon", "WebSocket", "EventSource", "RTCPeerConnection", "postMessage",
    "submit()", "requestSubmit", "FormData", "Worker(",
)  # fmt: skip
KEEPING = ("localStorage", "sessionStorage", "indexedDB", "caches", "cookie", "toDataURL", "pushState")
UNSAFE = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "import(")


def page_of(client: Client) -> str:
    return client.get(URL).content.decode()


def code_of(path: Path) -> str:
    """Without its comments."""
    return re.sub(r"(?m)^\s*//.*$|\s// .*$", "", path.read_text(encoding="utf-8"))


def test_it_opens_for_everybody_and_is_not_cached(client: Client) -> None:
    response = client.get(URL)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_it_rejects_other_methods(client: Client, method: str) -> None:
    assert getattr(client, method)(URL).status_code == 405


def test_the_chosen_file_is_in_no_form_and_has_no_name(client: Client) -> None:
    """So that no form can ever send it, whatever the scripts do."""
    page = page_of(client)
    (chooser,) = re.findall(r'<input[^>]*type="file"[^>]*>', page)
    assert " name=" not in chooser
    assert " form=" not in chooser
    (form,) = re.findall(r"<form\b.*?</form>", page, re.DOTALL)
    assert chooser not in form
    assert 'action="/send/"' in form


def test_its_form_has_what_the_upload_form_has_but_the_photos(client: Client) -> None:
    def names(page: str) -> set[str]:
        form = page[page.index('action="/send/"') :]
        return set(re.findall(r'name="([^"]+)"', form[: form.index("</form>")]))

    assert names(page_of(client)) == names(client.get("/send/").content.decode()) - {"photos"}
    tokens = {re.findall(r'name="token" value="([^"]+)"', page_of(client))[0] for _ in range(2)}
    assert len(tokens) == 2
    assert all(receipts.TOKEN.fullmatch(token) for token in tokens)


def test_it_knows_the_limits(client: Client, settings: Settings) -> None:
    settings.ARC_PHOTOS_PER_CASE = 7
    assert f'data-photos="7" data-bytes="{settings.ARC_PHOTO_MAX_BYTES}"' in page_of(client)


def test_every_word_the_scripts_say_is_on_the_page(client: Client) -> None:
    code = "".join(map(code_of, SCRIPTS))
    said = {name for call in SAID.findall(code) for name in re.findall(r'"([a-z-]+)"', call)}
    on_page = set(re.findall(r'data-text="([a-z-]+)"', page_of(client)))
    assert len(said) > 20
    assert said <= on_page
    assert on_page <= set(re.findall(r'"([a-z-]+)"', code))


def test_the_scripts_judge_by_the_services_figures() -> None:
    rules = (ROOT / "arcsite/static/arcsite/paint/rules.js").read_text(encoding="utf-8")
    found = {name: json.loads(value) for name, value in re.findall(r"const (\w+) = ([^;]+);", rules)}
    assert found == {
        "COLOUR": list(arc.ARC),
        "TOLERANCE": arc.TOLERANCE,
        "FLOOR": arc.FLOOR,
        "CEILING": arc.CEILING,
        "SPECK_PIXELS": arc.SPECK_PIXELS,
        "SPECK_SHARE": arc.SPECK_SHARE,
        "SOLID": see_through.SOLID,
        "GRID": grid.SIZE,
        "POOLS": sketch.POOLS,
        "CLEAR_STEP": float(sketch.CLEAR_STEP),
        "DETAIL_NEEDED": fingerprint.DETAIL_NEEDED,
        "WORKING_SIDE": photo.WORKING_SIDE,
        "LEAST_SIDE": anatomy.MIN_SIDE,
    }


def test_one_script_alone_can_send_and_none_keeps_anything() -> None:
    assert len(SCRIPTS) > 10
    code = {path.name: code_of(path) for path in SCRIPTS}
    sending = {name: [way for way in LEAVING if way in text] for name, text in code.items()}
    assert {name: ways for name, ways in sending.items() if ways} == {
        "sending.js": ["XMLHttpRequest", "FormData"]
    }
    assert code["sending.js"].count(".append(") == 2, "the copies into the form, a script into the page"
    found = {name: [word for word in (*KEEPING, *UNSAFE) if word in text] for name, text in code.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_nothing_asks_before_leaving() -> None:
    """It would stand in the way of Exit."""
    assert [path.name for path in SCRIPTS if "beforeunload" in path.read_text(encoding="utf-8")] == []
