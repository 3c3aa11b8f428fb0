"""Papers out of pages: split, kind, fields, place, code, route, on pages laid out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from configs.loader import load_rulebook
from extractors.anchors import lines_of
from extractors.secrecy import secret_mark
from extractors.split import mark_separators
from extractors.understanding import understand
from extractors.units import find_unit, resolve
from schemas.batches import BatchSheet
from schemas.documents import Document, Role, Route, Verdict
from schemas.findings import Severity, finding
from schemas.reading import PageReading, PageState
from schemas.routing import route
from tests.laid_out import BIRTH, DECISION, DISPATCH, extract
from tests.printed_pages import NATIONAL, left, official, page, turned

RULES = load_rulebook(
    engine="tesserocr"
)  # thresholds that no derivation moves under the made-up confidences here
TODAY = date(2026, 11, 23)
SHA = "0" * 64


def papers(*pages: PageReading, sheet: BatchSheet | None = None) -> tuple[Document, ...]:
    return understand(SHA, pages, RULES, sheet, TODAY)


def one(*pages: PageReading, sheet: BatchSheet | None = None) -> Document:
    found = papers(*pages, sheet=sheet)
    assert len(found) == 1
    return found[0]


def values(document: Document) -> dict[str, str | None]:
    return {name: field.value for name, field in document.fields.items()}


def rules_of(document: Document) -> set[str]:
    return {each.rule for each in document.findings}


def test_a_decision_of_another_province_is_read_by_place_and_pattern() -> None:
    document = one(page(DECISION))
    assert document.kind == "decision"
    assert values(document) == {
        "number": "2041/QĐ-SYT",
        "notation": "QĐ-SYT",
        "issue_date": "2023-08-09",
        "agency": "Sở Y tế Quảng Ngãi",
        "document_type": "Quyết định",
        "subject": "Về việc phê duyệt danh mục kỹ thuật tại phòng khám đa khoa",
        "signer": "Trần Thị Hoa",
        "signer_title": "Phó Giám đốc",
    }
    assert {"no_result_code", "unit_unresolved"} <= rules_of(document)
    assert (document.level, document.unit) == (None, None)


def test_a_dispatch_has_no_title_and_says_so() -> None:
    document = one(page(DISPATCH))
    assert document.kind == "dispatch"
    assert document.fields["document_type"].source == "derived"
    assert values(document) | {} == {
        "number": "6543/BYT-KCB",
        "notation": "BYT-KCB",
        "issue_date": "2022-11-15",
        "agency": "Bộ Y tế",
        "document_type": "Công văn",
        "subject": "hướng dẫn cấp giấy phép hoạt động khám bệnh",
        "signer": "Lê Văn Minh",
        "signer_title": "Cục trưởng Cục Quản lý Khám, chữa bệnh",
    }


def test_a_birth_certificate_is_a_form_with_code_owner_unit_and_validity() -> None:
    document = one(page(BIRTH))
    assert document.kind == "birth_certificate"
    read = values(document)
    assert read["number"] == "123/2021"
    assert "notation" not in read
    assert read["owner_name"] == "Nguyễn Gia Huy"
    assert read["owner_id"] == "056221001234"
    assert (read["mother_name"], read["father_name"]) == ("Trần Thị Thu", "Nguyễn Văn Hai")
    assert read["birth_date"] == "2021-05-04"
    assert read["issue_date"] == "2021-05-12"
    assert read["agency"] == "Ủy ban nhân dân xã Diên An"
    assert (document.level, document.unit) == ("xa", "Xã Diên An")
    assert document.result_type is not None
    assert document.result_type.value == "KQ.G15.000031"
    assert document.procedure is None, "twelve procedures end in a birth certificate"
    assert document.validity.state == "in_force"
    assert document.route is Route.ACCEPTED


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_lay_askew_in_the_scan_is_understood_alike(rotation: int) -> None:
    upright = one(page(BIRTH))
    lying = one(turned(page(BIRTH), rotation))  # type: ignore[arg-type]
    assert values(lying) == values(upright)
    box = lying.fields["number"].box
    assert box is not None
    sideways = turned(page(BIRTH), rotation)  # type: ignore[arg-type]
    assert 0 <= box.left < box.right <= sideways.width
    assert 0 <= box.top < box.bottom <= sideways.height


def test_understanding_twice_gives_the_same() -> None:
    assert papers(page(DECISION), page(BIRTH, 2)) == papers(page(DECISION), page(BIRTH, 2))


def test_a_text_layer_says_so() -> None:
    assert one(page(BIRTH, source="text_layer")).fields["number"].source == "text_layer"


# What cannot be read is not claimed.


def test_a_header_whose_agency_was_lost_has_no_agency() -> None:
    """The plan's own text layer lost national name and agency (DOMAIN.md §4.3): number and date are no agency."""
    rows = [
        row
        for row in DECISION
        if row[0] not in {"UBND TỈNH QUẢNG NGÃI", "SỞ Y TẾ", *(line for line, _, _ in NATIONAL)}
    ]
    document = one(page(rows))
    assert "agency" not in document.fields
    assert "field_missing" in rules_of(document)
    assert document.route is Route.REVIEW


def test_a_part_read_date_has_raw_but_no_value() -> None:
    rows = [
        ("Quảng Ngãi, ngày     tháng 8 năm 2023", x, y) if "ngày 09" in text else (text, x, y)
        for text, x, y in DECISION
    ]
    field = one(page(rows)).fields["issue_date"]
    assert field.value is None
    assert field.raw is not None and "tháng 8 năm 2023" in field.raw
    assert field.box is not None


def test_a_number_line_of_which_nothing_can_be_read_is_there_but_unread() -> None:
    rows = [("Số: j6” HIKT", x, y) if text.startswith("Số:") else (text, x, y) for text, x, y in DECISION]
    field = one(page(rows)).fields["number"]
    assert field.value is None
    assert field.raw == "j6” HIKT"


def test_a_label_read_together_with_its_value_is_still_a_label() -> None:
    rows = [("Giới tính:Nam", x, y) if text == "Giới tính: Nam" else (text, x, y) for text, x, y in BIRTH]
    assert one(page(rows)).fields["sex"].value == "Nam"


def test_a_committee_whose_own_line_was_lost_is_told_by_the_one_above() -> None:
    rows = official(
        ["UBND HUYỆN DIÊN KHÁNH", "XÃ DIÊN AN"],
        "Số: 21/QĐ-UBND",
        "Diên An, ngày 09 tháng 8 năm 2023",
        ["QUYẾT ĐỊNH", "Về việc hỗ trợ"],
        signature=["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"],
    )
    assert one(page(rows)).fields["agency"].value == "Ủy ban nhân dân xã Diên An"


def test_a_stamp_over_the_subject_does_not_get_into_it() -> None:
    rows = [
        ("Ngày:. 24/8 ” Về việc phê duyệt danh mục kỹ thuật", x, y)
        if text.startswith("Về việc")
        else (text, x, y)
        for text, x, y in DECISION
    ]
    assert (
        one(page(rows)).fields["subject"].value
        == "Về việc phê duyệt danh mục kỹ thuật tại phòng khám đa khoa"
    )


def test_the_rim_of_a_stamp_over_the_first_words_of_a_subject_is_not_in_it_and_a_person_is_asked() -> None:
    for first in ("này VẾyiệc", "––g Về vi:", "Vêxiệc"):
        rows = [(text.replace("Về việc", first), x, y) for text, x, y in DECISION]
        subject = one(page(rows)).fields["subject"]
        assert subject.value == "Về việc phê duyệt danh mục kỹ thuật tại phòng khám đa khoa"
        assert subject.raw is not None and first in subject.raw
        assert subject.confidence is not None and subject.confidence < RULES.thresholds.field
    kept = [(text.replace("Về việc", "Bố trí việc"), x, y) for text, x, y in DECISION]
    assert str(one(page(kept)).fields["subject"].value).startswith("Bố trí việc phê duyệt")


def test_an_arrival_stamp_beside_a_subject_of_two_lines_ends_it_not() -> None:
    top = next(y for text, _, y in DECISION if text.startswith("Về việc"))
    stamp = [("CÔNG VĂN ĐẾN", 0.22, top - 0.01), ("Số 4", 0.15, top + 0.001), ("Chuyển:", 0.15, top + 0.012)]
    rows = sorted([*DECISION, *stamp], key=lambda row: row[2])
    subject = one(page(rows)).fields["subject"].value
    assert subject == "Về việc phê duyệt danh mục kỹ thuật tại phòng khám đa khoa"


def test_a_signer_whose_post_the_seal_hid_is_read_where_the_name_can_only_be_his() -> None:
    rows = [row for row in DECISION if "GIÁM ĐỐC" not in row[0]]
    document = one(page(rows))
    assert document.fields["signer"].value == "Trần Thị Hoa"
    assert "signer_title" not in document.fields
    for other in ("Pà Thị Hoa", "Phòng Kế toán", "Trần Hoa"):  # no family name, no person, half a name
        lost = [(text.replace("Trần Thị Hoa", other), x, y) for text, x, y in rows]
        assert "signer" not in one(page(lost)).fields


def test_marks_that_context_chose_in_an_agencys_name_are_offered_and_asked() -> None:
    read = page([(text.replace("SỞ Y TẾ", "TRUNG TÂM TRUYỀN THÔNG"), x, y) for text, x, y in DECISION])
    words = tuple(word._replace(raw="TRUYỄN") if word.text == "TRUYỀN" else word for word in read.words)
    sure = one(read).fields["agency"]
    agency = one(read.model_copy(update={"words": words})).fields["agency"]
    assert agency.value == sure.value == "Trung tâm Truyền thông Quảng Ngãi"
    assert agency.raw is not None and "TRUYỄN" in agency.raw
    assert agency.confidence is not None and agency.confidence < RULES.thresholds.agency


def test_a_number_left_to_the_pen_keeps_its_notation() -> None:
    rows = [
        ("Số:        /QĐ-SYT", x, y) if text.startswith("Số:") else (text, x, y) for text, x, y in DECISION
    ]
    document = one(page(rows))
    assert document.fields["number"].value is None
    assert document.fields["notation"].value == "QĐ-SYT"
    assert "field_unread" in rules_of(document)


def test_a_page_of_something_else_has_no_kind() -> None:
    document = one(page([("Danh bạ điện thoại nội bộ", 0.5, 0.1), left("Nguyễn Văn A 0905000111", 0.2)]))
    assert document.kind is None
    assert document.kind_confidence is None
    assert "kind_unknown" in rules_of(document)
    assert document.route is Route.REVIEW


def test_an_application_form_is_not_the_certificate_it_asks_for() -> None:
    rows = [
        ("TỜ KHAI ĐĂNG KÝ KHAI SINH" if text == "GIẤY KHAI SINH" else text, x, y) for text, x, y in BIRTH[:4]
    ]
    assert one(page(rows)).kind != "birth_certificate"


def test_the_post_of_one_who_is_stood_in_for_is_not_the_signers() -> None:
    rows = [row for row in DECISION if row[0] != "PHÓ GIÁM ĐỐC"]
    document = one(page(rows))
    assert document.fields["signer_title"].value is None
    assert document.fields["signer_title"].raw == "KT. GIÁM ĐỐC"
    assert document.fields["signer"].value == "Trần Thị Hoa"


def test_a_name_that_lost_its_first_word_is_doubted() -> None:
    rows = [("Thị Hoa" if text == "Trần Thị Hoa" else text, x, y) for text, x, y in DECISION]
    field = one(page(rows)).fields["signer"]
    assert field.confidence is not None and field.confidence < RULES.thresholds.field


@pytest.mark.parametrize(
    ("read", "offered"),
    [
        ("guyễn Tấn Quang", "Nguyễn Tấn Quang"),
        ("Nuyễn Tấn Quang", "Nguyễn Tấn Quang"),
        ("Hố Công Lâm", "Hồ Công Lâm"),
        ("ê Trọng Trung", "Lê Trọng Trung"),
        ("N³ Lý Công Bình", "Lý Công Bình"),
        ("n Xuân Phúc", None),
        ("Kương Tấn Diễn", "Kương Tấn Diễn"),
    ],
)
def test_a_family_name_that_a_seal_hid_in_part_is_offered_where_only_one_fits_and_never_sure(
    read: str, offered: str | None
) -> None:
    rows = [(read if text == "Trần Thị Hoa" else text, x, y) for text, x, y in DECISION]
    field = one(page(rows)).fields["signer"]
    assert field.value == offered
    assert offered is None or (field.confidence or 0) < RULES.thresholds.field
    assert (field.raw or "").split()[-1] == read.split()[-1]


def test_an_impossible_identifier_waits_for_a_person() -> None:
    rows = [
        ("Số định danh cá nhân: 056921001234" if "định danh" in text else text, x, y) for text, x, y in BIRTH
    ]
    document = one(page(rows))
    assert "field_malformed" in rules_of(document)
    assert document.route is Route.REVIEW


def test_findings_about_people_hold_no_identifiers() -> None:
    rows = [
        ("Số định danh cá nhân: 056921001234" if "định danh" in text else text, x, y) for text, x, y in BIRTH
    ]
    assert all("056921001234" not in str(each.params) for each in one(page(rows)).findings)


def test_a_day_yet_to_come_is_told() -> None:
    rows = [(text.replace("năm 2023", "năm 2033"), x, y) for text, x, y in DECISION]
    assert "date_in_future" in rules_of(one(page(rows)))


# Several papers in one file.


def test_a_new_heading_begins_a_new_paper_and_an_annex_does_not() -> None:
    annex = [
        ("2", 0.5, 0.03),
        ("PHỤ LỤC", 0.5, 0.08),
        ("(Kèm theo Quyết định số 2041/QĐ-SYT)", 0.5, 0.1),
        left("1. Siêu âm", 0.2),
    ]
    found = papers(page(DECISION), page(annex, 2), page(BIRTH, 3))
    assert [each.pages for each in found] == [(1, 2), (3,)]
    assert [each.kind for each in found] == ["decision", "birth_certificate"]


def test_number_and_date_at_the_head_of_a_page_begin_a_paper_only_with_a_title() -> None:
    heading = [("Số: 15/QĐ-SYT", 0.26, 0.1), ("Quảng Ngãi, ngày 10 tháng 8 năm 2023", 0.7, 0.1)]
    body = left("Căn cứ Luật Tổ chức chính quyền địa phương;", 0.3)
    assert [each.pages for each in papers(page(DECISION), page([*heading, body], 2))] == [(1, 2)]
    titled = [*heading, ("QUYẾT ĐỊNH", 0.5, 0.16), ("Về việc cử cán bộ", 0.5, 0.18), body]
    assert [each.pages for each in papers(page(DECISION), page(titled, 2))] == [(1,), (2,)]


def test_the_national_name_begins_a_paper_with_a_title_or_a_number_and_not_alone() -> None:
    body = left("Căn cứ Luật Tổ chức chính quyền địa phương;", 0.3)
    assert [each.pages for each in papers(page(DECISION), page([*NATIONAL, body], 2))] == [(1, 2)]
    titled = [*NATIONAL, ("GIẤY KHAI SINH", 0.5, 0.13), body]
    assert [each.pages for each in papers(page(DECISION), page(titled, 2))] == [(1,), (2,)]
    numbered = [*NATIONAL, ("Số: 15/SYT-NV", 0.26, 0.1), body]
    assert [each.pages for each in papers(page(DECISION), page(numbered, 2))] == [(1,), (2,)]


def test_a_form_annexed_to_a_paper_begins_none_though_it_bears_the_national_name() -> None:
    form = [("Mẫu số 01", 0.8, 0.03), *NATIONAL, ("BÁO CÁO", 0.5, 0.15), left("Kính gửi: ……", 0.2)]
    assert [each.pages for each in papers(page(DECISION), page(form, 2))] == [(1, 2)]


def test_blank_backs_and_failed_pages_stay_with_the_paper_before() -> None:
    blank = page([], 2)
    failed = page([], 3).model_copy(
        update={"state": PageState.FAILED, "findings": (finding("page_timed_out", page=3),)}
    )
    found = papers(page(DECISION), blank, failed, page(BIRTH, 4))
    assert [each.pages for each in found] == [(1, 2, 3), (4,)]
    assert [each.route for each in found] == [Route.PARTIAL, Route.ACCEPTED]


def test_a_blank_cover_belongs_to_the_first_paper() -> None:
    assert [each.pages for each in papers(page([]), page(BIRTH, 2))] == [(1, 2)]


def test_separator_sheets_divide_and_belong_to_no_paper() -> None:
    sheet = page([("TRANG PHÂN CÁCH", 0.5, 0.4), ("SOHOA SEPARATOR", 0.5, 0.45)], 2)
    plain = page([left("Danh sách kèm theo hồ sơ", 0.2)], 3)
    marked = mark_separators([page(DECISION), sheet, plain], RULES)
    assert [each.rule for each in marked[1].findings] == ["page_separator"]
    assert [each.pages for each in papers(*marked)] == [(1,), (3,)]


def test_an_unmarked_separator_divides_too_and_no_page_is_lost() -> None:
    sheet = page([("TRANG PHÂN CÁCH", 0.5, 0.4)], 2)
    assert [each.pages for each in papers(page(DECISION), sheet, page(BIRTH, 3))] == [(1, 2), (3,)]


def test_a_split_once_fixed_is_kept() -> None:
    pages = [page(DECISION), page(BIRTH, 2)]
    found = understand(SHA, pages, RULES, None, TODAY, splits=[(1, 2)])
    assert [each.pages for each in found] == [(1, 2)]


def test_no_pages_make_no_papers() -> None:
    assert papers() == ()


# Secrecy.


@pytest.mark.parametrize("mark", ["MẬT", "TỐI MẬT", "TUYỆT MẬT", "MÂT", "Độ mật: Mật"])
def test_a_mark_of_secrecy_is_an_error(mark: str) -> None:
    document = one(page([*DECISION, (mark, 0.2, 0.16)]))
    found = [each for each in document.findings if each.rule == "secret_document"]
    assert [each.severity for each in found] == [Severity.ERROR]
    assert document.route is Route.REVIEW


@pytest.mark.parametrize(
    "text", ["Bảo mật thông tin", "BẢO MẬT", "MẶT TRẬN TỔ QUỐC", "MẮT", "Mật độ xây dựng: 80%", "MẬT ĐỘ"]
)
def test_words_that_only_hold_the_mark_are_none(text: str) -> None:
    assert secret_mark(lines_of(page([*DECISION, (text, 0.2, 0.16)])), RULES.secret_marks) is None


def test_the_word_secret_at_the_foot_of_a_page_is_no_mark() -> None:
    assert secret_mark(lines_of(page([*DECISION, ("MẬT", 0.2, 0.9)])), RULES.secret_marks) is None


# Level and unit.


@pytest.mark.parametrize(
    ("agency", "issued", "level", "unit"),
    [
        ("Ủy ban nhân dân xã Diên An", date(2020, 1, 1), "xa", "Xã Diên An"),
        ("Ủy ban nhân dân xã Diên An", date(2026, 1, 1), None, None),
        ("Ủy ban nhân dân xã Diên Khánh", date(2026, 1, 1), "xa", "Xã Diên Khánh"),
        ("Ủy ban nhân dân huyện Diên Khánh", date(2024, 1, 1), "huyen", "Huyện Diên Khánh"),
        ("Ủy ban nhân dân huyện Diên Khánh", date(2025, 7, 1), None, None),
        ("Ủy ban nhân dân xã Ninh Phước", date(2023, 1, 1), "xa", "Xã Ninh Phước"),
        ("Ủy ban nhân dân xã Ninh Phước", date(2025, 8, 1), "xa", "Xã Ninh Phước"),
        ("Ủy ban nhân dân huyện Ninh Phước", date(2024, 1, 1), "huyen", "Huyện Ninh Phước"),
        ("Ủy ban nhân dân phường Vạn Thắng", date(2015, 1, 1), "xa", "Phường Vạn Thắng"),
        ("Ủy ban nhân dân phường Vạn Thắng", date(2025, 2, 1), None, None),
        ("Ủy ban nhân dân thị xã Ninh Hòa", date(2008, 1, 1), None, None),
        ("Ủy ban nhân dân huyện Ninh Hòa", date(2008, 1, 1), "huyen", "Huyện Ninh Hòa"),
        ("Ủy ban nhân dân tỉnh Khánh Hòa", date(2024, 1, 1), "tinh", "UBND tỉnh Khánh Hòa"),
        ("Ủy ban nhân dân tỉnh Quảng Ngãi", date(2024, 1, 1), None, None),
        ("Sở Xây dựng Khánh Hòa", date(2024, 1, 1), "tinh", "Sở Xây dựng"),
        ("Sở Kế hoạch và Đầu tư Khánh Hòa", date(2025, 6, 1), None, None),
        ("Sở Y tế Kiên Giang", date(2024, 1, 1), None, None),
        ("Sở Y tế", date(2024, 1, 1), None, None),
        ("Phòng Đăng ký kinh doanh Khánh Hòa", date(2015, 1, 1), "tinh", "Sở Kế hoạch và Đầu tư"),
        ("Phòng Đăng ký kinh doanh Khánh Hòa", date(2025, 6, 1), "tinh", "Sở Tài chính"),
        ("Phòng Tài chính - Kế hoạch huyện Vạn Ninh", date(2020, 1, 1), "huyen", "Huyện Vạn Ninh"),
        ("Phòng Kinh tế xã Diên Khánh", date(2026, 1, 1), "xa", "Xã Diên Khánh"),
        ("Bộ Y tế", date(2024, 1, 1), None, None),
    ],
)
def test_level_and_unit_follow_from_agency_and_day(
    agency: str, issued: date, level: str | None, unit: str | None
) -> None:
    placed = resolve(agency, issued, None, RULES)
    assert (placed.level, placed.unit) == (level, unit)


def test_twins_are_told_apart_by_what_stands_above_or_not_at_all() -> None:
    """Xã Phước Tân lies in Bác Ái; in 2025 the ward of that name in Nha Trang was gone, in 2024 both stood."""
    day = date(2025, 2, 1)
    both = [unit for unit in RULES.units if unit.holds_on(day)]
    twins = {unit.name for unit in both if sum(other.name == unit.name for other in both) > 1}
    for name in twins:
        spoken = f"Ủy ban nhân dân {name[0].lower()}{name[1:]}"
        assert resolve(spoken, day, None, RULES).unit is None


def test_the_batch_sheet_decides_only_where_the_paper_does_not() -> None:
    sheet = BatchSheet(owning_unit="Xã Diên Lạc", level="xa")
    assert resolve("Ủy ban nhân dân xã Diên An", date(2020, 1, 1), sheet, RULES).unit == "Xã Diên An"
    assert resolve(None, date(2020, 1, 1), sheet, RULES) == ("xa", "Xã Diên Lạc", "sheet")
    assert resolve("Bộ Y tế", date(2020, 1, 1), sheet, RULES).source == "sheet"


@pytest.mark.parametrize(
    ("said", "day", "code"),
    [
        ("22690", date(2020, 1, 1), "22690"),
        ("Xã Diên Toàn", date(2020, 1, 1), "22690"),
        ("Diên Toàn", date(2020, 1, 1), "22690"),
        ("UBND xã Diên Toàn", date(2020, 1, 1), "22690"),
        ("Xã Diên Toàn, huyện Diên Khánh", date(2020, 1, 1), "22690"),
        ("Diên Khánh", date(2020, 1, 1), None),
        ("22690", date(2026, 1, 1), None),
        ("Xã Không Có", date(2020, 1, 1), None),
    ],
)
def test_a_unit_is_found_by_code_or_name_and_day(said: str, day: date, code: str | None) -> None:
    found = find_unit(RULES, said, day)
    assert (found.code if found else None) == code


# Codes.


@pytest.mark.parametrize(
    ("title", "code", "document_type"),
    [
        ("TRÍCH LỤC KHAI TỬ", "KQ.G15.000034", "Trích lục khai tử"),
        ("TRÍCH LỤC CẢI CHÍNH HỘ TỊCH", "KQ.G15.000037", "Trích lục cải chính hộ tịch"),
        ("TRÍCH LỤC GHI CHÚ LY HÔN", "KQ.G15.000040", "Trích lục ghi chú ly hôn"),
        ("TRÍCH LỤC HỘ TỊCH", None, "Trích lục hộ tịch"),
    ],
)
def test_the_title_decides_between_the_codes_of_a_kind(
    title: str, code: str | None, document_type: str
) -> None:
    document = one(page(extract(title)))
    assert document.kind == "civil_status_extract"
    assert document.result_type is not None
    assert document.result_type.value == code
    assert document.fields["document_type"].value == document_type
    assert ("result_code_ambiguous" in rules_of(document)) is (code is None)


def test_an_undecided_code_waits_for_a_person() -> None:
    assert one(page(extract("TRÍCH LỤC HỘ TỊCH"))).route is Route.REVIEW


def test_a_plain_decision_has_no_code_and_is_not_forced_into_one() -> None:
    document = one(page(DECISION))
    assert document.result_type is None
    assert "no_result_code" in rules_of(document)


def test_a_proposal_is_a_processing_result() -> None:
    rows = official(
        ["UBND TỈNH KHÁNH HÒA", "SỞ XÂY DỰNG"],
        "Số: 31/TTr-SXD",
        "Khánh Hòa, ngày 12 tháng 3 năm 2020",
        ["TỜ TRÌNH"],
    )
    assert one(page(rows)).role is Role.PROCESSING_RESULT


# Routes.


def test_routes_have_their_precedence() -> None:
    document = one(page(BIRTH))
    blurred = finding("image_blurred", page=1, severity=Severity.ERROR)
    lost = finding("page_timed_out", page=2)
    assert route(document, RULES, []) is Route.ACCEPTED
    assert route(document, RULES, [finding("image_blurred", page=1)]) is Route.ACCEPTED
    assert route(document, RULES, [blurred]) is Route.RESCAN
    assert route(document, RULES, [blurred, lost]) is Route.PARTIAL
    assert route(document, RULES, [], Verdict.INVALID) is Route.REVIEW
    assert route(document, RULES, [], Verdict.NOT_CHECKED) is Route.ACCEPTED


@pytest.mark.parametrize("name", ["number", "issue_date", "agency"])
@pytest.mark.parametrize("change", ["absent", "unread", "unsure"])
def test_mandatory_metadata_must_be_there_and_sure(name: str, change: str) -> None:
    document = one(page(BIRTH))
    fields = dict(document.fields)
    if change == "absent":
        del fields[name]
    else:
        fields[name] = fields[name].model_copy(
            update={"value": None} if change == "unread" else {"confidence": 0.3}
        )
    assert route(document.model_copy(update={"fields": fields}), RULES, []) is Route.REVIEW


@pytest.mark.parametrize("engine", ["line_net", "tesserocr", "pytesseract"])
def test_a_number_read_less_surely_than_its_engine_s_derived_threshold_waits_for_a_person(
    engine: str,
) -> None:
    rules = load_rulebook(engine=engine)
    document = one(page(BIRTH))
    for step, expected in ((-0.01, Route.REVIEW), (0.01, Route.ACCEPTED)):
        sure = rules.thresholds.number + step
        number = document.fields["number"].model_copy(update={"confidence": sure})
        changed = document.model_copy(update={"fields": document.fields | {"number": number}})
        assert route(changed, rules, []) is expected


def test_an_owner_without_number_needs_birth_data_and_an_unread_number_a_person() -> None:
    document = one(page(BIRTH))
    named = {name: field for name, field in document.fields.items() if name != "owner_id"}
    assert route(document.model_copy(update={"fields": named}), RULES, []) is Route.ACCEPTED
    nameless = {name: field for name, field in named.items() if name != "birth_date"}
    assert route(document.model_copy(update={"fields": nameless}), RULES, []) is Route.REVIEW
    unread = document.fields | {"owner_id": document.fields["owner_id"].model_copy(update={"value": None})}
    assert route(document.model_copy(update={"fields": unread}), RULES, []) is Route.REVIEW


def test_unknown_validity_keeps_no_paper_from_being_accepted() -> None:
    rows = official(
        ["ỦY BAN NHÂN DÂN", "TỈNH KHÁNH HÒA"],
        "Số: 21/QĐ-UBND",
        "Khánh Hòa, ngày 09 tháng 8 năm 2023",
        ["QUYẾT ĐỊNH", "Về việc công nhận điểm du lịch"],
        signature=["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"],
    )
    document = one(page(rows))
    assert document.validity.state == "unknown"
    assert document.unit == "UBND tỉnh Khánh Hòa"
    assert document.route is Route.ACCEPTED
