from pytest_django import Settings

from enrollment.pepper import peppered


def test_it_is_a_function_of_purpose_parts_and_pepper(settings: Settings) -> None:
    digest = peppered("purpose", "part", b"bytes")
    assert digest == peppered("purpose", "part", "bytes")
    assert len(digest) == 32
    assert digest != peppered("other purpose", "part", b"bytes")
    settings.ARC_PEPPER = "x" * 43
    assert digest != peppered("purpose", "part", b"bytes")


def test_parts_cannot_be_shifted_into_one_another() -> None:
    assert peppered("a", "bc") != peppered("ab", "c")
    assert peppered("a", "b", "c") != peppered("a", "bc")
    assert peppered("a") != peppered("a", "")
