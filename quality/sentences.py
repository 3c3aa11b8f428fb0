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
    "other_series": ("thuộc đơn vị ngoài phạm vi chuỗi số liệu", "of a unit outside this series of figures"),
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
        "đã số hóa {papers}, nhiều hơn kiểm kê {inventory}: cần kiểm kê lại; tỷ lệ dừng ở 100 %",
        "{papers} digitised against an inventory of {inventory}: take stock again; the rate stops at 100 %",
    ),
    "inventory_older": ("dùng số liệu kiểm kê năm {year}", "uses the inventory of {year}"),
    "target_carried": ("chỉ tiêu năm {year} được giữ tiếp", "the target of {year} is carried forward"),
}


def say(table: Sentences, key: str, lang: str = "vi", **params: object) -> str:
    """A sentence of a table, filled in; an unknown key is shown as it is, never as an error."""
    pair = table.get(key)
    if pair is None:
        return key
    return pair[0 if lang == "vi" else 1].format(**params)
