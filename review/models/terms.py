from django.db import models
from django.db.models.functions import Now
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    COVERED = "covered", _("Protected by the terms")
    NOT_COVERED = "not_covered", _("Not protected by the terms")
    NEEDS_COVERING = "needs_covering", _("More must be covered")


class TermsQuerySet(models.QuerySet["TermsVersion"]):
    def published(self) -> "TermsQuerySet":
        return self.filter(published_at__isnull=False)

    def drafts(self) -> "TermsQuerySet":
        return self.filter(published_at__isnull=True)

    def current(self) -> "TermsVersion":
        """The wording that decisions rest on today: the published one with the highest number."""
        return self.published().order_by("-number")[:1].get()


class TermsVersion(models.Model):
    """One wording of the protection terms: a draft until it is published, and never changed after that."""

    number = models.PositiveIntegerField(_("number"), unique=True)
    title = models.CharField(_("title"), max_length=200)
    preamble = models.TextField(_("preamble"))
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    objects = TermsQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        default_permissions = ("change", "view")
        permissions = [("publish_terms", "May publish protection terms")]
        verbose_name = _("protection terms")
        verbose_name_plural = _("protection terms")
        constraints = [
            models.UniqueConstraint(
                IsNull(models.F("published_at"), True),
                condition=models.Q(published_at__isnull=True),
                name="terms_one_draft_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} (version {self.number})"

    @property
    def is_draft(self) -> bool:
        return self.published_at is None


class Clause(models.Model):
    """A reason within one version of the terms; it argues for one outcome.

    What a ``two_person`` clause protects is only protected when a second reviewer says so as well.
    """

    terms = models.ForeignKey(TermsVersion, on_delete=models.PROTECT, related_name="clauses")
    code = models.CharField(_("code"), max_length=10)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    text = models.TextField(_("text"))
    two_person = models.BooleanField(_("takes two people"), default=False)

    class Meta:
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        ordering = ["code"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["terms", "code"], name="clause_code_once_per_terms"),
            models.CheckConstraint(
                condition=models.Q(outcome__in=Outcome.values), name="clause_outcome_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"
