"""Run as a script against a database of its own: one of several processes that write or read the feed.

python feed_race.py prepare COUNT   migrates, makes a partner and so many fingerprints; prints photo ids
python feed_race.py write ID...     publishes each photo, and withdraws every third again
python feed_race.py read FILE       polls as a partner until FILE is there, and once more; prints pages
"""

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from partner_rows import live_partner  # noqa: E402

from enrollment.models import Attestation, Case, Photo  # noqa: E402
from matching import feed, pages  # noqa: E402
from matching.models import Fingerprint, Partner  # noqa: E402

EVERY, PAGE = 3, 4
DOCUMENT = {**dict.fromkeys(feed.FIELDS, ""), "version": "arc-1"}


def prepare(count: str) -> Iterator[str]:
    call_command("migrate", verbosity=0)
    live_partner()
    for number in range(int(count)):
        case = Case.objects.create(
            number=f"CASE{number:06}",
            secret_digest="0" * 64,
            submission_digest=f"{number:064}",
            contents_digest="0" * 64,
            attestation=Attestation.SELF,
        )
        photo = Photo.objects.create(case=case, position=1, width=9, height=9, coverage=0.2, detail=128)
        Fingerprint.objects.create(photo=photo, version="arc-1", document=DOCUMENT)
        yield str(photo.pk)


def write(*photo_ids: str) -> Iterator[str]:
    for number, photo_id in enumerate(photo_ids):
        with transaction.atomic():
            feed.publish(uuid.UUID(photo_id))
        if number % EVERY == 0:
            with transaction.atomic():
                feed.withdraw(uuid.UUID(photo_id))
    yield "done"


def read(mark: str) -> Iterator[str]:
    partner = Partner.objects.get()
    after, last = 0, False
    while True:
        page = pages.page(partner, after=after, limit=PAGE)
        if page.records:
            yield json.dumps(json.loads(page.text())["records"])
        after = page.next
        if not page.more:
            if last:
                return
            last = Path(mark).exists()


ORDERS: dict[str, Callable[..., Iterator[str]]] = {"prepare": prepare, "write": write, "read": read}

if __name__ == "__main__":
    for line in ORDERS[sys.argv[1]](*sys.argv[2:]):
        sys.stdout.write(f"{line}\n")
