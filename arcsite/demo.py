"""Something to show on every screen: drawn photos, sent and decided the way real ones are.

Some cases are decided, others wait in every way a photo can wait, and two partners are connected. Run again,
it finds what it made and adds nothing. The demo's reviewer is an account that cannot sign in.
"""

import base64
import sys
from dataclasses import dataclass
from enum import Enum

from django.contrib.auth.models import User
from django.db.models.functions import Now

from arcsite import demo_figures
from arcsite.demo_scenes import covered_photo
from enrollment import receipts, services
from enrollment.inspection import SentFile
from enrollment.models import Attestation, Case, Photo, Term
from enrollment.pepper import peppered
from enrollment.receipts import Receipt
from enrollment.states import PhotoState
from enrollment.wishes import Wishes
from matching import keys, onboarding
from matching.models import Partner
from matching.services import process_photo
from review import claims, team
from review import services as review_services
from review.models import Evidence, TermsVersion
from review.rulings import Choice

REVIEWER = "demo-reviewer"
PARTNERS = {"Example Platform": Partner.Kind.PLATFORM, "Example Helpline": Partner.Kind.HELPLINE}
# Proposed, and waiting for somebody to approve it.
NEWCOMER = "Example Newcomer"


class Sequel(Enum):
    """What happens after the decision, without waiting for the time to take it back."""

    APPEAL = "the sender sends it again"
    QUESTION = "a partner questions it"
    EXPIRY = "its term ends"


@dataclass(frozen=True)
class DemoCase:
    """One case: its scenes in order, what the demo's reviewer says of each (nothing yet: None), and then.

    ``wished`` is what its sender chose.
    """

    name: str
    scenes: tuple[str, ...]
    choice: Choice | None = None
    clause: str = ""
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    sequel: Sequel | None = None
    wished: Wishes = services.NO_WISHES

    @property
    def token(self) -> str:
        """A submission token of this installation alone, the same at every run."""
        return base64.urlsafe_b64encode(peppered("demo", self.name)).rstrip(b"=").decode("ascii")

    def find(self) -> Case | None:
        return Case.objects.filter(submission_digest=receipts.submission_digest(self.token)).first()


CASES = (
    DemoCase("two-protected", ("beach", "room"), Choice.COVERED, "P1"),
    DemoCase(
        "not-protected",
        ("mountains",),
        Choice.NOT_COVERED,
        "N2",
        "We could see a landscape and no person. If a photo of you is meant, please send that one.",
    ),
    DemoCase("cover-more", ("garden",), Choice.NEEDS_COVERING, "C1", "Part of the face can still be seen."),
    DemoCase("questioned", ("dunes",), Choice.COVERED, "P1", sequel=Sequel.QUESTION),
    DemoCase(
        "appealed",
        ("lake",),
        Choice.NOT_COVERED,
        "N1",
        "We could see nothing that points to an intimate picture.",
        sequel=Sequel.APPEAL,
    ),
    DemoCase("second-opinion", ("station",), Choice.COVERED, "P1", evidence=(Evidence.SCREENSHOT,)),
    DemoCase(
        "for-a-lead", ("kitchen",), Choice.ESCALATE, reason="I cannot tell whether this is a private place."
    ),
    DemoCase("extended", ("harbour",), Choice.COVERED, "P1", wished=Wishes(extended=True, term=Term.YEAR)),
    DemoCase(
        "expired",
        ("forest",),
        Choice.COVERED,
        "P1",
        sequel=Sequel.EXPIRY,
        wished=Wishes(term=Term.QUARTER),
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
        team.renew()
        demo_figures.publish()
    for case in CASES:
        if (sent := case.find()) is not None:
            receipt = Receipt(sent.number, receipts.derive_secret(case.token))
            _say(f"Demo case {case.name}: number {receipt.shown_number}, secret {receipt.shown_secret}")


def _complete(case: DemoCase) -> None:
    if case.find() is None:
        files = [_as_file(scene) for scene in case.scenes]
        services.submit(case.token, files, Attestation.SELF, case.wished)
    sent = case.find()
    if sent is None or case.choice is None:
        return
    for photo in sent.photos.filter(state=PhotoState.AWAITING_REVIEW, round=1):
        _decide(photo, case)
    for photo in sent.photos.filter(round=1) if case.sequel else ():
        _go_on(photo, case)


def _as_file(scene: str) -> SentFile:
    data = covered_photo(scene)
    return SentFile(f"{scene}.png", data, len(data))


def _decide(photo: Photo, case: DemoCase) -> None:
    """Take the photo, look at it and decide, as everybody must. Raises what these raise."""
    reviewer = _stand_in(REVIEWER)
    claim = claims.take(photo.pk, reviewer)
    review_services.masked_image(photo.pk, reviewer)
    clause = TermsVersion.objects.current().clauses.filter(code=case.clause).first()
    review_services.decide(
        photo.pk,
        reviewer,
        token=claim.token,
        choice=str(case.choice),
        clause=clause,
        reason=case.reason,
        evidence=case.evidence,
    )


def _go_on(photo: Photo, case: DemoCase) -> None:
    Photo.objects.filter(pk=photo.pk, due_at__gt=Now(), lease_token=None).exclude(
        state=PhotoState.SUSPENDED
    ).update(due_at=Now())
    process_photo(photo.pk, actor="demo")
    photo.refresh_from_db()
    if case.sequel is Sequel.APPEAL and photo.state == PhotoState.CLOSED:
        services.resend(photo, _as_file(case.scenes[photo.position - 1]))
    if case.sequel is Sequel.QUESTION and photo.state == PhotoState.PROTECTED:
        review_services.suspend(photo.pk, actor="demo", reason="Reported as not intimate.")
    if case.sequel is Sequel.EXPIRY and photo.state == PhotoState.PROTECTED:
        Photo.objects.filter(pk=photo.pk, state=PhotoState.PROTECTED).update(expires_at=Now())
        services.lapse_overdue()


def _stand_in(name: str) -> User:
    """An account that nobody can sign in with."""
    person, created = User.objects.get_or_create(username=name, defaults={"is_active": False})
    if created:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    return person


def _connect_partners() -> None:
    first, second = (_stand_in(f"demo-partner-manager-{number}") for number in (1, 2))
    for name, kind in (PARTNERS | {NEWCOMER: Partner.Kind.PLATFORM}).items():
        if Partner.objects.filter(name=name).exists():
            continue
        partner = Partner(name=name, kind=kind, contact="someone@example.org", surfaces="Posts and profiles")
        onboarding.create(partner, by=first)
        onboarding.propose(partner.pk, by=first, exception="It is made up for the demo.")
        if name != NEWCOMER:
            onboarding.approve(partner.pk, by=second)
        key = keys.issue(partner, actor="demo", valid_for=None, newest_seen="")
        _say(f"Demo partner {name}: access key {key}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
