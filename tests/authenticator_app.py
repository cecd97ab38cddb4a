"""What an authenticator app shows: RFC 6238 with SHA-1, six digits and steps of 30 seconds."""

import base64
import hashlib
import hmac
import time

STEP_SECONDS = 30


def code(secret: str, *, steps_ahead: int = 0) -> str:
    """The code of now, or of a later step; ``secret`` in Base32 as the set-up page shows it."""
    key = base64.b32decode(secret.replace(" ", "").upper())
    counter = int(time.time()) // STEP_SECONDS + steps_ahead
    digest = hmac.new(key, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
