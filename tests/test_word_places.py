"""Which printed words a typed value replaces, and where its words come to lie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.corrections import corrected
from schemas.documents import Field
from schemas.reading import Box, PageReading, Rotation
from schemas.review import Action, Decision
from tests.printed_pages import left, page, turned


def field_over(reading: PageReading, first: int, last: int, value: str | None, raw: str = "") -> Field:
    """A field whose box holds some words of a page."""
    box = reading.words[first].box
    for word in reading.words[first : last + 1]:
        box = box.union(word.box)
    return Field(value=value, raw=raw or value, page=reading.number, box=box)


def laid(reading: PageReading, name: str, field: Field, value: str) -> PageReading:
    """The page with a person's value in place of the machine's."""
    done = corrected([reading], {name: field}, {name: Decision(target=name, value=value)})
    assert done.placed == ((name, 1),)
    return done.readings[0]


@pytest.mark.parametrize(
    ("printed", "old", "new", "after"),
    [
        ("Số: 1615/TB-ĐHVH", "1615/TB-ĐHVH", "1675/TB-ĐHVH", "Số: 1675/TB-ĐHVH"),
        ("Số:1615/TB-ĐHVH", "1615/TB-ĐHVH", "1675/TB-ĐHVH", "Số:1675/TB-ĐHVH"),
        ("Số: 1615 / TB-ĐHVH", "1615/TB-ĐHVH", "1675/TB-ĐHVH", "Số: 1675/TB-ĐHVH"),
        ("Họ tên: LÊ VĂN AN, sinh", "Lê Văn An", "Lê Văn Ân", "Họ tên: Lê Văn Ân, sinh"),
        ("Họ tên: Lê An", "Lê An", "Lê Văn An", "Họ tên: Lê Văn An"),
        ("Họ tên: Lê Thị Văn An", "Lê Thị Văn An", "Lê An", "Họ tên: Lê An"),
        ("Số: 0562 2100 1234", "056221001234", "056221001235", "Số: 056221001235"),
        ("Số: …/2021", None, "12/2021", "Số: 12/2021"),
    ],
)
def test_labels_and_punctuation_stay_and_the_value_is_as_typed(
    printed: str, old: str | None, new: str, after: str
) -> None:
    reading = page([left(printed, 0.2)])
    field = field_over(reading, 0, len(reading.words) - 1, old, raw="…/2021")
    assert laid(reading, "number", field, new).text == after


def test_an_end_that_is_printed_apart_from_the_value_follows_it() -> None:
    reading = page([left("UBND HUYỆN DIÊN KHÁNH", 0.2), left("PHÒNG TÀI CHÍNH - KẾ HOẠCH", 0.22)])
    field = field_over(reading, 0, 9, "Phòng Tài chính - Kế hoạch huyện Diên Khánh")
    other_place = laid(reading, "agency", field, "Phòng Tài chính - Kế hoạch huyện Vạn Ninh")
    assert other_place.text == "UBND huyện Vạn Ninh\nPhòng Tài chính - Kế hoạch huyện Vạn Ninh"
    other_office = laid(reading, "agency", field, "Phòng Kinh tế huyện Diên Khánh")
    assert other_office.text == "UBND HUYỆN DIÊN KHÁNH\nPhòng Kinh tế huyện Diên Khánh"


@pytest.mark.parametrize(
    ("printed", "after"),
    [
        ("Hà Nội, ngày 21 tháng 12 năm 2022", "Hà Nội, ngày 05 tháng 02 năm 2023"),
        ("ngày 05 thang 12 năm 2023.", "ngày 05 tháng 02 năm 2023."),
        ("ngày tháng 2 năm 2023", "ngày 05 tháng 2 năm 2023"),
        ("Cấp: 21/12/2022.", "Cấp: 05/02/2023."),
        ("21.12.2O22", "05.02.2023"),
        ("Ngày cấp: ???", "Ngày cấp: 05/02/2023"),
    ],
)
def test_a_date_keeps_its_printed_form_and_the_parts_that_were_right(printed: str, after: str) -> None:
    reading = page([left(printed, 0.2)])
    field = field_over(reading, 0, len(reading.words) - 1, "2022-12-21")
    assert laid(reading, "issue_date", field, "2023-02-05").text.replace("thang", "tháng") == after


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_new_words_share_the_place_of_the_old_ones_in_the_direction_of_reading(rotation: Rotation) -> None:
    upright = page([left("Tên: An", 0.2), left("Dòng dưới", 0.3)])
    reading = turned(upright, rotation)
    after = laid(reading, "owner_name", field_over(reading, 1, 1, "An"), "Lê Văn An")
    assert after.text == "Tên: Lê Văn An\nDòng dưới"
    old = reading.words[1].box
    boxes = [word.box for word in after.words[1:4]]
    assert boxes == _in_order(boxes, rotation)
    assert all(old.union(word.box) == old for word in after.words[1:4]), "within the old word"
    assert after.words[0] == reading.words[0] and after.words[4:] == reading.words[2:]


def _in_order(boxes: list[Box], rotation: Rotation) -> list[Box]:
    """Boxes in the direction in which a page that must be turned by `rotation` is read."""
    backwards = rotation in {90, 180}
    return sorted(boxes, key=lambda box: box.top if rotation % 180 else box.left, reverse=backwards)


def test_what_is_absent_or_confirmed_changes_no_word() -> None:
    reading = page([left("Số: 12/2021", 0.2)])
    fields = {"number": field_over(reading, 1, 1, "12/2021")}
    for decision in (
        Decision(target="number", action=Action.ABSENT),
        Decision(target="number", value="12/2021"),
        Decision(target="confirm:number", value="13/2021"),
        Decision(target="picture:image_blurred:1", action=Action.ACCEPT),
        Decision(target="kind", value="decision"),
    ):
        done = corrected([reading], fields, {decision.target: decision})
        assert (done.readings, done.placed, done.unplaced) == ((reading,), (), ())


def test_a_page_that_is_a_placeholder_in_the_file_takes_no_word() -> None:
    reading = page([left("Số: 12/2021", 0.2)])
    fields = {"number": field_over(reading, 1, 1, "12/2021")}
    done = corrected([reading], fields, {"number": Decision(target="number", value="13/2021")}, lost={1})
    assert (done.readings, done.unplaced) == ((reading,), ("number",))


_TOKENS = st.lists(st.text("aAbBđ1:.,/-", min_size=1, max_size=6), min_size=1, max_size=6)


@given(printed=_TOKENS, old=_TOKENS, new=_TOKENS, cut=st.integers(0, 5))
def test_whatever_is_printed_the_value_stands_there_in_order_and_inside_the_page(
    printed: list[str], old: list[str], new: list[str], cut: int
) -> None:
    rows = [
        left(" ".join(part), 0.2 + at / 50) for at, part in enumerate((printed[:cut], printed[cut:])) if part
    ]
    reading = page(rows)
    field = field_over(reading, 0, len(reading.words) - 1, " ".join(old))
    if " ".join(new) == field.value:
        return
    after = laid(reading, "subject", field, " ".join(new))
    text = [word.text for word in after.words]
    place = 0
    for token in new:
        place = next(at for at in range(place, len(text)) if token in text[at]) + 1
    whole = Box(0, 0, reading.width, reading.height)
    assert all(whole.union(word.box) == whole and word.box.width > 0 for word in after.words)
