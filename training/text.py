"""Text of synthetic lines: clauses as the language model counts them, names of any syllables, figures of papers."""

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
    "Diện tích", "Vốn điều lệ", "Dân tộc", "Quốc tịch", "Nơi cư trú", "Hình thức sử dụng", "Thời hạn", "Chức vụ",
    "Nơi nhận", "Ghi chú", "Tổng số tiền", "Bằng chữ", "Kính gửi", "Căn cứ", "Điều", "Khoản", "Chủ sở hữu", "Email", "Fax",
)  # fmt: skip
_SIGNS = "&#@'()+,-./:;*$%<>_`’“”!\"?=[]{}–—…°§²³"
_AROUND = (("(", ")"), ("“", "”"), ('"', '"'), ("[", "]"), ("- ", ""), ("– ", ""), ("a) ", ""), ("1. ", ""))
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
            left, right = self._pick(_AROUND)
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
        random = self._random
        year, day, month = (
            1975 + int(random.integers(52)),
            int(random.integers(1, 32)),
            int(random.integers(1, 13)),
        )
        made = (
            *(
                self._number_of_a_paper,
                self._place_and_day,
                self._day,
                self._identifier,
                self._money,
                self._area,
            ),
            *(self._label, self._article, self._law, self._figures, self._amount, self._mark, self._mail),
            *(self._signs, self._end_of_clause),
        )
        return str(made[int(random.integers(len(made)))](year, day, month))

    def _number_of_a_paper(self, year: int, *_: int) -> str:
        number = self._digits(int(self._random.integers(1, 5)))
        return f"Số: {number}{self._pick(('', f'/{year}'))}/{self._pick(_NOTATIONS)}"

    def _place_and_day(self, year: int, day: int, month: int) -> str:
        place = self._name().title()
        return f"{place}, ngày {day:02d} tháng {self._pick((month, f'{month:02d}'))} năm {year}"

    def _day(self, year: int, day: int, month: int) -> str:
        return f"{self._pick(_LABELS)}: {day:02d}/{month:02d}/{year}"

    def _identifier(self, *_: int) -> str:
        return f"{self._pick(_LABELS)}: {self._digits(self._pick((9, 10, 12)))}"

    def _money(self, *_: int) -> str:
        money = f"{int(self._random.integers(1, 10**9)) * 1000:,}".replace(",", ".")
        unit = self._pick(("đồng", "VNĐ", "đ"))
        return f"{money} {unit}{self._pick(('', '.', ' (' + self._name().lower() + ' đồng)'))}"

    def _area(self, *_: int) -> str:
        label = self._pick(("Diện tích", "Tổng diện tích sàn", "DT"))
        number = f"{self._digits(int(self._random.integers(2, 4)))},{self._digits(1)}"
        return f"{label}: {number} {self._pick(('m²', 'm²', 'm2', 'm³', 'ha'))}{self._pick(_ENDS)}"

    def _label(self, *_: int) -> str:
        return f"{self._pick(_LABELS)}: {self._name()}"

    def _article(self, *_: int) -> str:
        return f"{self._pick(_LABELS)} {self._digits(1)}. {self._clause()}"

    def _law(self, year: int, *_: int) -> str:
        law = self._pick(("Nghị định", "Thông tư", "Luật", "Quyết định"))
        return f"Căn cứ {law} số {self._digits(2)}/{year}/{self._pick(_NOTATIONS)}{self._pick(_ENDS)}"

    def _figures(self, *_: int) -> str:
        count = int(self._random.integers(1, 5))
        return " ".join(self._digits(int(self._random.integers(1, 7))) for _ in range(count))

    def _amount(self, *_: int) -> str:
        amount = f"{self._name()} {self._digits(1)},{self._digits(2)}"
        amount += self._pick(("%", " %", "°", " kg", " m"))
        return f"{amount} {self._pick(('–', '-', '…', '='))} {self._digits(3)}"

    def _mark(self, *_: int) -> str:
        count = int(self._random.integers(2, 9))
        return "".join(self._pick(string.ascii_uppercase + string.digits) for _ in range(count))

    def _mail(self, *_: int) -> str:
        name = "".join(self._pick(string.ascii_lowercase) for _ in range(int(self._random.integers(3, 9))))
        return f"Email: {name}@{self._pick(('gmail.com', 'khanhhoa.gov.vn', 'yahoo.com'))}"

    def _signs(self, *_: int) -> str:
        """Signs that running text seldom has, lest the net forget them."""
        parts = (
            self._name() + self._pick(_SIGNS) + self._pick(("", self._digits(2), self._pick(_SIGNS)))
            for _ in range(3)
        )
        return " ".join(parts)

    def _end_of_clause(self, *_: int) -> str:
        clause = self._clause()
        return clause + self._pick(("?", "!", " {…}", " §" + self._digits(1), " [" + self._digits(1) + "]"))
