"""A platform asks about a public photo and reports what it did; who sent it reads that on the status page."""

import json
from typing import Any
from urllib.request import Request, urlopen

from acting import Case, Person
from drawing import jpeg, natural
from playwright.sync_api import Page, expect
from running import Service, wait_for
from watching import shoot

from arcsite.demo_scenes import covered_photo

PLATFORM, HELPLINE = "Example Platform", "Example Helpline"
KEY = """
from matching import keys
from matching.models import Partner
partner = Partner.objects.get(name={name!r})
print(keys.issue(partner, actor="test", valid_for=None, newest_seen=keys.newest(partner)))
"""


class Partner:
    """One of the demo's partners, with a key of its own."""

    def __init__(self, service: Service, name: str) -> None:
        self._url = service.url
        self._key = service.manage("shell", "-c", KEY.format(name=name)).split()[-1]

    def matches(self, photo: bytes) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._post("match", photo, "image/jpeg")["matches"]
        return found

    def report(self, id_: str, reference: str, outcome: str) -> None:
        said = {"reference": reference, "outcome": outcome}
        body = json.dumps({"id": id_, **said}).encode()
        assert self._post("sightings", body, "application/json") == said

    def _post(self, what: str, body: bytes, kind: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": kind}
        with urlopen(Request(f"{self._url}/api/v1/{what}", body, headers), timeout=60) as answer:
            document: dict[str, Any] = json.load(answer)
        return document


def test_a_report_is_on_the_sender_s_page(service: Service, page: Page, person: Person) -> None:
    platform, helpline = Partner(service, PLATFORM), Partner(service, HELPLINE)
    public = covered_photo("beach")
    [match] = wait_for(lambda: platform.matches(public), 120, "the photo's fingerprint")
    [theirs] = helpline.matches(public)
    assert match["id"] != theirs["id"]
    assert platform.matches(jpeg(natural(77, 900, 700))) == []
    for reference, outcome in (("post/1", "seen"), ("post/1", "removed"), ("post/2", "blocked")):
        platform.report(match["id"], reference, outcome)
    helpline.report(theirs["id"], "post/1", "not_removed")

    person.open_case(page, Case(*service.demo_case("two-protected")))
    photo = page.get_by_role("region", name="Photo 1", exact=True)
    timeline = photo.locator(".timeline")
    expect(timeline).to_contain_text("A partner saw a copy of this photo.")
    expect(timeline).to_contain_text("A partner removed a copy of this photo.")
    expect(timeline).to_contain_text("A partner blocked a copy of this photo.")
    expect(timeline).to_contain_text("A partner saw a copy of this photo and did not remove it.")
    expect(photo.get_by_role("row", name=PLATFORM)).to_contain_text("1 blocked")
    expect(photo.get_by_role("row", name=PLATFORM)).to_contain_text("1 removed")
    expect(photo.get_by_role("row", name=HELPLINE)).to_contain_text("1 not removed")
    expect(page.get_by_role("region", name="Photo 2", exact=True)).not_to_contain_text("1 blocked")
    shoot(page, "status-with-reports")
