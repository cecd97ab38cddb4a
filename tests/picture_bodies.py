"""Teaches schemathesis what the body of a picture type is: random bytes are no picture.

For its command line, by SCHEMATHESIS_HOOKS; there is no Django there.
"""

from io import BytesIO

import schemathesis
from hypothesis import strategies
from PIL import Image

PICTURES = ("image/jpeg", "image/png", "image/webp")
SIZE = (64, 64)


def encoded(kind: str) -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize(SIZE).convert("RGB").save(out, kind.rpartition("/")[2])
    return out.getvalue()


for picture in PICTURES:
    schemathesis.openapi.media_type(picture, strategies.just(encoded(picture)))
