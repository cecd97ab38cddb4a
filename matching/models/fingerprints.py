"""What is kept of photos for matching: confidential, all of it."""

import uuid

from django.db import models
from django.db.models.functions import Now

from enrollment.models import Photo


class Fingerprint(models.Model):
    """What is kept of a protected photo. ``document`` is the engine's JSON form; confidential."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=40)
    document = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())


class WaitingSketch(models.Model):
    """What is kept of a waiting photo to find it in other cases: confidential, gone when decided.

    ``sketch`` is empty until it was drawn; ``attempts`` counts how often that was tried, so that a photo that
    cannot be read is given up. ``compared_at`` is null until its neighbours were looked for.
    """

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, primary_key=True, related_name="+")
    sketch = models.BinaryField(default=b"")
    attempts = models.PositiveSmallIntegerField(default=0)
    compared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["photo"], condition=models.Q(compared_at__isnull=True), name="sketch_not_compared"
            )
        ]
