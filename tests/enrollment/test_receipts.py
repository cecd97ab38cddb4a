import base64
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pytest_django import Settings as DjangoSettings

from enrollment import receipts
from enrollment.receipts import ALPHABET, Receipt

tokens = st.binary(min_size=32, max_size=32).map(
    lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")
)
bodies = st.text(ALPHABET, min_size=9, max_size=9)
# How people write what they read: other letters for digits, small letters, dashes and spaces anywhere.
LOOKALIKES = {"0": "0Oo", "1": "1IiLl"}
GAPS = st.sampled_from(["", "", "", " ", "-", " - ", "\u2013", "\u00a0", "\u200b", "\t"])


@st.composite
def written(draw: st.DrawFn, text: str) -> str:
    return draw(GAPS) + "".join(
        draw(st.sampled_from(LOOKALIKES.get(character, character + character.lower()))) + draw(GAPS)
        for character in text
    )


def test_the_alphabet_leaves_out_what_is_mistaken_for_another() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


@given(tokens)
def test_a_token_always_gives_the_same_receipt(token: str) -> None:
    receipt = receipts.derive(token)
    assert receipts.TOKEN.fullmatch(token)
    assert receipt == receipts.derive(token)
    assert re.fullmatch(f"[{ALPHABET}]{{10}}", receipt.number)
    assert re.fullmatch(f"[{ALPHABET}]{{25}}", receipt.secret)
    assert receipts.derive_secret(token) == receipt.secret


@given(tokens, tokens)
def test_different_tokens_give_different_receipts(one: str, other: str) -> None:
    assume(one != other)
    assert receipts.derive(one).number != receipts.derive(other).number
    assert receipts.derive(one).secret != receipts.derive(other).secret
    assert receipts.submission_digest(one) != receipts.submission_digest(other)


@given(tokens, st.integers(1, 5))
def test_a_further_attempt_changes_the_number_and_keeps_the_secret(token: str, attempt: int) -> None:
    first, further = receipts.derive(token), receipts.derive(token, attempt)
    assert first.number != further.number
    assert first.secret == further.secret
    assert receipts.read_number(further.number) == further.number


@settings(max_examples=30)
@given(st.data(), tokens)
def test_it_reads_back_whatever_way_it_was_written(data: st.DataObject, token: str) -> None:
    receipt = receipts.derive(token)
    assert receipts.read_number(receipt.shown_number) == receipt.number
    assert receipts.read_secret(receipt.shown_secret) == receipt.secret
    assert receipts.read_number(data.draw(written(receipt.number))) == receipt.number
    assert receipts.read_secret(data.draw(written(receipt.secret))) == receipt.secret


@given(bodies, st.integers(0, 9), st.sampled_from(ALPHABET))
def test_the_check_character_finds_any_one_wrong_character(body: str, place: int, wrong: str) -> None:
    number = body + receipts.check_character(body)
    assume(number[place] != wrong)
    assert receipts.read_number(number[:place] + wrong + number[place + 1 :]) is None


@given(bodies, st.integers(0, 8))
def test_the_check_character_finds_any_swap_of_neighbours(body: str, place: int) -> None:
    number = body + receipts.check_character(body)
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert receipts.read_number(swapped) is None


@pytest.mark.parametrize(
    "text", ["", "ABC", "U" * 10, "!" * 10, "0" * 9, "0" * 11, "é" * 10, "0" * 500, "\0" * 10]
)
def test_it_reads_nothing_out_of_nonsense(text: str) -> None:
    assert receipts.read_number(text) is None


@pytest.mark.parametrize("text", ["", "U" * 25, "0" * 24, "0" * 26, " " * 25])
def test_it_reads_no_secret_out_of_nonsense(text: str) -> None:
    assert receipts.read_secret(text) is None


@given(st.text(max_size=300))
def test_it_never_fails_on_any_text(text: str) -> None:
    for read, length in ((receipts.read_number, 10), (receipts.read_secret, 25)):
        plain = read(text)
        assert plain is None or (len(plain) == length and set(plain) <= set(ALPHABET))


def test_it_shows_groups_of_five() -> None:
    receipt = Receipt("0123456789", "ABCDE" * 5)
    assert receipt.shown_number == "01234-56789"
    assert receipt.shown_secret == "ABCDE-ABCDE-ABCDE-ABCDE-ABCDE"


def test_the_secret_does_not_show_in_a_log() -> None:
    assert "ABCDE" not in repr(Receipt("0123456789", "ABCDE" * 5))


def test_a_secret_counts_for_its_own_case_only(settings: DjangoSettings) -> None:
    secret = "ABCDE" * 5
    stored = receipts.secret_digest("0123456789", secret)
    assert receipts.is_secret(secret, "0123456789", stored)
    assert not receipts.is_secret("ABCDF" * 5, "0123456789", stored)
    assert not receipts.is_secret(secret, "9876543210", stored)
    settings.ARC_PEPPER = "x" * 43
    assert not receipts.is_secret(secret, "0123456789", stored)


def test_contents_are_told_apart_by_bytes_order_and_token() -> None:
    token, other = receipts.new_token(), receipts.new_token()
    digest = receipts.contents_digest(token, [b"a", b"b"])
    assert digest == receipts.contents_digest(token, [b"a", b"b"])
    assert digest != receipts.contents_digest(token, [b"b", b"a"])
    assert digest != receipts.contents_digest(token, [b"ab"])
    assert digest != receipts.contents_digest(other, [b"a", b"b"])


def test_a_new_token_is_new_and_has_the_shape_that_forms_demand() -> None:
    made = {receipts.new_token() for _ in range(50)}
    assert len(made) == 50
    assert all(receipts.TOKEN.fullmatch(token) for token in made)
