import base64
import json

import numpy as np
import pytest
from grids import draw_grid, enroll, enroll_extended

from matching.engine.jsonform import to_json
from matching.engine.spectrum import halved
from matching.threatexchange import forms


def test_a_fingerprint_survives_as_text() -> None:
    for fingerprint in (enroll(1), enroll_extended(2)):
        text = forms.fingerprint_text(fingerprint)
        assert forms.fingerprint_of(text) == fingerprint
        assert forms.checked(text) == text
        assert forms.is_fingerprint(text)


def test_a_photo_survives_as_text_at_half_its_side() -> None:
    text = forms.photo_text(draw_grid(3))
    grid = forms.grid_of(text)
    assert grid.shape == (64, 64)
    assert np.abs(halved(grid) - halved(draw_grid(3))).max() <= 1 / 512
    assert not forms.is_fingerprint(text)
    assert forms.checked(text) == text


def test_extremes_fit() -> None:
    for level in (0, 255):
        grid = np.full((64, 64), level, np.float32)
        assert np.array_equal(forms.grid_of(forms.photo_text(grid)), grid)


def test_a_photo_fits_a_request_line() -> None:
    line = f"GET /m/raw_lookup?signal={forms.photo_text(draw_grid(3))}&signal_type=arc_photo HTTP/1.1"
    assert len(line) < 4094


def in_base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


WRONG = [
    "",
    "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22",
    "arc-photo",
    "arc-photo.",
    "arc-photo.AAAA",
    "arc-photo." + "A" * 2730 + "B",  # bits that no byte has
    "arc-photo." + "A" * 2732,
    "arc-photo." + "é" * 2731,
    "arc-fingerprint.",
    "arc-fingerprint." + in_base64("[]"),
    "arc-fingerprint." + in_base64("[" * 10_000),
    "arc-fingerprint." + in_base64(json.dumps({**to_json(enroll(1)), "hash": "0"})),
    "arc-fingerprint." + in_base64(json.dumps({**to_json(enroll(1)), "version": "arc-99"})),
]


@pytest.mark.parametrize("text", WRONG)
def test_anything_else_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(forms.Malformed) as refusal:
        forms.checked(text)
    assert len(str(refusal.value)) < 60
