import base64
import json
from dataclasses import replace

import numpy as np
import pytest
from grids import enroll, enroll_extended
from hypothesis import given
from hypothesis import strategies as st

from matching.engine.errors import MalformedFingerprint, NewerVersion
from matching.engine.jsonform import FIELDS, all_from_json, from_json, to_json
from matching.engine.sketch import POSITIONS, coded


@given(st.integers(0, 29))
def test_a_fingerprint_survives_the_journey(seed: int) -> None:
    fingerprint = enroll(seed)
    assert from_json(json.loads(json.dumps(to_json(fingerprint)))) == fingerprint


def test_an_extended_fingerprint_survives_too() -> None:
    fingerprint = enroll_extended(1)
    form = to_json(fingerprint)
    assert tuple(form) == (*FIELDS, "extended")
    assert from_json(json.loads(json.dumps(form))) == fingerprint


@pytest.mark.parametrize("planes", [b"\xff" * 496, b"\x00" * 495, b"\x00" * 248 + b"\xff" * 248])
def test_an_extended_sketch_with_bits_it_cannot_have_is_refused(planes: bytes) -> None:
    with pytest.raises(MalformedFingerprint, match=r"^extended"):
        from_json({**to_json(enroll(1)), "extended": in_base64(planes)})


def test_many_at_once_are_read_as_one_by_one() -> None:
    fingerprints = [*map(enroll, range(20)), enroll_extended(3)]
    assert all_from_json([to_json(each) for each in fingerprints]) == fingerprints
    assert all_from_json([]) == []


@pytest.mark.parametrize("field", ["hash", "sketch", "mask", "version"])
def test_one_spoiled_among_many_spoils_them_all(field: str) -> None:
    forms: list[dict[str, object]] = [dict(to_json(enroll(number))) for number in range(5)]
    forms[3][field] = forms[2][field] if field in ("sketch", "mask") else "arc-x"
    with pytest.raises(MalformedFingerprint):
        all_from_json(forms)


def test_the_fields_are_these() -> None:
    assert tuple(to_json(enroll(1))) == FIELDS


def test_unknown_fields_are_ignored() -> None:
    assert from_json({**to_json(enroll(1)), "id": "a", "note": 1}) == enroll(1)


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sketch_of(kept: int) -> str:
    signs = np.zeros((1, POSITIONS), np.int8)
    signs[0, :kept] = 1
    return in_base64(coded(signs).tobytes())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", None),
        ("version", "pdq-1"),
        ("version", 1),
        ("mask", None),
        ("mask", "????"),
        ("mask", "é" * 8),
        ("mask", in_base64(bytes(511))),
        ("hash", "0" * 63),
        ("hash", "g" * 64),
        ("hash", "A" * 64),
        ("hash", 7),
        ("painted_hash", None),
        ("sketch", in_base64(bytes(119))),
        ("sketch", in_base64(b"\xaa" * 120)),
        ("sketch", sketch_of(69)),
        ("sketch", sketch_of(161)),
        ("sketch", sketch_of(POSITIONS)),
        ("threshold", "40"),
        ("threshold", True),
        ("threshold", float("nan")),
        ("threshold", 128.0),
        ("threshold", 10**400),
        ("coverage", -0.1),
        ("coverage", 1.5),
        ("detail", 480.5),
        ("detail", -1),
        ("detail", 481),
        ("detail", 10**400),
        ("detail", True),
    ],
)
def test_anything_else_is_refused_by_name(field: str, value: object) -> None:
    data: dict[str, object] = {**to_json(enroll(1)), field: value}
    if value is None:
        del data[field]
    with pytest.raises(MalformedFingerprint, match=f"^{field}"):
        from_json(data)


def test_a_sketch_that_looks_under_its_mask_is_refused() -> None:
    data = {**to_json(enroll(1)), "mask": in_base64(b"\xff" * 512)}
    with pytest.raises(MalformedFingerprint, match="mask hides"):
        from_json(data)


def test_a_newer_version_says_so() -> None:
    with pytest.raises(NewerVersion, match="arc-2"):
        from_json(to_json(replace(enroll(1), version="arc-2")))
