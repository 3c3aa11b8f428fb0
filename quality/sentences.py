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
REPORT: Final[Sentences] = {
    "title": ("Báo cáo chất lượng lô", "Batch quality report"),
    "state_planned": ("chưa chạy", "planned"),
    "state_running": ("đang chạy", "running"),
    "state_paused": ("tạm dừng", "paused"),
    "state_finished": ("đã xong", "finished"),
    "state_stopped": ("tự dừng vì lỗi quá nhiều", "stopped itself: too much set aside"),
    "state_failed": ("chạy hỏng", "failed"),
    "state_cancelled": ("đã hủy", "cancelled"),
    "operator": ("Người thực hiện", "Operator"),
    "started": ("Bắt đầu", "Started"),
    "ended": ("Kết thúc", "Ended"),
    "took_label": ("Thời gian", "Took"),
    "took": ("{minutes} phút {seconds} giây", "{minutes} min {seconds} s"),
    "took_hours": ("{hours} giờ {minutes} phút", "{hours} h {minutes} min"),
    "made_at": ("Lập lúc", "Made at"),
    "tile_files": ("tệp", "files"),
    "tile_pages": ("trang", "pages"),
    "tile_papers": ("giấy tờ", "papers"),
    "tile_waiting": ("cần người xem", "need a person"),
    "tile_files_note": ("{read} đã đọc, {aside} để riêng", "{read} read, {aside} set aside"),
    "tile_pages_good": ("không mất trang nào", "no page lost"),
    "tile_pages_bad": ("THIẾU {lost} trang", "{lost} pages LOST"),
    "tile_papers_note": (
        "{accepted} được chấp nhận, {coded} đã có mã",
        "{accepted} accepted, {coded} with code",
    ),
    "tile_waiting_none": ("không có gì phải xem", "nothing to look at"),
    "tile_waiting_note": ("xem danh sách bên dưới", "listed below"),
    "pages": ("Trang", "Pages"),
    "pages_intro": (
        "{total} trang vào từ các tệp mở được; {passes} lượt đọc cả trang.",
        "{total} pages in, from files that opened; {passes} whole-page readings.",
    ),
    "pages_documents": ("trong giấy tờ", "in documents"),
    "pages_blank": ("trắng (giữ lại)", "blank (kept)"),
    "pages_separators": ("tờ ngăn", "separators"),
    "pages_duplicates": ("tệp trùng", "of duplicate files"),
    "pages_set_aside": ("để riêng", "set aside"),
    "pages_lost": ("chưa rõ đi đâu", "unaccounted for"),
    "files": ("Tệp", "Files"),
    "files_read": ("đã đọc", "read"),
    "files_set_aside": ("để riêng", "set aside"),
    "files_not_started": ("chưa bắt đầu", "not started"),
    "status_read": ("đã đọc", "read"),
    "status_partial": ("đọc một phần", "partly read"),
    "status_set_aside": ("để riêng", "set aside"),
    "status_not_started": ("chưa bắt đầu", "not started"),
    "file": ("Tệp", "File"),
    "why": ("Vì sao", "Why"),
    "remedy": ("Cách xử lý", "What to do"),
    "papers": ("Giấy tờ", "Papers"),
    "by_route": ("Theo hướng xử lý", "By route"),
    "by_kind": ("Theo loại", "By kind"),
    "by_verdict": ("Bản PDF/A theo veraPDF", "PDF/A as veraPDF sees it"),
    "by_validity": ("Theo hiệu lực", "By validity"),
    "linked": (
        "{count} giấy tờ trùng với giấy tờ đã có, không tính ở trên.",
        "{count} duplicates are not counted above.",
    ),
    "route_accepted": ("chấp nhận", "accepted"),
    "route_review": ("chờ người xem", "review"),
    "route_rescan": ("quét lại", "rescan"),
    "route_partial": ("thiếu trang", "partial"),
    "verdict_valid": ("hợp lệ", "valid"),
    "verdict_invalid": ("không hợp lệ", "invalid"),
    "verdict_not_checked": ("chưa kiểm tra", "not checked"),
    "validity_in_force": ("còn hiệu lực", "in force"),
    "validity_expired": ("hết hiệu lực", "expired"),
    "validity_unknown": ("chưa xác định", "unknown"),
    "kind_unknown": ("chưa rõ loại", "unknown kind"),
    "confidence": ("Độ tin cậy đọc trang", "Reading confidence of pages"),
    "confidence_intro": (
        "Số trang theo độ tin cậy trung bình (%); trung vị {median}.",
        "Pages by mean confidence (%); median {median}.",
    ),
    "waiting": ("Cần người xem", "Needs a person"),
    "waiting_none": ("Không có giấy tờ nào phải xem.", "No paper needs a person."),
    "pages_column": ("Trang", "Pages"),
    "kind": ("Loại", "Kind"),
    "number": ("Số", "Number"),
    "no_reason": ("không ghi lý do", "no reason noted"),
    "more": (
        "… và {count} dòng nữa (sohoa review export có đủ)",
        "… and {count} more (sohoa review export has all)",
    ),
    "findings": ("Phát hiện", "Findings"),
    "findings_none": ("Không có phát hiện nào.", "No findings."),
    "severity_error": ("lỗi", "error"),
    "severity_warning": ("cảnh báo", "warning"),
    "severity_info": ("ghi nhận", "info"),
    "count": ("Số lần", "Count"),
    "more_sentences": ("… và {count} câu khác", "… and {count} other sentences"),
    "expectations": ("Kỳ vọng của lô", "Expectations of the batch"),
    "expectations_none": (
        "Lô chưa được đối chiếu với kỳ vọng.",
        "The batch was not held against expectations.",
    ),
    "expectation": ("Kỳ vọng", "Expectation"),
    "outcome": ("Kết quả", "Outcome"),
    "outcome_met": ("đạt", "met"),
    "outcome_failed": ("không đạt", "failed"),
    "outcome_broken": ("phép kiểm tra hỏng", "check broken"),
    "checked": ("Đã xét", "Checked"),
    "failing": ("Không đạt", "Failing"),
    "which": ("Tài liệu", "Documents"),
    "places": ("Nơi lưu", "Where things lie"),
    "footer": (
        "Trang vào = trang trong giấy tờ + trắng + tờ ngăn + tệp trùng + để riêng. Số định danh được che. "
        "Trang này không tải gì từ mạng.",
        "Pages in = in documents + blank + separators + duplicates + set aside. Identifiers are masked. "
        "This page loads nothing from a network.",
    ),
}


def say(table: Sentences, key: str, lang: str = "vi", **params: object) -> str:
    """A sentence of a table, filled in; an unknown key is shown as it is, never as an error."""
    pair = table.get(key)
    if pair is None:
        return key
    return pair[0 if lang == "vi" else 1].format(**params)
