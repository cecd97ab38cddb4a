"""Keyed digests of what must not be stored as it is: secrets, submission tokens, address prefixes."""

import hashlib
import hmac

from django.conf import settings


def peppered(purpose: str, *parts: str | bytes) -> bytes:
    """HMAC-SHA256 under ARC_PEPPER, 32 bytes. Purpose and parts are length-prefixed: no two calls collide."""
    mac = hmac.new(settings.ARC_PEPPER.encode(), digestmod=hashlib.sha256)
    for part in (purpose, *parts):
        data = part.encode() if isinstance(part, str) else part
        mac.update(len(data).to_bytes(8, "big") + data)
    return mac.digest()
