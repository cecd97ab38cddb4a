"""Platforms and helplines, their keys, and what they asked for."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a key opens."""

    FEED = "feed", _("Fetch the feed and confirm it")
    MATCH = "match", _("Ask whether a photo matches")
    SIGHTINGS = "sightings", _("Report what was found")


class Partner(models.Model):
    """A platform or helpline. ``slug`` is how a sender's choice of partners names it, for ever.

    ``pulled`` is how far it asked, ``applied`` how far it said it is: sequence numbers of the feed.
    ``staged_at`` is when it came to its stage, ``live_from`` the end of the feed when it was approved: what
    was withdrawn before, it never had. ``exception`` is why it was proposed before everything was tried,
    ``alarms`` the names of what the last look at its health found wrong, with a space between them.
    """

    class Kind(models.TextChoices):
        PLATFORM = "platform", _("Platform")
        HELPLINE = "helpline", _("Helpline or NGO")

    class Stage(models.TextChoices):
        ONBOARDING = "onboarding", _("Being connected: sees test records only")
        LIVE = "live", _("Live")
        PAUSED = "paused", _("Paused: its keys open nothing")

    name = models.CharField(_("name"), max_length=200, unique=True)
    slug = models.SlugField(_("slug"), max_length=50, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.PLATFORM)
    stage = models.CharField(_("stage"), max_length=20, choices=Stage.choices, default=Stage.ONBOARDING)
    contact = models.EmailField(
        _("contact"), blank=True, help_text=_("Whom to write to about this connection.")
    )
    urgent_contact = models.EmailField(
        _("urgent contact"), blank=True, help_text=_("Whom to write to when a key leaked.")
    )
    surfaces = models.TextField(
        _("surfaces"),
        blank=True,
        max_length=2000,
        help_text=_("Where it looks for copies: posts, profiles, messages..."),
    )
    created_at = models.DateTimeField(db_default=Now())
    staged_at = models.DateTimeField(db_default=Now())
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    live_from = models.BigIntegerField(default=0)
    exception = models.TextField(blank=True, max_length=500)
    alarms = models.CharField(max_length=40, blank=True)
    pulled = models.BigIntegerField(default=0)
    pulled_at = models.DateTimeField(null=True, blank=True)
    applied = models.BigIntegerField(default=0)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["platform", "helpline"]), name="partner_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(stage__in=["onboarding", "live", "paused"]), name="partner_stage_is_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(stage="live")
                | (
                    models.Q(approved_by__isnull=False, proposed_by__isnull=False)
                    & ~models.Q(approved_by=models.F("proposed_by"))
                ),
                name="partner_live_by_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PartnerKeyQuerySet(models.QuerySet["PartnerKey"]):
    def live(self) -> "PartnerKeyQuerySet":
        """Neither revoked nor expired; two at most per partner, so that a key can be replaced calmly."""
        return self.filter(revoked_at__isnull=True).filter(
            models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=Now())
        )

    def usable(self) -> "PartnerKeyQuerySet":
        return self.live().exclude(partner__stage=Partner.Stage.PAUSED)


class PartnerKey(models.Model):
    """An access key ``prefix_secret``; only the prefix and the SHA-256 of the whole are stored.

    ``scopes`` are the names of its ``Scope``s with a space between them.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="keys")
    prefix = models.CharField(_("prefix"), max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.CharField(max_length=40)
    created_at = models.DateTimeField(_("issued"), db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = PartnerKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("access key")
        verbose_name_plural = _("access keys")
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=~models.Q(scopes=""), name="key_opens_something")]

    def __str__(self) -> str:
        return self.prefix

    def opens(self, scope: Scope | None) -> bool:
        return scope is None or scope.value in self.scopes.split()


class Call(models.TextChoices):
    """What a partner can ask for; each is a step of its onboarding and a line of its health."""

    KEY = "key", _("Any call with a valid key")
    PULL = "pull", _("Fetching the feed")
    CONFIRM = "confirm", _("Confirming what was applied")
    MATCH = "match", _("Asking whether a photo matches")
    SIGHTING = "sighting", _("Reporting what was found")


class PartnerCalls(models.Model):
    """How one kind of call of one partner goes: when it first and last worked, and when and why it failed.

    Nothing about where a call came from.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="calls")
    what = models.CharField(max_length=20, choices=Call.choices)
    first_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failed_code = models.CharField(max_length=40, blank=True)
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "what"], name="partner_calls_once"),
            models.CheckConstraint(condition=models.Q(what__in=Call.values), name="partner_call_is_known"),
        ]


class PartnerProgress(models.Model):
    """When a partner first got, or first confirmed, everything through a number of the feed."""

    class Kind(models.TextChoices):
        PULLED = "pulled"
        APPLIED = "applied"

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="progress")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    through = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "kind", "through"], name="partner_progress_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["pulled", "applied"]), name="partner_progress_is_known"
            ),
        ]
