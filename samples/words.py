"""Numbers and dates in Vietnamese words, and as administrative papers print them."""

from __future__ import annotations

from datetime import date

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_GROUPS = ("", "nghìn", "triệu", "tỷ")


def _below_hundred(number: int, after_hundreds: bool) -> str:
    tens, units = divmod(number, 10)
    if tens == 0:
        return f"lẻ {_DIGITS[units]}" if after_hundreds else _DIGITS[units]
    head = "mười" if tens == 1 else f"{_DIGITS[tens]} mươi"
    if units == 0:
        return head
    tail = _DIGITS[units]
    if units == 1 and tens > 1:
        tail = "mốt"
    elif units == 4 and tens > 1:
        tail = "tư"
    elif units == 5:
        tail = "lăm"
    return f"{head} {tail}"


def _below_thousand(number: int, full: bool) -> str:
    hundreds, rest = divmod(number, 100)
    if hundreds == 0 and not full:
        return _below_hundred(rest, after_hundreds=False)
    head = f"{_DIGITS[hundreds]} trăm"
    return head if rest == 0 else f"{head} {_below_hundred(rest, after_hundreds=True)}"


def number_in_words(number: int) -> str:
    """A whole number below 10**12 in words: `2.015` is `hai nghìn không trăm mười lăm`."""
    if number == 0:
        return _DIGITS[0]
    groups: list[int] = []
    while number:
        number, group = divmod(number, 1000)
        groups.append(group)
    parts: list[str] = []
    for position in range(len(groups) - 1, -1, -1):
        if groups[position]:
            words = _below_thousand(groups[position], full=position < len(groups) - 1)
            parts.append(f"{words} {_GROUPS[position]}".strip())
    return " ".join(parts)


def date_in_words(day: date) -> str:
    """A date as civil-status papers spell it."""
    month = "tư" if day.month == 4 else number_in_words(day.month)
    prefix = "mùng " if day.day <= 10 else ""
    return f"Ngày {prefix}{number_in_words(day.day)} tháng {month} năm {number_in_words(day.year)}"


def two_digits(number: int, below: int) -> str:
    """NĐ 30/2020: days below 10 and months 1 and 2 take a leading zero."""
    return f"{number:02d}" if number < below else str(number)


def long_date(day: date) -> str:
    """`ngày 05 tháng 02 năm 2021`, `ngày 16 tháng 6 năm 2021`."""
    return f"ngày {two_digits(day.day, 10)} tháng {two_digits(day.month, 3)} năm {day.year}"


def short_date(day: date) -> str:
    """`05/02/2021`."""
    return day.strftime("%d/%m/%Y")


def grouped(number: int) -> str:
    """`1.234.567`."""
    return f"{number:,}".replace(",", ".")


def capitalized(text: str) -> str:
    """First letter in upper case, the rest untouched."""
    return text[:1].upper() + text[1:]
