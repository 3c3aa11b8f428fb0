"""Numbers, dates, names and identifiers as papers print them (DOMAIN.md §3.3, §6.5)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.loader import load_rulebook
from extractors.dates import add_months, date_in_words, find_date, find_long_date
from extractors.names import agencies_in, issuing_agency, organisation_name, person_name
from extractors.numbers import close_up, number_lead, parse_number, snap_notation
from extractors.values import identifier_is_sound

RULES = load_rulebook()
PARTS = RULES.notation_parts


@pytest.mark.parametrize(
    ("printed", "value", "notation"),
    [
        ("Số: 5283/KH-UBND", "5283/KH-UBND", "KH-UBND"),
        ("Số: 468/QĐ-TTg", "468/QĐ-TTg", "QĐ-TTg"),
        ("Số: 61/2018/NĐ-CP", "61/2018/NĐ-CP", "NĐ-CP"),
        ("Số: 01/2023/TT-VPCP", "01/2023/TT-VPCP", "TT-VPCP"),
        ("Số: 1667/NQ-UBTVQH15", "1667/NQ-UBTVQH15", "NQ-UBTVQH15"),
        ("Số: 202/2025/QH15", "202/2025/QH15", "QH15"),
        ("Số: 3754/TTr-STTTT", "3754/TTr-STTTT", "TTr-STTTT"),
        ("Số: 45/UBND-KSTT", "45/UBND-KSTT", "UBND-KSTT"),
        ("So: 12/GPXD", "12/GPXD", "GPXD"),
        ("Sô 5283/KH-UBNĐ", "5283/KH-UBND", "KH-UBND"),
        ("Số: 299 / UBND - TTHC", "299/UBND-TTHC", "UBND-TTHC"),
        ("Số: 12a/QĐ-UBND", "12a/QĐ-UBND", "QĐ-UBND"),
        ("Số : 07/QD-UBND", "07/QĐ-UBND", "QĐ-UBND"),
        ("Số: 123/2021", "123/2021", None),
        ("Số: 80/KH–BCĐBVMT", "80/KH-BCĐBVMT", "KH-BCĐBVMT"),
        ("Số: 15-QĐ/UB", "15-QĐ/UB", "QĐ/UB"),
        ("Số: 120/2016/TTLT-BTC-BTP", "120/2016/TTLT-BTC-BTP", "TTLT-BTC-BTP"),
        ("Số: 33/SNN&PTNT-CCTL", "33/SNN&PTNT-CCTL", "SNN&PTNT-CCTL"),
    ],
)
def test_numbers_are_read_as_printed(printed: str, value: str, notation: str | None) -> None:
    number = parse_number(printed, PARTS)
    assert number is not None
    assert (number.value, number.notation) == (value, notation)


def test_a_slash_that_was_not_read_is_put_before_a_listed_notation_alone_and_the_number_is_less_sure() -> (
    None
):
    number = parse_number("Số: 568 GPXD", PARTS)
    assert number is not None and number.snapped
    assert (number.value, number.notation, number.raw) == ("568/GPXD", "GPXD", "568 GPXD")
    for other in ("Số: 568 ABCD", "Số: 568 GPXD của Sở", "568 GPXD", "Số: 5681GPXD"):
        found = parse_number(other, PARTS)
        assert found is None or found.value is None


@pytest.mark.parametrize(
    ("printed", "notation"),
    [
        ("Số:     /QĐ-UBND", "QĐ-UBND"),
        ("Số: ……/KH-UBND", "KH-UBND"),
        ("Số: ZZ_/GPXD", "GPXD"),
        ("Số: 7⁄4Z/QĐ-UBND", "QĐ-UBND"),
        ("Số: 5l/GPXD", "GPXD"),
        ("Số: 1O/QĐ-UBND", "QĐ-UBND"),
    ],
)
def test_unread_digits_leave_the_number_open_and_keep_the_notation(printed: str, notation: str) -> None:
    number = parse_number(printed, PARTS)
    assert number is not None
    assert number.value is None
    assert number.notation == notation
    assert number.raw


@pytest.mark.parametrize(
    "text", ["Sở Y tế", "Số hiệu văn bản", "Sơ đồ thửa đất", "Căn cứ Quyết định số 12/QĐ-UBND", ""]
)
def test_other_lines_are_no_number_lines(text: str) -> None:
    assert number_lead(text) is None


@given(
    digits=st.from_regex(r"\A[1-9][0-9]{0,4}\Z", fullmatch=True),
    kind=st.sampled_from(["KH", "QĐ", "TTr", "BC", "TB", "GPXD"]),
    agency=st.sampled_from(["UBND", "SYT", "STTTT", "SLĐTBXH", "HĐND"]),
    gaps=st.tuples(*[st.sampled_from(["", " ", "  "])] * 4),
)
def test_spaces_around_slash_and_dash_never_matter(
    digits: str, kind: str, agency: str, gaps: tuple[str, ...]
) -> None:
    one, two, three, four = gaps
    number = parse_number(f"Số: {digits}{one}/{two}{kind}{three}-{four}{agency}", PARTS)
    assert number is not None
    assert number.value == f"{digits}/{kind}-{agency}"


@given(st.text(alphabet="0123456789", min_size=1, max_size=6))
def test_digits_are_never_changed(digits: str) -> None:
    number = parse_number(f"Số: {digits}/QD-UBNĐ", PARTS)
    assert number is not None
    assert number.value == f"{digits}/QĐ-UBND"


def test_a_dash_lost_between_two_long_parts_comes_back_and_short_parts_stay_one() -> None:
    parts = frozenset({"UBND", "KSTT", "QH", "KT"})
    assert snap_notation("UBNDKSTT", parts) == ("UBND-KSTT", True)
    assert snap_notation("QHKT", parts) == ("QHKT", False)


@pytest.mark.parametrize("notation", ["SDT-XYZ", "BVBD-KHTH", "STP-HT", "SCT-QLTM", "HD-SNV", "CĐ-VP"])
def test_a_notation_that_is_real_or_merely_unknown_is_left_alone(notation: str) -> None:
    assert snap_notation(notation, PARTS) == (notation, False)


@given(st.text(max_size=40))
def test_closing_up_twice_is_closing_up_once(text: str) -> None:
    assert close_up(close_up(text)) == close_up(text)


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("Khánh Hoà, ngày 16 tháng 6 năm 2021", date(2021, 6, 16)),
        ("Nha Trang, ngày 05 tháng 02 năm 2020", date(2020, 2, 5)),
        ("Quảng Ngãi, ngây 16 thảng 6 nắm 2021", date(2021, 6, 16)),
        ("16/6/2021", date(2021, 6, 16)),
        ("16-06-2021", date(2021, 6, 16)),
        ("16.06.2021", date(2021, 6, 16)),
    ],
)
def test_dates_are_read(printed: str, day: date) -> None:
    found = find_date(printed)
    assert found is not None
    assert found.day == day


@pytest.mark.parametrize(
    "printed",
    [
        "Khánh Hòa, ngày     tháng 6 năm 2021",
        "ngày …… tháng …… năm 2021",
        "ngày 31 tháng 02 năm 2021",
        "ngày l6 tháng 6 năm 2021",
        "Khánh Hòa, ngày Clháng Đ năm 2022",
    ],
)
def test_a_part_read_or_unreal_date_has_no_day(printed: str) -> None:
    found = find_long_date(printed)
    assert found is not None
    assert found.day is None


@pytest.mark.parametrize("text", ["hằng ngày và hằng tháng trong năm", "Số: 12/2021", "không có ngày"])
def test_texts_without_a_date_have_none(text: str) -> None:
    assert find_date(text) is None


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_printed_date_reads_back(day: date) -> None:
    for printed in (
        f"Diên Khánh, ngày {day.day:02d} tháng {day.month} năm {day.year}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day.day:02d}-{day.month:02d}-{day.year}",
    ):
        found = find_date(printed)
        assert found is not None
        assert found.day == day


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("Ngày ba, tháng hai, năm hai nghìn không trăm hai mươi mốt", date(2021, 2, 3)),
        ("Ngày mùng hai tháng tư năm hai nghìn không trăm lẻ một", date(2001, 4, 2)),
        ("ngày ba mươi mốt tháng mười hai năm một nghìn chín trăm chín mươi lăm", date(1995, 12, 31)),
        ("ngày mười lăm tháng mười năm hai ngàn lẻ bảy", date(2007, 10, 15)),
    ],
)
def test_dates_in_words_are_read(words: str, day: date) -> None:
    assert date_in_words(words) == day


@given(st.dates(date(1950, 1, 1), date(2080, 12, 31)), st.integers(0, 600))
def test_adding_months_never_skips_a_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("header", "agency"),
    [
        (["ỦY BAN NHÂN DÂN", "TỈNH QUẢNG NGÃI"], "Ủy ban nhân dân tỉnh Quảng Ngãi"),
        (["UBND TỈNH KIÊN GIANG", "SỞ Y TẾ"], "Sở Y tế Kiên Giang"),
        (["UBND TỈNH QUẢNG NGÃI", "SỞ Y TÉ"], "Sở Y tế Quảng Ngãi"),
        (["BỘ Y TẾ"], "Bộ Y tế"),
        (["BẢO HIỂM XÃ HỘI VIỆT NAM"], "Bảo hiểm xã hội Việt Nam"),
        (["UBND HUYỆN DIÊN KHÁNH", "ỦY BAN NHÂN DÂN", "XÃ DIÊN AN"], "Ủy ban nhân dân xã Diên An"),
        (["UỶ BAN NHÂN DÂN", "THÀNH PHỐ HÀ NỘI"], "Ủy ban nhân dân thành phố Hà Nội"),
        (["THÀNH PHỐ HỒ CHÍ MINH", "SỞ Y TẾ"], "Sở Y tế Thành phố Hồ Chí Minh"),
        (["UBND TP. NHA TRANG", "PHÒNG QUẢN LÝ ĐÔ THỊ"], "Phòng Quản lý đô thị thành phố Nha Trang"),
        (["UBND HUYỆN VẠN NINH", "PHÒNG TÀI CHÍNH - KẾ HOẠCH"], "Phòng Tài chính - Kế hoạch huyện Vạn Ninh"),
        (
            ["SỞ TÀI CHÍNH", "TỈNH KHÁNH HÒA", "PHÒNG ĐĂNG KÝ KINH DOANH"],
            "Phòng Đăng ký kinh doanh Khánh Hòa",
        ),
        (
            ["UBND TỈNH KHÁNH HÒA", "SỞ LAO ĐỘNG - THƯƠNG BINH", "VÀ XÃ HỘI"],
            "Sở Lao động - Thương binh và Xã hội Khánh Hòa",
        ),
        (["BỘ TÀI CHÍNH", "TỔNG CỤC THUẾ"], "Tổng cục Thuế"),
        (["CHÍNH PHỦ"], "Chính phủ"),
        (["TỈNH ỦY QUẢNG NAM"], "Tỉnh ủy Quảng Nam"),
        (["UBND HUYỆN CỦ CHI", "PHÒNG GD&ĐT"], "Phòng Giáo dục và Đào tạo huyện Củ Chi"),
        (["UBND TỈNH BÌNH ĐỊNH", "BQL KHU KINH TẾ"], "Ban Quản lý Khu kinh tế Bình Định"),
        (["BỘ GIAO THÔNG VẬN TẢI", "CỤC HÀNG HẢI VIỆT NAM"], "Cục Hàng hải Việt Nam"),
        (["TỔNG CỤC THUẾ", "CỤC THUẾ TP. HỒ CHÍ MINH"], "Cục Thuế thành phố Hồ Chí Minh"),
        (["HỘI ĐỒNG NHÂN DÂN", "TỈNH LÀO CAI"], "Hội đồng nhân dân tỉnh Lào Cai"),
        (["NGÂN HÀNG NHÀ NƯỚC", "VIỆT NAM"], "Ngân hàng Nhà nước Việt Nam"),
        (["UBND QUẬN 1", "PHÒNG QUẢN LÝ ĐÔ THỊ"], "Phòng Quản lý đô thị quận 1"),
        (["ỦY BAN NHÂN DÂN", "HUYỆN ĐẮK R'LẤP"], "Ủy ban nhân dân huyện Đắk R'Lấp"),
        (["UBND TỈNH LÂM ĐỒNG", "VĂN PHÒNG"], "Văn phòng Ủy ban nhân dân tỉnh Lâm Đồng"),
        (["BỘ CÔNG AN", "CÔNG AN TỈNH QUẢNG NGÃI"], "Công an tỉnh Quảng Ngãi"),
        (["ỦY BAN NHÂN DÂN TỈNH", "VĂN PHÒNG"], "Văn phòng Ủy ban nhân dân Tỉnh"),
        (
            ["UBND TỈNH KHÁNH HÒA", "BAN QUẢN LÝ KHU KINH TẾ", "VÂN PHONG"],
            "Ban Quản lý Khu kinh tế Vân Phong Khánh Hòa",
        ),
        (
            ["SỞ KẾ HOẠCH VÀ ĐẦU TƯ TỈNHKHÁNH HÒA", "PHÒNG ĐĂNG KÝ KINH DOANH"],
            "Phòng Đăng ký kinh doanh Khánh Hòa",
        ),
        (
            ["UBND HUYỆN DIÊN KHÁNH", "PHÒNG TÀI CHÍNH - KẾ HOẠCH", "CÔNG VĂN ĐẾN"],
            "Phòng Tài chính - Kế hoạch huyện Diên Khánh",
        ),
        (["UBND HUYỆN DIÊN KHÁNH", "UBND XÃ DIÊN AN", "(BẢN CHÍNH)"], "Ủy ban nhân dân xã Diên An"),
    ],
)
def test_header_lines_become_the_issuing_agency(header: list[str], agency: str) -> None:
    assert issuing_agency(agencies_in(header, RULES), RULES) == agency


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("NGUYỄN THỊ BÌNH ........", "Nguyễn Thị Bình"),
        ("Bo Bo Thanh Phong", "Bo Bo Thanh Phong"),
        ("Đinh Viết Ẩn", "Đinh Viết Ẩn"),
        ("225123456", None),
        ("......", None),
        ("An", None),
    ],
)
def test_personal_names_take_title_case_and_nothing_else_changes(printed: str, name: str | None) -> None:
    assert person_name(printed) == name


def test_companies_keep_their_short_forms() -> None:
    assert organisation_name("CÔNG TY TNHH MTV AN KHANG") == "Công ty TNHH MTV An Khang"
    assert organisation_name("Công ty cổ phần Đại Lộc") == "Công ty cổ phần Đại Lộc"


@pytest.mark.parametrize(
    ("identifier", "sound"),
    [
        ("056190001234", True),
        ("056990001234", False),
        ("000190001234", False),
        ("225123456", True),
        ("0100109106", True),
        ("0100109107", False),
        ("0000000000", False),
        ("12345", False),
    ],
)
def test_identifiers_that_cannot_be_real_are_known(identifier: str, sound: bool) -> None:
    assert identifier_is_sound(identifier, 2024) is sound
