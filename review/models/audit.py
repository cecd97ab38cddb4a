from django.db import models
from django.db.models.functions import Now
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One link of the append-only chain; triggers refuse UPDATE and DELETE (``review/audit.py``)."""

    seq = models.BigIntegerField(_("number"), primary_key=True)
    at = models.CharField(_("time"), max_length=32)
    actor = models.CharField(_("person"), max_length=64)
    action = models.CharField(_("action"), max_length=40)
    photo = models.UUIDField(_("photo"), null=True)
    case = models.CharField(_("case"), max_length=10, blank=True)
    details = models.TextField(_("details"))
    previous = models.CharField(_("previous digest"), max_length=64)
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        ordering = ["-seq"]
        default_permissions = ("view",)
        permissions = [("export_audit", "May export the audit")]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        constraints = [
            models.CheckConstraint(condition=~models.Q(actor=""), name="audit_actor_is_set"),
            models.CheckConstraint(condition=models.Q(seq__gte=1), name="audit_starts_at_one"),
        ]
        indexes = [
            models.Index(fields=["case", "-seq"], name="audit_by_case"),
            models.Index(fields=["photo", "-seq"], name="audit_by_photo"),
            models.Index(fields=["actor", "-seq"], name="audit_by_actor"),
            models.Index(fields=["action", "-seq"], name="audit_by_action"),
            models.Index(fields=["actor", "action", "-seq"], name="audit_by_actor_and_action"),
            models.Index(fields=["at", "seq"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"


class AuditHead(models.Model):
    """The end of the chain, one row: where the next entry joins."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_head_is_one")]

    def __str__(self) -> str:
        return f"{self.seq} {self.digest}"


class AuditCheckQuerySet(models.QuerySet["AuditCheck"]):
    def running(self) -> "AuditCheckQuerySet":
        return self.filter(finished_at__isnull=True)

    def sound(self) -> "AuditCheckQuerySet":
        """Those that walked to the end and found every link to hold."""
        return self.filter(finished_at__isnull=False, fault="")


class AuditCheck(models.Model):
    """One walk over the whole chain: how far it got, the digest there, and the fault it ended at, if any."""

    asked_by = models.CharField(max_length=64)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    walked = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64)
    fault = models.CharField(max_length=200, blank=True)

    objects = AuditCheckQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                IsNull(models.F("finished_at"), True),
                condition=models.Q(finished_at__isnull=True),
                name="audit_check_one_at_a_time",
            )
        ]
