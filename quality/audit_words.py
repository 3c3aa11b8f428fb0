"""What the batch report says to those who sign it, in Vietnamese and English. Pure data."""

from __future__ import annotations

from typing import Final

from quality.sentences import Sentences

AUDIT: Final[Sentences] = {
    "balance": ("Đối chiếu trang", "Page accounting"),
    "balance_in": ("Trang vào (từ các tệp mở được)", "Pages in (of files that opened)"),
    "balance_sum": ("Cộng", "Sum"),
    "balance_even": ("khớp: không mất trang nào", "even: no page lost"),
    "balance_odd": ("LỆCH {lost} trang", "{lost} pages UNACCOUNTED FOR"),
    "balance_files": ("Tính theo tệp (độc lập)", "Counted by file (independently)"),
    "balance_short": ("Tệp còn thiếu trang", "Files short of pages"),
    "short_line": ("{file}: {accounted}/{pages} trang", "{file}: {accounted} of {pages} pages"),
    "passes": ("Lượt đọc cả trang", "Whole-page readings"),
    "by_structure": ("Bản PDF/A theo kiểm tra cấu trúc của Sohoa", "PDF/A by our own structural checks"),
    "structure_passed": ("đạt, đã lưu", "passed, stored"),
    "structure_failed": ("không có bản đạt", "no sound file"),
    "verdict_note": (
        "veraPDF có ba kết luận: hợp lệ, không hợp lệ, chưa kiểm tra; «chưa kiểm tra» không bao giờ được suy ra là hợp lệ.",
        "veraPDF's verdict is valid, invalid or not checked; what was not checked is never taken for valid.",
    ),
    "confidence_count": ("{count} trang; {low} trang dưới 60 %.", "{count} pages; {low} below 60 %."),
    "examples_note": (
        "Ảnh nhỏ: những ví dụ đầu tiên của mỗi lỗi và cảnh báo; số định danh máy đọc thấy bị phủ.",
        "Small pictures: the first examples of each error and warning; identifiers that were read are painted over.",
    ),
    "example_of": ("{file}, tr. {page}", "{file}, p. {page}"),
    "corrections": ("Người xem đã quyết định", "What people decided"),
    "corrections_none": ("Chưa ai sửa hay xác nhận gì.", "Nobody has corrected or confirmed anything."),
    "corrections_sum": (
        "{total} quyết định về {papers} giấy tờ: {changed} sửa, {confirmed} xác nhận.",
        "{total} decisions about {papers} papers: {changed} corrections, {confirmed} confirmations.",
    ),
    "corrections_who": ("{who}: {count}", "{who}: {count}"),
    "corrections_more": (
        "… và {count} quyết định nữa (sohoa trace có đủ, từng giấy)",
        "… and {count} more (sohoa trace has them all, paper by paper)",
    ),
    "when": ("Lúc", "When"),
    "who": ("Ai", "Who"),
    "paper": ("Giấy", "Paper"),
    "target": ("Mục", "Target"),
    "before": ("Máy đọc", "Before"),
    "after": ("Người quyết định", "Decided"),
    "note": ("Ghi chú", "Note"),
    "action_set": ("ghi giá trị", "set"),
    "action_absent": ("không có trên giấy", "absent from the paper"),
    "action_accept": ("dùng được", "accepted"),
    "duplicates": ("Bản trùng", "Duplicates"),
    "duplicates_none": ("Không có tệp hay giấy tờ trùng.", "No duplicate file or paper."),
    "duplicate_file": ("cùng nội dung tệp", "same bytes"),
    "duplicate_paper": ("cùng một giấy tờ", "same paper"),
    "duplicate_how": ("Trùng thế nào", "How"),
    "duplicate_of": ("Trùng với", "Of"),
    "signing": ("Xác nhận", "Signatures"),
    "signing_fingerprint": ("Dấu vân tay số liệu (SHA-256)", "Fingerprint of the figures (SHA-256)"),
    "signing_note": (
        "Lập lại báo cáo từ cùng dữ liệu cho cùng dấu vân tay; ngày lập, nơi lưu và ảnh ví dụ không nằm trong đó.",
        "The same data give the same fingerprint; when it was made, places and pictures are not part of it.",
    ),
    "signer_made": ("Người lập", "Prepared by"),
    "signer_checked": ("Người kiểm tra", "Checked by"),
    "signer_head": ("Thủ trưởng đơn vị", "Head of unit"),
    "signer_hint": ("(ký, ghi rõ họ tên)", "(signature, full name)"),
    "signing_day": ("……………, ngày …… tháng …… năm ………", "……………, date ………………"),
}
