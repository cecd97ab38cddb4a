"""What stays behind: on a shared device after leaving, and with us of who it was. Nothing.

And every answer of the real server, static files and refusals included, wears every safety header.
"""

import http.client
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import safety_headers
from acting import Person
from drawing import cover, jpeg, natural
from playwright.sync_api import Browser, Route, expect
from running import Service

ELSEWHERE = "https://www.wikipedia.org/"
CANARY = "canary-93e1f07ab25d4c6f"
# Loopback is a whole network: nobody else here comes from this address of it.
ADDRESS, CLAIMED, AGENT, REFERRER = (
    "127.0.0.77",
    "203.0.113.88",
    "Distinctive/8.8",
    "https://shelter.example/",
)


def ask(
    service: Service, method: str, path: str, body: bytes = b"", **headers: str
) -> http.client.HTTPResponse:
    """One request from ADDRESS; the answer with its body read."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", urlsplit(service.url).port, timeout=30, source_address=(ADDRESS, 0)
    )
    worn = {"User-Agent": AGENT, "Referer": REFERRER, "X-Forwarded-For": CLAIMED, "X-Real-IP": CLAIMED}
    connection.request(method, path, body, worn | {name.replace("_", "-"): v for name, v in headers.items()})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def static_file(service: Service) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(service.url).port, timeout=30)
    connection.request("GET", "/")
    page = connection.getresponse().read().decode()
    connection.close()
    found = re.search(r'href="(/static/arcsite/arc\.[0-9a-f]+\.css)"', page)
    assert found
    return found[1]


def test_every_answer_of_the_server_wears_every_header(service: Service) -> None:
    answers = {
        "page": (200, ask(service, "GET", "/")),
        "static": (200, ask(service, "GET", static_file(service))),
        "no static": (404, ask(service, "GET", "/static/absent.css")),
        "absent": (404, ask(service, "GET", "/absent/")),
        "method": (405, ask(service, "OPTIONS", "/")),
        "no token": (403, ask(service, "POST", "/send/", b"x=1")),
        "sign in": (302, ask(service, "GET", "/review/")),
        "no key": (401, ask(service, "GET", "/api/v1/fingerprints")),
        "too large": (413, ask(service, "POST", "/send/", Content_Length="200000000")),
        "no length": (411, ask(service, "POST", "/send/", b"0\r\n\r\n", Transfer_Encoding="chunked")),
        "wrong host": (400, ask(service, "GET", "/", Host="evil.example")),
    }
    assert {name: answer.status for name, (_, answer) in answers.items()} == {
        name: status for name, (status, _) in answers.items()
    }
    bare = {name: safety_headers.faults(dict(answer.getheaders())) for name, (_, answer) in answers.items()}
    assert {name: missing for name, missing in bare.items() if missing} == {}
    for name, (_, answer) in answers.items():
        assert (answer.headers["Cache-Control"] == "no-store") == (name != "static"), name


def test_no_address_user_agent_or_referrer_is_kept(service: Service) -> None:
    knocks = [("GET", path) for path in ("/", "/case/", "/absent/", "/review/", "/api/v1/fingerprints")]
    knocks += [("POST", path) for path in ("/send/", "/case/", "/staff/login/", "/case/leave/")]
    for method, path in knocks:
        ask(service, method, path, b"x=1" if method == "POST" else b"")
    ask(service, "GET", "/", Host="evil.example")
    ask(service, "BREW", "/absent/")
    kept = {name: places(service.data, needle) for name, needle in needles().items()}
    said = [needle for needle in needles().values() if needle in service.log.read_bytes()]
    assert (kept, said) == ({name: [] for name in kept}, [])


def needles() -> dict[str, bytes]:
    return {text: text.encode() for text in (ADDRESS, CLAIMED, AGENT, REFERRER)}


def places(directory: Path, needle: bytes) -> list[str]:
    """The files below that hold these bytes, as they are or in two bytes a character."""
    wide = needle.decode().encode("utf-16-le")
    found = []
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if needle in content or wide in content:
                found.append(str(path.relative_to(directory)))
    return found


def test_after_leaving_the_browser_holds_nothing_of_the_case(
    service: Service, browser: Browser, chromium: str, tmp_path: Path
) -> None:
    photo = tmp_path / f"{CANARY}.jpg"
    photo.write_bytes(jpeg(cover(natural(77, 900, 700))) + CANARY.encode())
    person, profile = Person(service.url, {"hidden": photo}), tmp_path / "profile"
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else []
    )
    context.route(ELSEWHERE, lambda route: empty(route))  # noqa: PLW0108 - Playwright marks its handlers
    page = context.new_page()
    person.fill_in(page, "hidden")
    token = page.locator("input[name=token]").input_value()
    page.get_by_role("button", name="Send").click()
    case = person.receipt(page)
    person.open_case(page, case)
    expect(page.locator("main")).to_contain_text(case.number)
    page.get_by_role("link", name="Exit").click()
    page.wait_for_url(ELSEWHERE)
    context.close()

    secrets = [CANARY, token] + [
        text for shown in (case.number, case.secret) for text in (shown, shown.replace("-", ""))
    ]
    assert all(len(text) >= 10 for text in secrets)
    assert {text: places(profile, text.encode()) for text in secrets} == {text: [] for text in secrets}
    # The same look does find what a browser keeps.
    assert places(profile, service.url.encode()) != []


def empty(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<title>Elsewhere</title>")


@pytest.mark.parametrize("coding", ["utf-8", "utf-16-le"])
def test_what_is_kept_is_noticed(tmp_path: Path, coding: str) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "file").write_bytes(b"\0" + CANARY.encode(coding))
    assert places(tmp_path, CANARY.encode()) == ["deeper/file"]
