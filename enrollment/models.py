import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from enrollment.states import Occasion, PhotoState, TimelineEvent


class Attestation(models.TextChoices):
    """What the submitter stated about themselves."""

    SELF = "self", _("In the photo, 18 or older, shared or feared to be shared without consent")
    GUARDIAN = "guardian", _("Guardian of the person in the photo")


class Term(models.IntegerChoices):
    """For how many days a photo shall stay protected, if not until its sender withdraws it."""

    QUARTER = 90, _("3 months")
    YEAR = 365, _("1 year")


class Case(models.Model):
    """One submission. The number is public; of the secret only a keyed digest is kept.

    ``extended`` and ``expires_after_days`` are what the sender chose for all its photos.

    ``contents_digest`` tells a repeated send from one with other photos. Its key is in the sender's
    form only, so nobody can test later whether a given file was sent.
    """

    number = models.CharField(max_length=10, unique=True)
    secret_digest = models.CharField(max_length=64)
    submission_digest = models.CharField(max_length=64, unique=True)
    contents_digest = models.CharField(max_length=64)
    attestation = models.CharField(max_length=20, choices=Attestation.choices)
    extended = models.BooleanField(default=False)
    expires_after_days = models.PositiveSmallIntegerField(null=True, blank=True, choices=Term.choices)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(attestation__in=Attestation.values), name="case_attestation_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(expires_after_days__isnull=True)
                | models.Q(expires_after_days__in=Term.values),
                name="case_term_is_known",
            ),
        ]
        indexes = [models.Index(fields=["attestation"], name="case_by_attestation")]

    def __str__(self) -> str:
        return self.number


class WithheldPartner(models.Model):
    """A partner, by its slug, that shall not get the fingerprints of a case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="withheld")
    slug = models.SlugField(max_length=50, db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "slug"], name="withheld_once_per_case")]


class PhotoQuerySet(models.QuerySet["Photo"]):
    def waiting(self) -> "PhotoQuerySet":
        """Everything that a person has to look at: ``PhotoState.waiting()``, by its index."""
        return self.filter(waits=1)

    def awaiting_review(self) -> "PhotoQuerySet":
        return self.filter(state=PhotoState.AWAITING_REVIEW)

    def oldest_first(self) -> "PhotoQuerySet":
        return self.order_by("received_at", "id")

    def fingerprint_due(self) -> "PhotoQuerySet":
        return self.filter(state=PhotoState.COVERED, due_at__lte=Now()).unleased()

    def purge_due(self) -> "PhotoQuerySet":
        """Photos whose original must go now: decided past the undo window, or withdrawn."""
        return self.filter(
            state__in=PhotoState.purging(), due_at__lte=Now(), original_removed_at__isnull=True
        ).unleased()

    def lapse_due(self) -> "PhotoQuerySet":
        return self.waiting().overdue()

    def contest_over(self) -> "PhotoQuerySet":
        """Questioned photos that were not sent again in their term."""
        return self.filter(state=PhotoState.SUSPENDED, due_at__lte=Now())

    def expire_due(self) -> "PhotoQuerySet":
        """Protected photos whose sender did not want them protected any longer than this."""
        return self.filter(state=PhotoState.PROTECTED, expires_at__lte=Now())

    def lose_due(self) -> "PhotoQuerySet":
        """Failed photos that nobody mended in time: keeping them longer would help nobody."""
        return self.filter(state=PhotoState.FAILED).overdue()

    def overdue(self) -> "PhotoQuerySet":
        return self.filter(received_at__lt=Now() - timedelta(days=settings.ARC_REVIEW_DAYS))

    def unleased(self) -> "PhotoQuerySet":
        return self.filter(models.Q(lease_until__isnull=True) | models.Q(lease_until__lt=Now()))


class Photo(models.Model):
    """One covered photo of a case. Holds measurements only: its bytes are behind ``originals``.

    ``round`` counts how often it was sent, ``occasion`` says why this time, and ``sealed_as`` is the name
    of its file in the store when that is not the photo's own id: a photo sent again gets a new file.
    ``expires_at`` is when protection shall end; the term begins anew whenever a photo becomes protected.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="photos")
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=PhotoState.choices, default=PhotoState.AWAITING_REVIEW)
    received_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    coverage = models.FloatField()
    detail = models.FloatField()
    original_removed_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=1)
    occasion = models.CharField(max_length=20, choices=Occasion.choices, default=Occasion.FIRST)
    appealed_at = models.DateTimeField(null=True, blank=True)
    sealed_as = models.UUIDField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # A number, because no database uses an index for a bare boolean: 1 while a person has to look.
    waits = models.GeneratedField(
        expression=models.Case(
            models.When(state__in=PhotoState.waiting(), then=models.Value(1)), default=models.Value(0)
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )

    objects = PhotoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "position"], name="photo_position_once_per_case"),
            models.CheckConstraint(
                condition=models.Q(state__in=PhotoState.values), name="photo_state_is_legal"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=PhotoState.without_original())
                | models.Q(original_removed_at__isnull=False),
                name="photo_settled_only_without_original",
            ),
            models.CheckConstraint(
                condition=models.Q(coverage__gt=0, coverage__lt=1), name="photo_coverage_is_a_share"
            ),
            models.CheckConstraint(
                condition=models.Q(occasion__in=Occasion.values), name="photo_occasion_is_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(occasion=Occasion.APPEAL) | models.Q(appealed_at__isnull=False),
                name="photo_appeal_is_dated",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=PhotoState.EXPIRED) | models.Q(expires_at__isnull=False),
                name="photo_expired_had_a_term",
            ),
        ]
        indexes = [
            models.Index(fields=["waits", "received_at", "id"], name="photo_queue"),
            models.Index(fields=["waits", "state", "received_at", "id"], name="photo_queue_by_state"),
            models.Index(fields=["waits", "occasion", "received_at", "id"], name="photo_queue_by_occasion"),
            models.Index(fields=["state", "due_at"], name="photo_due"),
            models.Index(fields=["expires_at"], condition=models.Q(state="protected"), name="photo_expiring"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.position}"

    @property
    def state_label(self) -> str:
        return str(PhotoState(self.state).label)


class OriginalKey(models.Model):
    """The wrapped key of one stored original. Deleting this row makes the ciphertext unreadable."""

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, primary_key=True, related_name="+")
    wrapped = models.BinaryField()


class TimelineEntry(models.Model):
    """What the submitter is told, in order. Later stages append; nobody edits."""

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="timeline")
    at = models.DateTimeField(db_default=Now())
    event = models.CharField(max_length=30, choices=TimelineEvent.choices)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(event__in=TimelineEvent.values), name="timeline_event_is_known"
            ),
        ]


class Allowance(models.Model):
    """How often one throttled thing was tried in the window that began at ``window`` (Unix seconds)."""

    key = models.CharField(max_length=64)
    window = models.BigIntegerField()
    used = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window"], name="allowance_once_per_window")]


class Refusals(models.Model):
    """How often the limit called ``what`` refused a try, ever. Of whom is not kept."""

    what = models.CharField(max_length=20, primary_key=True)
    count = models.PositiveBigIntegerField(default=0)
