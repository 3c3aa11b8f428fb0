"""Papers laid out by hand, line by line, for tests of whatever reads, stores or shows them. No test lives here."""

from __future__ import annotations

from tests.printed_pages import Row, left, official

DECISION = official(
    ["UBND TỈNH QUẢNG NGÃI", "SỞ Y TẾ"],
    "Số: 2041/QĐ-SYT",
    "Quảng Ngãi, ngày 09 tháng 8 năm 2023",
    ["QUYẾT ĐỊNH", "Về việc phê duyệt danh mục kỹ thuật", "tại phòng khám đa khoa"],
    signature=["KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"],
    signer="Trần Thị Hoa",
)
DISPATCH = official(
    ["BỘ Y TẾ"],
    "Số: 6543/BYT-KCB",
    "Hà Nội, ngày 15 tháng 11 năm 2022",
    body=["Kính gửi: Sở Y tế các tỉnh, thành phố", "Bộ Y tế nhận được công văn số 12/SYT ngày 01/11/2022."],
    about=["V/v hướng dẫn cấp giấy phép", "hoạt động khám bệnh"],
    signature=["TL. BỘ TRƯỞNG", "CỤC TRƯỞNG CỤC QUẢN LÝ KHÁM, CHỮA BỆNH"],
    signer="Lê Văn Minh",
)
BIRTH: list[Row] = [
    ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 0.5, 0.06),
    ("Độc lập - Tự do - Hạnh phúc", 0.5, 0.08),
    ("GIẤY KHAI SINH", 0.5, 0.13),
    ("Số: 123/2021", 0.5, 0.16),
    left("Họ, chữ đệm, tên: NGUYỄN GIA HUY", 0.22),
    left("Ngày, tháng, năm sinh: 04/05/2021", 0.245),
    left("Giới tính: Nam", 0.27),
    left("Dân tộc: Kinh", 0.27, 0.4),
    left("Quốc tịch: Việt Nam", 0.27, 0.65),
    left("Nơi sinh: Bệnh viện Đa khoa tỉnh Khánh Hòa", 0.295),
    left("Số định danh cá nhân: 056221001234", 0.32),
    left("Họ, chữ đệm, tên người mẹ: Trần Thị Thu", 0.36),
    left("Họ, chữ đệm, tên người cha: Nguyễn Văn Hai", 0.40),
    left("Nơi đăng ký khai sinh: Ủy ban nhân dân xã Diên An, huyện Diên Khánh, tỉnh Khánh Hòa", 0.46),
    left("Ngày, tháng, năm đăng ký: ngày 12 tháng 5 năm 2021", 0.49),
    ("NGƯỜI KÝ GIẤY KHAI SINH", 0.72, 0.55),
    ("CHỦ TỊCH", 0.72, 0.57),
    ("Lê Minh Tuấn", 0.72, 0.68),
]


def extract(title: str) -> list[Row]:
    return official(
        ["UBND HUYỆN DIÊN KHÁNH", "ỦY BAN NHÂN DÂN", "XÃ DIÊN AN"],
        "Số: 12/TLKT",
        "Diên An, ngày 12 tháng 8 năm 2019",
        [title],
        body=["Họ, chữ đệm, tên: TRẦN VĂN BA", "Ngày, tháng, năm sinh: 01/02/1950"],
        signature=["NGƯỜI KÝ TRÍCH LỤC", "CHỦ TỊCH"],
    )
