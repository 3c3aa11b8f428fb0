"""Normal forms and folding of Vietnamese text (DOMAIN.md §6.4)."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.numerals import day_text, number_text, share_text
from schemas.text import (
    fold,
    fold_tone_place,
    mask_identifier,
    nfc,
    show_bytes,
    squeeze,
    strip_accents,
)

_LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ "
vietnamese = st.text(alphabet=_LETTERS + _LETTERS.upper(), max_size=60)


@given(vietnamese)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(
    st.lists(st.sampled_from(["Khánh", "Hoà", "thuỷ", "quý", "Đắk", "nghiệp", "Ấn", "xã", "ừ"]), max_size=8)
)
def test_tone_places_fold_once_and_for_all(words: list[str]) -> None:
    key = fold_tone_place(" ".join(words))
    assert fold_tone_place(key) == key


@given(vietnamese)
def test_folding_does_not_depend_on_composition(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    assert nfc(unicodedata.normalize("NFD", text)) == nfc(text)


@given(vietnamese)
def test_stripped_letters_are_ascii(text: str) -> None:
    assert strip_accents(text).isascii()


@pytest.mark.parametrize(
    ("old", "new"), [("Khánh Hoà", "Khánh Hòa"), ("Thuỷ", "Thủy"), ("khoẻ", "khỏe"), ("HOÀ", "hòa")]
)
def test_both_places_of_a_tone_are_one(old: str, new: str) -> None:
    assert fold_tone_place(old) == fold_tone_place(new)


@pytest.mark.parametrize(("one", "other"), [("Mỹ", "Mĩ"), ("ban", "bán"), ("Hòa", "Hỏa"), ("đa", "da")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold_tone_place(one) != fold_tone_place(other)


def test_look_alikes_of_the_barred_d_become_it() -> None:
    assert nfc("QÐ Ɖ ð") == "QĐ Đ đ"
    assert fold("Ðường – Đèo") == "duong - deo"


def test_white_space_is_squeezed() -> None:
    assert squeeze("  a \u00a0 b\n c ") == "a b c"


def test_numbers_and_dates_read_as_vietnamese_reports_print_them() -> None:
    assert number_text(1234.5, "vi", 2) == "1.234,50"
    assert number_text(1234.5, "en", 2) == "1,234.50"
    assert share_text(0.125, "vi") == "12,50 %" and share_text(0.125, "en") == "12.50 %"
    assert day_text(date(2021, 6, 5), "vi") == "05/06/2021"


def test_identifiers_are_masked() -> None:
    assert mask_identifier("056190001234") == "056*******34"
    assert mask_identifier("12345") == "*****"


def test_undecodable_bytes_are_shown_not_lost() -> None:
    assert show_bytes(b"a\xff.pdf") == "a\\xff.pdf"
