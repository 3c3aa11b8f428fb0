"""Every row of the domain's table of results is a kind that is recognised, read and judged (DOMAIN.md §3.4)."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest

import samples
from configs.loader import load_kinds, load_rulebook, load_validity
from extractors.understanding import understand
from extractors.validity import rule_for
from quality.quotas import compute, counting_reason
from samples.batches import further_plans, plans
from samples.papers import further_kind_ids, kind_ids, print_paper
from schemas.documents import Document, Route
from schemas.reading import PageReading
from tests.machine import Machine
from tests.printed_pages import official, page
from tests.test_quota import paper, stock
from tests.true_readings import true_pages
from workspace.counting import left_out_kinds

RULES = load_rulebook()
TODAY = date(2026, 11, 23)
# Rows of DOMAIN.md §3.4 with the kinds that stand for them.
ROWS: dict[int, tuple[str, ...]] = {
    1: ("birth_certificate",),
    2: ("marriage_certificate",),
    3: ("civil_status_extract",),
    4: ("civil_status_extract",),
    5: ("marital_status_certificate",),
    6: (
        "adoption_certificate",
        "adoption_decision",
        "guardianship_decision",
        "parent_child_recognition_decision",
    ),
    7: ("certified_copy", "signature_certification"),
    8: ("land_use_certificate",),
    9: ("land_allocation_decision",),
    10: ("construction_permit",),
    11: ("enterprise_registration", "branch_registration"),
    12: ("household_business_registration",),
    13: ("investment_certificate",),
    14: ("medical_practice_certificate",),
    15: ("medical_facility_licence",),
    16: ("pharmacy_practice_certificate",),
    17: ("pharmacy_business_certificate", "good_pharmacy_certificate"),
    18: ("construction_practice_certificate", "construction_capacity_certificate"),
    19: ("food_safety_certificate",),
    20: ("alcohol_licence", "tobacco_licence"),
    21: ("petrol_retail_certificate",),
    22: ("lpg_certificate", "karaoke_licence"),
    23: ("driving_licence",),
    24: ("transport_business_licence", "vehicle_badge"),
    25: ("work_permit",),
    26: ("tour_operator_licence", "tour_guide_card", "lodging_grade_decision"),
    27: ("fishing_vessel_registration", "fishing_licence", "fishing_vessel_safety_certificate"),
    28: ("environmental_permit", "eia_decision"),
    29: ("water_resource_permit", "wastewater_permit", "mineral_permit"),
    30: ("social_allowance_decision", "merit_allowance_decision", "disability_certificate"),
    31: ("poor_household_certificate",),
    32: ("graduation_diploma", "diploma_copy"),
    33: ("education_establishment_decision",),
    34: ("security_registration",),
    35: ("criminal_record",),
    36: ("decision",),
}
OF_ROWS = sorted({kind for kinds in ROWS.values() for kind in kinds})


def understood(*pages: PageReading) -> Document:
    (document,) = understand("0" * 64, pages, RULES, None, TODAY)
    return document


def rules_of(document: Document) -> set[str]:
    return {note.rule for note in document.findings}


def licence(
    title: str, *body: str, agency: str = "SỞ CÔNG THƯƠNG", number: str = "Số: 12/GP-SCT"
) -> Document:
    return understood(
        page(
            official(
                ["UBND TỈNH KHÁNH HÒA", agency],
                number,
                "Khánh Hòa, ngày 05 tháng 6 năm 2024",
                [title],
                body,
            )
        )
    )


def test_all_thirty_six_rows_have_their_kinds_with_a_rule_and_a_sample_form() -> None:
    assert sorted(ROWS) == list(range(1, 37))
    with_rule = {rule.kind for rule in load_validity()}
    printed = {*kind_ids(), *further_kind_ids()}
    for kind in OF_ROWS:
        assert RULES.kind(kind) is not None, kind
        assert kind in with_rule, kind
        assert kind in printed, kind
    assert set(further_kind_ids()) <= {*OF_ROWS, "practice_certificate"}


@pytest.mark.parametrize("kind", further_kind_ids())
@pytest.mark.parametrize("seed", [1, 2])
def test_a_printed_paper_gives_its_kind_its_fields_and_its_rule(kind: str, seed: int) -> None:
    printed = print_paper(kind, random.Random(f"{kind}/{seed}"), dpi=60)
    document = understood(*true_pages(printed))
    assert document.kind == kind
    read = {name: (document.value(name) or "").replace("Hoà", "Hòa") for name in printed.fields}
    assert read == {name: value.replace("Hoà", "Hòa") for name, value in printed.fields.items()}
    rule = rule_for(kind, RULES, date.fromisoformat(printed.fields["issue_date"]))
    assert rule is not None
    assert document.validity.basis == rule.id


SCANNED = ("tobacco_licence", "fishing_licence", "medical_facility_licence", "merit_allowance_decision")


def test_scanned_papers_of_further_kinds_are_read_through_the_command(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    truths = {}
    for kind in SCANNED:
        sample = samples.make_one(kind, 7, wear=("signature",), dpi=200)
        path = tmp_path / f"{kind}{sample.suffix}"
        path.write_bytes(sample.data)
        truths[kind] = (path, sample.truth["documents"][0]["fields"])
    lines = machine.lines("read", *(path for path, _ in truths.values()), "--json")
    assert len(lines) == len(SCANNED)
    for kind, line in zip(SCANNED, lines, strict=True):
        (document,) = line["documents"]
        fields = truths[kind][1]
        assert document["kind"] == kind
        assert document["fields"]["number"]["value"] == fields["number"]
        assert document["fields"]["issue_date"]["value"] == fields["issue_date"]
        assert document["fields"]["owner_name"]["value"] == fields["owner_name"]


def test_a_decision_is_told_apart_by_its_subject_and_not_by_its_grounds() -> None:
    def decided(subject: str) -> str | None:
        return licence(
            "QUYẾT ĐỊNH",
            subject,
            "Căn cứ Luật Đất đai; xét đề nghị giao đất và cho phép thành lập trường;",
            number="Số: 12/QĐ-UBND",
        ).kind

    assert decided("Về việc cho phép chuyển mục đích sử dụng đất") == "land_allocation_decision"
    assert decided("Về việc trợ cấp xã hội hằng tháng tại cộng đồng") == "social_allowance_decision"
    assert decided("Về việc khen thưởng thành tích năm 2023") == "decision"


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("GIẤY PHÉP XÂY DỰNG", "construction_permit"),
        ("CHỨNG CHỈ HÀNH NGHỀ", "practice_certificate"),
        ("CHỨNG CHỈ HÀNH NGHỀ DƯỢC", "pharmacy_practice_certificate"),
        ("GIẤY CHỨNG NHẬN ĐĂNG KÝ ĐẦU TƯ", "investment_certificate"),
        ("GIẤY CHỨNG NHẬN ĐĂNG KÝ TÀU CÁ", "fishing_vessel_registration"),
        ("GIẤY CHỨNG NHẬN ĐĂNG KÝ HỘ KINH DOANH", "household_business_registration"),
        ("GIẤY PHÉP MÔI TRƯỜNG", "environmental_permit"),
        ("GIẤY PHÉP LAO ĐỘNG", "work_permit"),
    ],
)
def test_titles_that_look_alike_keep_their_kinds(title: str, kind: str) -> None:
    assert licence(title).kind == kind


def test_the_title_on_the_paper_decides_before_the_letters_of_its_notation() -> None:
    document = licence("THÔNG BÁO", "Về việc nộp tiền", agency="CỤC THUẾ", number="Số: 812/CT-TTHT")
    assert document.kind == "notice"


def test_the_letters_of_an_agency_are_no_type_of_document() -> None:
    tax = page(
        official(
            ["TỔNG CỤC THUẾ", "CỤC THUẾ TỈNH KHÁNH HÒA"],
            "Số: 812/CT-TTHT",
            "Khánh Hòa, ngày 05 tháng 6 năm 2019",
            body=["Kính gửi: Công ty TNHH An Khang", "Cục Thuế trả lời như sau."],
            about=["V/v chính sách thuế"],
        )
    )
    assert understood(tax).kind == "dispatch"
    untitled = licence("PHIẾU XÁC NHẬN NGHĨA VỤ", agency="CỤC THUẾ", number="Số: 812/CT-TTHT")
    assert untitled.kind != "directive"
    directive = page(
        official(
            ["ỦY BAN NHÂN DÂN", "TỈNH KHÁNH HÒA"],
            "Số: 12/CT-UBND",
            "Khánh Hòa, ngày 05 tháng 6 năm 2019",
        )
    )
    assert understood(directive).kind == "directive"


def test_papers_that_the_police_keep_wait_and_are_not_counted() -> None:
    document = licence("PHIẾU LÝ LỊCH TƯ PHÁP SỐ 1", "Họ và tên: Nguyễn Văn An", agency="SỞ TƯ PHÁP")
    assert document.kind == "criminal_record"
    assert "kind_handed_over" in rules_of(document)
    assert document.route is Route.REVIEW
    left_out = left_out_kinds()
    assert {kind for kind, why in left_out.items() if why == "by_import_only"} == {
        "criminal_record",
        "driving_licence",
    }
    reason = counting_reason(paper("d1", kind="driving_licence"), TODAY, left_out=left_out)
    assert reason == "by_import_only"


def test_certified_copies_are_out_of_the_inventory_and_of_the_quota() -> None:
    left_out = left_out_kinds()
    row = stock(90, kind="certified_copy")
    report, reasons = compute(
        [paper("d1", kind="certified_copy")], [row], [], [], TODAY, TODAY, left_out=left_out
    )
    assert [entry.reason for entry in reasons] == ["not_in_inventory"]
    assert all(not entry.inventory and not entry.digitised for entry in report.rows)


def test_sector_databases_are_named_for_civil_status_land_enterprises_and_driving_licences() -> None:
    covered = {kind.id for kind in load_kinds() if kind.covered_by_sector_db}
    assert covered >= {
        "birth_certificate",
        "marriage_certificate",
        "civil_status_extract",
        "land_use_certificate",
        "enterprise_registration",
        "household_business_registration",
        "driving_licence",
    }
    assert not covered & {"construction_permit", "decision", "food_safety_certificate"}


def test_a_code_that_only_one_ministry_has_is_taken_by_the_agency_or_asked() -> None:
    title = "GIẤY CHỨNG NHẬN CƠ SỞ ĐỦ ĐIỀU KIỆN AN TOÀN THỰC PHẨM"
    own = licence(title, agency="SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG", number="Số: 12/GCN-SNN")
    assert own.result_type is not None
    assert own.result_type.value == "KQ.G10.000559"
    other = licence(title, agency="SỞ Y TẾ", number="Số: 12/GCN-SYT")
    assert other.result_type is not None
    assert other.result_type.value is None
    assert "result_code_ambiguous" in rules_of(other)


def test_candidates_are_asked_about_and_never_chosen() -> None:
    for kind in load_kinds():
        if kind.candidates_only:
            assert kind.result_codes, kind.id
    document = understood(*true_pages(print_paper("poor_household_certificate", random.Random(3), dpi=60)))
    assert document.result_type is not None
    assert document.result_type.value is None
    assert document.result_type.candidates == ("KQ.G10.001156", "KQ.G10.001158")


def test_further_kinds_are_printed_only_where_they_are_asked_for(tmp_path: Path) -> None:
    names = {plan.name for plan in further_plans()}
    assert not names & {plan.name for plan in plans()}
    assert not set(kind_ids()) & set(further_kind_ids())
    samples.make(tmp_path / "all", 6, 3, dpi=40)
    assert not names & {path.name for path in (tmp_path / "all").iterdir()}
    files = samples.make(tmp_path / "some", 3, 3, batches=["moi-loai-giay"], dpi=40)
    assert {path.relative_to(tmp_path / "some").parts[0] for path in files} == names
