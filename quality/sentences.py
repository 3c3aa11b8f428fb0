"""Sentences of this room for people, in Vietnamese and English, keyed by the stable codes that data carry.

Pure data and one function. Findings have their own table in `configs/messages`; what stands here are the
reasons and notes of the quota, the titles of the batch expectations and the problems of an imported table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Lang = Literal["vi", "en"]
Sentences = Mapping[str, tuple[str, str]]

LEVELS: Final[Sentences] = {
    "tinh": ("Cấp tỉnh", "Province"),
    "huyen": ("Cấp huyện", "District"),
    "xa": ("Cấp xã", "Commune"),
    "unresolved": ("Chưa xác định", "Unresolved"),
}
BASES: Final[Sentences] = {
    "counted": ("đếm thực tế", "counted"),
    "register": ("theo sổ đăng ký", "from registers"),
    "estimated": ("ước tính", "estimated"),
}
REASONS: Final[Sentences] = {
    "counted": ("đã số hóa, còn hiệu lực", "digitised and in force"),
    "validity_unknown": ("đã số hóa, chưa xác định hiệu lực", "digitised, validity unknown"),
    "duplicate": ("trùng một giấy tờ đã có", "the same paper is already stored"),
    "other_series": ("thuộc đơn vị ngoài chuỗi số liệu này", "of a unit outside this series of figures"),
    "not_a_result": (
        "không phải kết quả của thủ tục (thành phần hồ sơ hoặc kết quả xử lý)",
        "not a procedure's result (a component or a processing result)",
    ),
    "not_accepted": (
        "chưa được chấp nhận (chờ người xem hoặc quét lại)",
        "not accepted yet (review or rescan)",
    ),
    "code_voided": ("mã đã bị hủy", "its code was voided"),
    "awaiting_code": (
        "chờ mã: loại giấy tờ chưa có mã kết quả",
        "awaiting a code: its kind has no result code",
    ),
    "no_code": ("chưa được cấp mã", "no code issued"),
    "not_stored": ("chưa lưu bản PDF/A", "its PDF/A is not stored"),
    "digitised_later": ("số hóa sau ngày báo cáo", "digitised after the reporting day"),
    "superseded": ("đã được thay thế", "superseded"),
    "expired": ("hết hiệu lực tại ngày báo cáo", "no longer in force on the reporting day"),
    "issued_later": ("ban hành sau ngày báo cáo", "issued after the reporting day"),
}
NOTES: Final[Sentences] = {
    "unit_unresolved": (
        "{papers} giấy tờ chưa xác định được đơn vị, không thuộc tỷ lệ nào",
        "{papers} papers whose unit is unresolved are in no rate",
    ),
    "inventory_missing": (
        "chưa có số liệu kiểm kê nên không tính tỷ lệ ({papers} giấy tờ đã số hóa)",
        "no inventory, hence no rate ({papers} papers digitised)",
    ),
    "papers_without_inventory": (
        "{papers} giấy tờ thuộc đơn vị hoặc loại chưa kiểm kê, không tính vào tỷ lệ",
        "{papers} papers of units or kinds without inventory are left out of the rate",
    ),
    "more_than_inventory": (
        "đã số hóa {papers}, nhiều hơn kiểm kê {inventory}: cần kiểm lại; tỷ lệ dừng ở 100 %",
        "{papers} digitised against an inventory of {inventory}: take stock again; the rate stops at 100 %",
    ),
    "inventory_older": ("dùng số liệu kiểm kê năm {year}", "uses the inventory of {year}"),
    "target_carried": ("giữ tiếp chỉ tiêu năm {year}", "the target of {year} is carried forward"),
}
EXPECTATIONS: Final[Sentences] = {
    "document_id_unique": ("Mỗi tài liệu có một mã nội bộ riêng", "Every document has an id of its own"),
    "pages_accounted": (
        "Mỗi trang thuộc đúng một tài liệu, trong phạm vi tệp gốc",
        "Every page lies in one document and within its original",
    ),
    "kind_known": ("Nhận ra loại giấy tờ", "The kind of paper is known"),
    "kind_confidence": ("Độ tin cậy của loại đạt ngưỡng", "The kind is known surely enough"),
    "page_confidence": ("Độ tin cậy đọc trang đạt ngưỡng", "Pages were read surely enough"),
    "unit_resolved": ("Xác định được đơn vị và cấp", "Unit and level are resolved"),
    "number_wellformed": ("Số, ký hiệu đúng dạng", "Numbers and notations are well formed"),
    "date_real": ("Ngày ban hành là ngày có thật", "Issue dates are real dates"),
    "date_not_future": ("Ngày ban hành không ở tương lai", "Issue dates are not in the future"),
    "expiry_after_issue": ("Ngày hết hạn không trước ngày ban hành", "No paper expires before it was issued"),
    "owner_wellformed": ("Số định danh chủ giấy tờ đúng dạng", "Owners' numbers are well formed"),
    "validity_known": ("Xác định được hiệu lực", "Validity is known"),
    "mandatory_complete": (
        "Giấy tờ được chấp nhận có đủ trường bắt buộc",
        "Accepted papers have all mandatory fields",
    ),
    "confidence_enough": (
        "Trường bắt buộc của giấy tờ được chấp nhận đạt ngưỡng tin cậy",
        "Mandatory fields of accepted papers were read surely enough",
    ),
    "code_issued": ("Giấy tờ được chấp nhận đã có mã kết quả số hóa", "Accepted papers have their code"),
    "code_wellformed": ("Mã kết quả số hóa đúng cấu trúc", "Codes are well formed"),
    "code_agrees": ("Mã khớp với số, loại và chủ giấy tờ", "Codes agree with number, type and owner"),
    "code_unique": ("Không có hai giấy tờ cùng mã", "No two papers share a code"),
    "stored": ("Giấy tờ được chấp nhận đã lưu bản PDF/A", "Accepted papers have their PDF/A stored"),
    "verdict_not_invalid": ("veraPDF không bác bản PDF/A nào", "veraPDF rejects no PDF/A"),
}


def say(table: Sentences, key: str, lang: str = "vi", **params: object) -> str:
    """A sentence of a table, filled in; an unknown key is shown as it is, never as an error."""
    pair = table.get(key)
    if pair is None:
        return key
    return pair[0 if lang == "vi" else 1].format(**params)
