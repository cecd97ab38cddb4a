"""Triggers that later stages listen to; sent inside the transaction of the change itself."""

from django.dispatch import Signal

# photo: Photo, action: str (an Edge value, or "received" / "purge"), actor: str, details: dict
photo_moved = Signal()

# photo_id: uuid.UUID, sketch: bytes (120, see matching.engine.sketch); a picture of a photo was taken in
picture_taken_in = Signal()
