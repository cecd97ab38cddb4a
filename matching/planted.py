"""Records that are no photo's: to try the connection with before a partner is live, to trace a leak by after.

A partner that is being connected sees three drawn pictures' fingerprints. Once it fetched them one becomes a
tombstone, so that its handling of withdrawals is seen before anybody's photo depends on it. When it goes
live they all go, and canaries take their place: one at once, so that even a first full copy has one, the
others in the midst of what is published later, where nothing tells them from the rest.
"""

import secrets
from collections.abc import Mapping
from typing import BinaryIO

from matching import canaries, feed, pages, trial_pictures
from matching.engine.jsonform import to_json
from matching.models import FeedRecord, Partner, Planted

CANARIES = 3
# Within how many records after its going live a partner's canaries are spread.
SPREAD = 300
_random = secrets.SystemRandom()


def onboard(partner: Partner) -> None:
    """Give a new partner its test records. Call in the transaction that makes it."""
    for number in range(trial_pictures.COUNT):
        document = to_json(trial_pictures.fingerprint(number))
        feed.plant(Planted.objects.create(partner=partner, kind=Planted.Kind.TEST, document=document))


def after_pull(partner: Partner, through: int) -> None:
    """Withdraw the last test record of a partner that was sent all of them, once. Call in a transaction."""
    if partner.stage != Partner.Stage.ONBOARDING:
        return
    records = FeedRecord.objects.filter(partner=partner)
    newest = records.order_by("-seq").first()
    if newest is not None and newest.seq <= through and not records.filter(tombstone=True).exists():
        feed.uproot(Planted.objects.filter(pk=newest.fingerprint_id))


def go_live(partner: Partner, canaries_wanted: int = CANARIES) -> None:
    """Withdraw the test records and plant canaries. Call in the transaction that lets the partner go live."""
    feed.uproot(Planted.objects.filter(partner=partner, kind=Planted.Kind.TEST))
    later = pages.head() + 1
    for number in range(canaries_wanted):
        canary = Planted.objects.create(
            partner=partner,
            kind=Planted.Kind.CANARY,
            document=to_json(canaries.draw()),
            due_seq=later + _random.randrange(SPREAD) if number else None,
        )
        if not number:
            feed.plant(canary)


def trace(leaked: BinaryIO) -> Mapping[Partner, int]:
    """Whose canaries stand in a leaked file of any text format, and how many of them."""
    whose: dict[str, Planted] = {}
    for canary in Planted.objects.filter(kind=Planted.Kind.CANARY).select_related("partner"):
        words = [*canaries.words_of(canary.document), feed.public_id(canary.partner, canary.pk)]
        whose |= dict.fromkeys(words, canary)
    found = {whose[word].pk: whose[word].partner for word in canaries.found_in(leaked, whose)}
    return {partner: [*found.values()].count(partner) for partner in set(found.values())}
