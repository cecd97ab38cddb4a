"""Something to show on every screen: drawn photos, sent and decided the way real ones are.

Two cases are decided, one waits in the queue, and two partners are connected. Run again, it finds what it
made and adds nothing. The demo's reviewer is an account that cannot sign in.
"""

import base64
import sys
from dataclasses import dataclass

from django.contrib.auth.models import User

from arcsite.demo_scenes import covered_photo
from enrollment import receipts, services
from enrollment.inspection import SentFile
from enrollment.models import Attestation, Case
from enrollment.pepper import peppered
from enrollment.receipts import Receipt
from enrollment.states import PhotoState
from matching import keys
from matching.models import Partner
from review import claims
from review import services as review_services
from review.models import TermsVersion

REVIEWER = "demo-reviewer"
PARTNERS = {"Example Platform": Partner.Kind.PLATFORM, "Example Helpline": Partner.Kind.HELPLINE}


@dataclass(frozen=True)
class DemoCase:
    """One case: its scenes in order, and the clause the demo's reviewer decides by ("": not decided yet)."""

    name: str
    scenes: tuple[str, ...]
    clause: str = ""
    reason: str = ""

    @property
    def token(self) -> str:
        """A submission token of this installation alone, the same at every run."""
        return base64.urlsafe_b64encode(peppered("demo", self.name)).rstrip(b"=").decode("ascii")

    def find(self) -> Case | None:
        return Case.objects.filter(submission_digest=receipts.submission_digest(self.token)).first()


# The decided ones come first: the reviewer takes the oldest photo, as everybody must.
CASES = (
    DemoCase("two-protected", ("beach", "room"), clause="P1"),
    DemoCase(
        "not-protected",
        ("mountains",),
        clause="N2",
        reason="We could see a landscape and no person. If a photo of you is meant, please send that one.",
    ),
    DemoCase("waiting", ("park", "street")),
)


def load_demo() -> None:
    """Make what is missing of the demo and print its case numbers with their secrets.

    In a service that holds anybody else's case nothing is decided or added: the demo's reviewer must never
    meet a real photo. Raises what sending or deciding raises.
    """
    ours = [receipts.submission_digest(case.token) for case in CASES]
    if Case.objects.exclude(submission_digest__in=ours).exists():
        _say("This service already holds other cases, so the demo adds nothing to it.")
    else:
        for case in CASES:
            _complete(case)
        _connect_partners()
    for case in CASES:
        if (sent := case.find()) is not None:
            receipt = Receipt(sent.number, receipts.derive_secret(case.token))
            _say(f"Demo case {case.name}: number {receipt.shown_number}, secret {receipt.shown_secret}")


def _complete(case: DemoCase) -> None:
    if case.find() is None:
        files = [_as_file(scene) for scene in case.scenes]
        services.submit(case.token, files, Attestation.SELF)
    sent = case.find()
    while case.clause and sent and sent.photos.filter(state=PhotoState.AWAITING_REVIEW).exists():
        _decide_next(case)


def _as_file(scene: str) -> SentFile:
    data = covered_photo(scene)
    return SentFile(f"{scene}.png", data, len(data))


def _decide_next(case: DemoCase) -> None:
    """Take the photo that waits longest, look at it and decide. Only ever a photo of the demo is there."""
    reviewer = _reviewer()
    claim = claims.take_next(reviewer)
    if claim is None:
        raise RuntimeError("somebody else is deciding on the demo's photos; start again in ten minutes")
    review_services.masked_image(claim.photo_id, reviewer)
    clause = TermsVersion.objects.current().clauses.get(code=case.clause)
    review_services.decide(claim.photo_id, reviewer, token=claim.token, clause=clause, reason=case.reason)


def _reviewer() -> User:
    reviewer, created = User.objects.get_or_create(username=REVIEWER, defaults={"is_active": False})
    if created:
        reviewer.set_unusable_password()
        reviewer.save(update_fields=["password"])
    return reviewer


def _connect_partners() -> None:
    for name, kind in PARTNERS.items():
        partner, created = Partner.objects.get_or_create(name=name, defaults={"kind": kind})
        if created:
            key = keys.issue(partner, actor="demo", valid_for=None, newest_seen="")
            _say(f"Demo partner {name}: access key {key}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
