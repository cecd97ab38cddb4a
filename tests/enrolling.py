"""What the enrolment tests share: a submitter with a browser, and the shape of the race fixture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from enrollment import receipts
from enrollment.models import Case
from enrollment.receipts import Receipt

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

Result = TypeVar("Result")

STATEMENTS = {"in_photo": "on", "not_consented": "on", "adult": "on"}


class Together(Protocol):
    """Runs calls at the same moment, a thread and a connection each; returns their results in order."""

    def __call__(self, calls: Sequence[Callable[[], Result]]) -> list[Result]: ...


@dataclass
class Submitter:
    """A person with a browser of their own, who writes down the receipt of what they enrol."""

    client: Client = field(default_factory=Client)
    receipt: Receipt = field(default_factory=lambda: Receipt("", ""))

    def send(
        self, *files: bytes, token: str | None = None, name: str = "holiday", **changes: object
    ) -> "Answer":
        photos = [
            SimpleUploadedFile(f"{name}-{place}.png", data, "image/png")
            for place, data in enumerate(files, start=1)
        ]
        form = {"token": token or receipts.new_token(), "photos": photos} | STATEMENTS | changes
        return self.client.post(reverse("enrollment:upload"), form)

    def enrol(self, *files: bytes) -> Case:
        token = receipts.new_token()
        assert self.send(*files, token=token).status_code == 200
        case = Case.objects.get(submission_digest=receipts.submission_digest(token))
        self.receipt = Receipt(case.number, receipts.derive_secret(token))
        return case

    def look_up(self, number: str | None = None, secret: str | None = None) -> "Answer":
        form = {"number": number or self.receipt.shown_number, "secret": secret or self.receipt.shown_secret}
        return self.client.post(reverse("enrollment:status"), form)
