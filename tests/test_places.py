"""Where figures stand between printed words is found whatever the engine made of the ink; what is read goes there."""

from __future__ import annotations

import pytest

from extractors.dates import find_long_date
from extractors.numbers import parse_number
from extractors.places import places_of
from extractors.written import lines_with_written, place_box
from schemas.reading import Box, PageReading, PageState, Word, Written

FIGURES = {"number": "1675", "register": "149/2007", "day": "21", "month": "12", "year": "2022"}


def page(*rows: str, top: int = 300) -> PageReading:
    """A page of 2000 × 3000 with rows of text, each letter 20 px wide, words as given by spaces."""
    words = []
    for row, text in enumerate(rows):
        at = 300
        for one in text.split():
            box = Box(at, top + 60 * row, at + 20 * len(one), top + 60 * row + 40)
            words.append(Word(one, 0.5, box, row, 0))
            at += 20 * (len(one) + 1)
    return PageReading(number=1, state=PageState.READ, width=2000, height=3000, words=tuple(words))


def with_figures(reading: PageReading, hand: bool = True, sure: float = 0.99) -> list[str]:
    seen = [
        Written(place.what, place_box(place, reading), hand, ((FIGURES[place.what], sure),), True, place.read)
        for place in places_of(reading)
        if place.what in FIGURES
    ]
    return [line.text for line in lines_with_written(reading.model_copy(update={"written": tuple(seen)}))]


@pytest.mark.parametrize(
    "read",
    [
        "Số: 1675 /TB-ĐHVH",
        "Số:/@X7TB-ĐHVH",
        "Số: /Ế SYT-VP",
        "Số.L7 BC-SYT",
        "SốiỔ /GM-SYT",
        "Số 224 /TB -SYT",
        "S6: 5ẢỒ SYT-NVD",
        "Số: /67/TB-ĐHVH",
        "Số: …... /QĐ-UBND",
    ],
)
def test_a_number_takes_the_place_of_what_was_made_of_its_ink(read: str) -> None:
    reading = page(read)
    assert [place.what for place in places_of(reading)] == ["number"]
    (text,) = with_figures(reading)
    number = parse_number(text)
    assert number is not None and number.value is not None, text
    assert number.value.startswith("1675/") and number.value.endswith(number.notation or "?")
    assert "1675" not in " ".join(word.text for word in reading.words) or read.startswith("Số: 1675")


def test_a_year_between_number_and_notation_stays() -> None:
    (text,) = with_figures(page("Số: Q1/2021/QĐ-UBND"))
    number = parse_number(text)
    assert number is not None and number.value == "1675/2021/QĐ-UBND"


@pytest.mark.parametrize("read", ["Số: 149/2007", "Số: [49 2007", "Số:ffZ 2022", "Số: 468 2oo2 Quyển số:"])
def test_a_forms_number_takes_the_place_of_what_was_made_of_its_ink(read: str) -> None:
    reading = page(read)
    assert [place.what for place in places_of(reading)] == ["register"]
    number = parse_number(with_figures(reading)[0])
    assert number is not None and number.value == "149/2007"


@pytest.mark.parametrize(
    "read",
    [
        "Đà Nẵng, ngày 21 tháng 12 năm 2022",
        "Đà Nẵng, ngày.{Ltháng§ năm 2022",
        "Đà Nẵng, ngàyƠ}tháng@À năm 2022",
        "Đà Nẵng,ngày2° tháng 01 năm 2022",
        "Diên Khánh, ngày Z1 tháng l/ năm 20zZ",
    ],
)
def test_a_day_and_a_month_take_the_place_of_what_was_made_of_their_ink(read: str) -> None:
    reading = page(read)
    assert {place.what for place in places_of(reading)} >= {"day", "month"}
    (text,) = with_figures(reading)
    found = find_long_date(text)
    assert found is not None and found.day is not None and found.day.isoformat() == "2022-12-21", text


@pytest.mark.parametrize(
    "read",
    [
        "SỞ Y TẾ KHÁNH HÒA",
        "Số định danh cá nhân/ CCCD số 052035557860",
        "Sổ hộ khẩu của ông A",
        "Số điện thoại liên hệ",
        "SO GIAO THÔNG-VẬN",
    ],
)
def test_other_words_in_a_heading_hold_no_number(read: str) -> None:
    assert not [place for place in places_of(page(read)) if place.what == "number"]


@pytest.mark.parametrize("label", ["Ngày, tháng, năm sinh: 31/3/2012", "Ngày,tháng, năm đăng ký: 02/8/2019"])
def test_a_forms_label_of_a_date_is_no_place_for_a_date(label: str) -> None:
    assert not list(places_of(page(label)))


def test_print_that_was_read_stays_as_it_was_read() -> None:
    reading = page("Số: 17 /GM-SYT", "Đà Nẵng, ngày 06 tháng 9 năm 2022")
    assert with_figures(reading, hand=False, sure=0.6) == [line.text for line in lines_with_written(reading)]
