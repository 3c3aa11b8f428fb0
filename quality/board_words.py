"""The board's own words, in Vietnamese and English. Pure data."""

from __future__ import annotations

from typing import Final

from quality.sentences import Sentences

BOARD: Final[Sentences] = {
    "title": ("Bảng theo dõi số hóa kết quả thủ tục hành chính", "Digitisation of administrative results"),
    "as_of": ("Số liệu tính đến ngày", "Figures as of"),
    "known_to": ("ghi nhận cuối {at}", "last record {at}"),
    "no_record": ("chưa có ghi nhận nào", "nothing on record yet"),
    "level_tinh": ("Cấp tỉnh", "Province"),
    "level_huyen": ("Cấp huyện", "District"),
    "level_xa": ("Cấp xã", "Commune"),
    "target": ("chỉ tiêu {year}: {share}", "target {year}: {share}"),
    "target_none": ("chưa có chỉ tiêu", "no target"),
    "no_inventory": ("chưa có số liệu kiểm kê", "no inventory"),
    "no_inventory_note": (
        "{digitised} kết quả đã số hóa; không có số kiểm kê thì không có tỷ lệ",
        "{digitised} digitised; without an inventory there is no rate",
    ),
    "of": ("{digitised} / {inventory} kết quả còn hiệu lực", "{digitised} of {inventory} results in force"),
    "basis": ("kiểm kê: {basis}", "inventory: {basis}"),
    "basis_counted": ("kiểm đếm", "counted"),
    "basis_register": ("theo sổ", "from registers"),
    "basis_estimated": ("ước tính", "estimated"),
    "elsewhere": (
        "gồm cả {count} kết quả số hóa nơi khác: {rate}",
        "with {count} digitised elsewhere: {rate}",
    ),
    "inventory_year": ("kiểm kê năm {year}", "inventory of {year}"),
    "unresolved": (
        "{papers} giấy tờ chưa xác định đơn vị, không nằm trong tỷ lệ nào (tính đến {day})",
        "{papers} papers of no known unit stand in no rate (as of {day})",
    ),
    "reached": ("Đạt chỉ tiêu", "Target met"),
    "behind": ("Chậm {points} điểm %", "{points} points behind"),
    "unknown": ("Chưa có tỷ lệ", "No rate"),
    "catch_up": (
        "Để kịp 31/12/{year}: còn {missing} kết quả, {per_month} mỗi tháng",
        "To be there by 31/12/{year}: {missing} to go, {per_month} a month",
    ),
    "line_required": ("yêu cầu", "required"),
    "line_actual": ("thực tế", "actual"),
    "line_catch_up": ("bù tiến độ", "catch-up"),
    "line_end": ("bỏ cấp huyện", "districts end"),
    "before_end": ("trước {day}", "before {day}"),
    "since_end": ("từ {day}", "since {day}"),
    "split": (
        "Đã số hóa trước {day}: {before} · từ ngày ấy đến {now}: {change}",
        "Digitised before {day}: {before} · since then, to {now}: {change}",
    ),
    "huyen_over": (
        "Cấp huyện kết thúc {last}; giấy do huyện cấp vẫn tính cho huyện đã cấp.",
        "The district level ended on {last}; its papers stay with the district that issued them.",
    ),
    "panel_empty": ("Chưa có giấy tờ, kiểm kê nào của cấp này.", "No papers and no inventory of this level."),
    "units": ("Đơn vị chậm nhất", "Units furthest behind"),
    "units_none": ("Chưa có đơn vị nào có giấy tờ hoặc kiểm kê.", "No unit has papers or an inventory yet."),
    "units_all": ("Tất cả đơn vị", "All units"),
    "units_note": (
        "tỷ lệ tính đến {day}, so với chỉ tiêu năm {year}",
        "rates as of {day}, against the target of {year}",
    ),
    "units_more": ("và {count} đơn vị nữa, xem dưới", "and {count} more, below"),
    "era_before": ("Đơn vị đến {last}", "Units until {last}"),
    "era_after": ("Đơn vị từ {day}", "Units from {day}"),
    "era_both": ("Đơn vị tồn tại cả trước và sau {day}", "Units before and after {day}"),
    "era_none": ("Chưa rõ thời kỳ", "Period not known"),
    "head_unit": ("Đơn vị", "Unit"),
    "head_digitised": ("Đã số hóa", "Digitised"),
    "head_inventory": ("Kiểm kê", "Inventory"),
    "head_rate": ("Tỷ lệ", "Rate"),
    "head_target": ("Chỉ tiêu", "Target"),
    "queue": ("Hàng đợi", "Queue"),
    "queue_note": ("đến {at}", "at {at}"),
    "queue_empty": ("Không lô nào chờ, chạy hay dở dang.", "No batch waits, runs or failed."),
    "queue_done": ("{count} lô đã xong", "{count} batches done"),
    "queue_more": ("và {count} lô nữa, xem dưới", "and {count} more, below"),
    "queue_all": ("Toàn bộ hàng đợi", "The whole queue"),
    "state_running": ("đang chạy", "running"),
    "state_closing": ("đang kết lô", "closing"),
    "state_waiting": ("chờ", "waiting"),
    "state_failed": ("dở dang", "failed"),
    "state_stopped": ("tự dừng", "stopped itself"),
    "state_paused": ("tạm dừng", "paused"),
    "files": ("còn {left} / {files} tệp", "{left} of {files} files left"),
    "planned": ("hẹn {at}", "at {at}"),
    "aside": ("{count} tệp để riêng", "{count} set aside"),
    "speed": ("{speed} trang/giờ", "{speed} pages an hour"),
    "hours": ("còn ≈ {hours} giờ", "≈ {hours} hours left"),
    "speed_basis": (
        "{pages} trang trong {minutes} phút, lượt bắt đầu {since}",
        "{pages} pages in {minutes} minutes, run begun {since}",
    ),
    "speed_unknown": ("chưa đủ trang để đo tốc độ", "too few pages to tell a speed"),
    "last_sign": ("trang cuối {at}", "last page {at}"),
    "disk": ("Đĩa còn đủ", "Disk lasts"),
    "disk_days": ("{days} ngày", "{days} days"),
    "disk_unknown": ("chưa biết số ngày", "days unknown"),
    "disk_free": ("trống {free} / {total} GB ngày {day}", "{free} of {total} GB free on {day}"),
    "disk_rate": (
        "giảm {per_day} GB/ngày từ {since} đến {day}; giữ lại {kept} GB",
        "falls by {per_day} GB a day from {since} to {day}; {kept} GB kept free",
    ),
    "disk_still": ("không giảm từ {since} đến {day}", "has not fallen from {since} to {day}"),
    "disk_one": ("mới đo một ngày; cần hai ngày để tính", "measured on one day; two are needed"),
    "disk_never": ("chưa đo", "not measured"),
    "machine": ("Máy tự đọc trọn", "Read by machine alone"),
    "machine_none": ("chưa có giấy tờ", "no papers yet"),
    "machine_note": (
        "{alone} / {papers} giấy tờ được chấp nhận mà không ai phải sửa, tính đến {day}",
        "{alone} of {papers} papers accepted untouched by a person, as of {day}",
    ),
    "fixity": ("Kiểm tra toàn vẹn", "Fixity"),
    "fixity_none": ("chưa kiểm tra", "not checked"),
    "fixity_none_note": (
        "không có lần kiểm tra nào được ghi, tính đến {day}",
        "no check is on record, as of {day}",
    ),
    "fixity_whole": ("còn nguyên: {objects} đối tượng", "whole: {objects} objects"),
    "fixity_damaged": (
        "SAI LỆCH: {damaged} đối tượng bị mất hoặc đã khác",
        "DAMAGED: {damaged} objects missing or altered",
    ),
    "footer": (
        "Số hóa = ảnh được chấp nhận, đủ siêu dữ liệu bắt buộc, đã cấp mã, đã lưu; còn hiệu lực vào ngày tính. "
        "Cách đọc «tăng 20 %»: {reading}. Chỉ tiêu: KH 5283/KH-UBND III.1–2 (configs/targets.csv). "
        "Khoảng hai số: giấy chưa rõ hiệu lực không tính – tính hết.",
        "Digitised = image accepted, mandatory metadata, code, stored; in force on the day. "
        "Reading of +20 %: {reading}. Targets: KH 5283/KH-UBND III.1–2 (configs/targets.csv). "
        "Two numbers: papers of unknown validity left out – all counted.",
    ),
}
