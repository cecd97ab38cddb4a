from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler


class CappedMemoryUploadHandler(MemoryFileUploadHandler):
    """Keeps uploaded photos in memory only, never more than the cap of one photo each.

    A file over ARC_PHOTO_MAX_BYTES arrives with its true ``size`` and without the bytes past the cap,
    so that the form can refuse it by name and size while the other fields survive.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if start + len(raw_data) > settings.ARC_PHOTO_MAX_BYTES:
            return None
        return super().receive_data_chunk(raw_data, start)
