"""What the enrolment tests share: a submitter with a browser, and the shape of the race fixture."""

import html
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from enrollment import originals, receipts, transitions
from enrollment.models import Case, Photo
from enrollment.receipts import Receipt
from enrollment.recipients import Delivery, ListedPartner
from enrollment.states import Edge

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

Result = TypeVar("Result")

STATEMENTS = {"in_photo": "on", "not_consented": "on", "adult": "on"}


class Together(Protocol):
    """Runs calls at the same moment, a thread and a connection each; returns their results in order."""

    def __call__(self, calls: Sequence[Callable[[], Result]]) -> list[Result]: ...


@dataclass
class Book:
    """A PartnerBook that says what a test writes into it."""

    partners: list[ListedPartner] = field(default_factory=list)
    sent: dict[uuid.UUID, list[Delivery]] = field(default_factory=dict)

    def open_with(self, *names: str) -> None:
        self.partners = [ListedPartner(name.lower(), name, "platform") for name in names]

    def listed(self) -> Sequence[ListedPartner]:
        return self.partners

    def deliveries(self, photo_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Delivery]]:
        return {photo_id: self.sent[photo_id] for photo_id in photo_ids if photo_id in self.sent}


@dataclass
class Submitter:
    """A person with a browser of their own, who writes down the receipt of what they enrol."""

    client: Client = field(default_factory=Client)
    receipt: Receipt = field(default_factory=lambda: Receipt("", ""))

    def send(
        self,
        *files: bytes,
        token: str | None = None,
        name: str = "holiday",
        url: str = "",
        **changes: Any,
    ) -> "Answer":
        photos = [
            SimpleUploadedFile(f"{name}-{place}.png", data, "image/png")
            for place, data in enumerate(files, start=1)
        ]
        form = {"token": token or receipts.new_token(), "photos": photos} | STATEMENTS | changes
        return self.client.post(url or reverse("enrollment:upload"), form)

    def enrol(self, *files: bytes, **changes: Any) -> Case:
        token = receipts.new_token()
        assert self.send(*files, token=token, **changes).status_code == 200
        case = Case.objects.get(submission_digest=receipts.submission_digest(token))
        self.receipt = Receipt(case.number, receipts.derive_secret(token))
        return case

    def look_up(self, number: str | None = None, secret: str | None = None) -> "Answer":
        form = {"number": number or self.receipt.shown_number, "secret": secret or self.receipt.shown_secret}
        return self.client.post(reverse("enrollment:status"), form)


def text_of(content: bytes) -> str:
    """What a page says, without its tags."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", content.decode())))


def protect(photo: Photo, **fields: Any) -> Photo:
    """Decided, fingerprinted, purged and protected, as the later stages do it."""
    transitions.move(photo.pk, Edge.DECIDE_COVERED, actor="staff:1")
    transitions.move(photo.pk, Edge.STORE_FINGERPRINT, actor="worker")
    originals.destroy(photo.pk)
    transitions.move(photo.pk, Edge.PROTECT, actor="worker", original_removed_at=Now(), **fields)
    return photo
