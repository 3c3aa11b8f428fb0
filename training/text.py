"""Text of synthetic lines: clauses as the language model counts them, names of any syllables, numbers as papers write them."""

from __future__ import annotations

import string
import unicodedata
from typing import Any

import numpy as np

from extractors import language
from extractors.syllables import can_exist, with_tone_at

Random = np.random.Generator
_NOTATIONS = (
    "QĐ-UBND", "TB-UBND", "UBND-KT", "TTr-SXD", "BC-STNMT", "GP-SXD", "GPXD", "NĐ-CP", "TT-BTC", "QH13", "KH-UBND", "HĐND",
    "CT-TTg", "STC-QLNS", "SKHĐT-ĐKKD", "GCN-SYT", "CV-PNV", "GPKD", "GM-VP", "QĐ-XPVPHC",
)  # fmt: skip
_LABELS = (
    "Số", "Họ và tên", "Ngày sinh", "Nơi sinh", "Số CCCD", "Địa chỉ", "Điện thoại", "Mã số", "Tờ bản đồ số", "Thửa đất số",
    "Diện tích", "Vốn điều lệ", "Dân tộc", "Quốc tịch", "Nơi cư trú", "Hình thức sử dụng", "Thời hạn", "Chức vụ", "Nơi nhận",
    "Ghi chú", "Tổng số tiền", "Bằng chữ", "Kính gửi", "Căn cứ", "Điều", "Khoản", "Chủ sở hữu", "Email", "Fax",
)  # fmt: skip
_ENDS = (".", ",", ";", ":", "./.", "", "", "", "")


class Writer:
    """Makes lines of text. The same seed writes the same lines."""

    def __init__(self, random: Random) -> None:
        self._random = random
        counted = language.counts()
        self._words = counted.words[0]
        size = len(self._words)
        codes, numbers = counted.pairs
        self._seconds = codes % size
        first = codes // size
        self._starts = np.searchsorted(first, np.arange(size + 1))
        self._sums = np.cumsum(numbers)
        self._syllables = [word for word in self._words[2:] if can_exist(word) and len(word) > 1]

    def line(self) -> str:
        """One line, NFC, single spaces."""
        kind = self._random.random()
        if kind < 0.25:  # a whole line of running text
            text = " ".join(self._clause() for _ in range(3))
        elif kind < 0.55:
            text = self._clause()
        elif kind < 0.78:
            text = self._name()
        else:
            text = self._form()
        return unicodedata.normalize("NFC", " ".join(text.split()))

    def _pick(self, choices: Any) -> Any:
        return choices[int(self._random.integers(len(choices)))]

    def _digits(self, count: int) -> str:
        return "".join(self._pick(string.digits) for _ in range(count))

    def _clause(self) -> str:
        words, word = list[str](), 0
        for _ in range(int(self._random.integers(2, 16))):
            word = self._after(word)
            if word == 1:
                break
            words.append(self._spelt(self._words[word]))
        text = " ".join(words) or self._name()
        case = self._random.random()
        if case < 0.17:
            text = text.upper()
        elif case < 0.6:
            text = text[:1].upper() + text[1:]
        if self._random.random() < 0.12:
            left, right = self._pick((("(", ")"), ("“", "”"), ('"', '"'), ("[", "]"), ("- ", ""), ("– ", ""), ("a) ", ""), ("1. ", "")))
            text = left + text + right
        return text + self._pick(_ENDS)

    def _after(self, word: int) -> int:
        start, end = int(self._starts[word]), int(self._starts[word + 1])
        if start == end or self._random.random() < 0.04:
            return 2 + int(self._random.integers(len(self._words) - 2))
        low = self._sums[start - 1] if start else 0
        at = low + self._random.random() * (self._sums[end - 1] - low)
        return int(self._seconds[np.searchsorted(self._sums, at, side="right")])

    def _spelt(self, word: str) -> str:
        return with_tone_at(word, 2) if self._random.random() < 0.3 else word

    def _name(self) -> str:
        words = [self._spelt(self._pick(self._syllables)) for _ in range(int(self._random.integers(1, 8)))]
        case = self._random.random()
        text = " ".join(words)
        if case < 0.55:
            return " ".join(word.capitalize() for word in words)
        return text.upper() if case < 0.85 else text

    def _form(self) -> str:
        random, pick, digits = self._random, self._pick, self._digits
        year, day, month = 1975 + int(random.integers(52)), int(random.integers(1, 32)), int(random.integers(1, 13))
        kind = int(random.integers(14))
        if kind == 0:
            return f"Số: {digits(int(random.integers(1, 5)))}{pick(('', f'/{year}'))}/{pick(_NOTATIONS)}"
        if kind == 1:
            return f"{self._name().title()}, ngày {day:02d} tháng {pick((month, f'{month:02d}'))} năm {year}"
        if kind == 2:
            return f"{pick(_LABELS)}: {day:02d}/{month:02d}/{year}"
        if kind == 3:
            return f"{pick(_LABELS)}: {digits(pick((9, 10, 12)))}"
        if kind == 4:
            money = f"{int(random.integers(1, 10**9)) * 1000:,}".replace(",", ".")
            return f"{money} {pick(('đồng', 'VNĐ', 'đ'))}{pick(('', '.', ' (' + self._name().lower() + ' đồng)'))}"
        if kind == 5:
            return f"{pick(('Diện tích', 'Tổng diện tích sàn', 'DT'))}: {digits(int(random.integers(2, 4)))},{digits(1)} {pick(('m²', 'm²', 'm2', 'm³', 'ha'))}{pick(_ENDS)}"
        if kind == 6:
            return f"{pick(_LABELS)}: {self._name()}"
        if kind == 7:
            return f"{pick(_LABELS)} {digits(1)}. {self._clause()}"
        if kind == 8:
            return f"Căn cứ {pick(('Nghị định', 'Thông tư', 'Luật', 'Quyết định'))} số {digits(2)}/{year}/{pick(_NOTATIONS)}{pick(_ENDS)}"
        if kind == 9:
            return " ".join(digits(int(random.integers(1, 7))) for _ in range(int(random.integers(1, 5))))
        if kind == 10:
            return f"{self._name()} {digits(1)},{digits(2)}{pick(('%', ' %', '°', ' kg', ' m'))} {pick(('–', '-', '…', '='))} {digits(3)}"
        if kind == 11:
            return "".join(pick(string.ascii_uppercase + string.digits) for _ in range(int(random.integers(2, 9))))
        if kind == 12:
            mail = "".join(pick(string.ascii_lowercase) for _ in range(int(random.integers(3, 9))))
            return f"Email: {mail}@{pick(('gmail.com', 'khanhhoa.gov.vn', 'yahoo.com'))}"
        return f"{self._clause()}{pick(('?', '!', ' {…}', ' §' + digits(1), ' [' + digits(1) + ']'))}"
