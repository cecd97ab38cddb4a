"""Teaches schemathesis what the body of a picture type is: random bytes are no picture.

For its command line, by SCHEMATHESIS_HOOKS; there is no Django there.
"""

from io import BytesIO

import schemathesis
from hypothesis import strategies
from PIL import Image

from enrollment.formats import PUBLIC_FORMATS

SIZE = (64, 64)


def encoded(name: str) -> bytes:
    """A small picture in a format by Pillow's name."""
    out = BytesIO()
    Image.linear_gradient("L").resize(SIZE).convert("RGB").save(out, name)
    return out.getvalue()


for name, kind in PUBLIC_FORMATS.items():
    schemathesis.openapi.media_type(kind, strategies.just(encoded(name)))
