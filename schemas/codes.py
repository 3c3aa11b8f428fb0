"""Grammars of the codes on and about papers (DOMAIN.md §1.4–1.12), and the code of a digitised result.

The code of a digitised result (mã kết quả số hóa, TT 01/2023/TT-VPCP Điều 10) has four parts, kept apart; the printed
form is only rendered: `{owner}.{KQ}.{number}.{NN}`, of a component of a dossier `{owner}.{TTHC}.{component}.{NN}`.
With no owner on the paper the first part is empty and the dot stays
[V2: production systems; the legal formula is an image].
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from pydantic import BaseModel, ConfigDict

from schemas.errors import CodeError
from schemas.text import strip_accents

GRAMMARS: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "tthc_short": r"^[1-9]\.\d{6}$",
        "tthc_long": r"^[1-9]\.\d{6}\.\d{3}\.\d{2}\.\d{2}\.[A-K]\d{2}$",
        "tthc_case": r"^[1-9]\.\d{6}\.\d{2}$",
        "tthc_legacy": r"^[TB]-[A-Z]{3}-\d{6}-TT$",
        "sector": r"^[A-K]\d{2}-[A-Z]{2,4}\d{2}$",
        "dossier": (
            r"^(?:\d{3}\.\d{2}\.\d{2}\.[A-K]\d{2}|[A-K]\d{2}(?:\.\d{1,3}){0,4})-(?:\d{6}|\d{8})-\d{4,7}$"
        ),
        "component": r"^\d{3}\.\d{2}\.\d{2}\.[A-K]\d{2}-KQ\d{6}$",
        "result_type": r"^KQ\.[A-K]\d{2}\.\d{6}$",
        "agency_qcvn": r"^\d{3}\.\d{2}\.\d{2}\.[A-K]\d{2}$",
        "agency_qd20": r"^(?=.{3,35}$)[A-K]\d{2}(?:\.\d{1,3}){0,6}$",
        "person12": r"^\d{12}$",
        "cmnd9": r"^\d{9}$",
        "mst": r"^\d{10}(?:-?\d{3})?$",
        "digit_result": (
            r"^(?P<owner>\d{9}|\d{10}(?:-?\d{3})?|\d{12}|)\.(?P<type>KQ\.[A-K]\d{2}\.\d{6})\."
            r"(?P<num>.+)\.(?P<seq>\d{2})$"
        ),
        "digit_component": (
            r"^(?P<owner>\d{9}|\d{10}(?:-?\d{3})?|\d{12}|)\."
            r"(?P<type>[1-9]\.\d{6}(?:\.\d{2}|\.\d{3}\.\d{2}\.\d{2}\.[A-K]\d{2})?)\."
            r"(?P<num>\d{3}\.\d{2}\.\d{2}\.[A-K]\d{2}-KQ\d{6})\.(?P<seq>\d{2})$"
        ),
        "commune": r"^\d{5}$",
        "district": r"^\d{3}$",
        "province": r"^\d{2}$",
    }.items()
}

_DASHES: Final = re.compile("[\u2010-\u2015\u2212]")
_MST_WEIGHTS: Final = (31, 29, 23, 19, 17, 13, 7, 5, 3)
MAX_RUNNING_NUMBER: Final = 99


class ResultCode(BaseModel):
    """Code of a digitised paper, in parts. `owner` may be empty; `running` counts from 1 to 99.

    Of a result: `result_type` (KQ) and `number` of the paper. Of a component of a dossier: the procedure's code (TTHC) and
    the component's, in their places (DOMAIN.md §1.8).
    """

    model_config = ConfigDict(frozen=True)

    owner: str
    result_type: str
    number: str
    running: int

    def __str__(self) -> str:
        """The printed form."""
        return f"{self.owner}.{self.result_type}.{self.number}.{self.running:02d}"


def parse_result_code(text: str) -> ResultCode | None:
    """Read a printed code, of a result or a component, back into its parts, from the left; None if it is none."""
    match = GRAMMARS["digit_component"].match(text) or GRAMMARS["digit_result"].match(text)
    if not match:
        return None
    return ResultCode(
        owner=match["owner"], result_type=match["type"], number=match["num"], running=int(match["seq"])
    )


def make_result_code(owner: str, result_type: str, number: str, running: int) -> ResultCode:
    """Build a code from its parts.

    Raises:
        CodeError: a part is malformed, or the running number lies outside 1–99.
    """
    code = ResultCode(owner=owner, result_type=result_type, number=number, running=running)
    if not 1 <= running <= MAX_RUNNING_NUMBER:
        raise CodeError(
            f"running number {running} is outside 1-{MAX_RUNNING_NUMBER}", remedy="code_exhausted"
        )
    if parse_result_code(str(code)) != code:
        raise CodeError(f"parts make no valid code: {code}")
    return code


def likeness(owner: str, result_type: str, number: str) -> str:
    """Key under which codes of one paper meet however its number is spelt: case, dashes, `QD` for `QĐ`, leading zeros."""
    plain = _DASHES.sub("-", strip_accents(number)).upper()
    bare = re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"\s+", "", plain))
    return f"{owner.replace('-', '')}.{result_type}.{bare}"


def is_procedure_code(text: str) -> bool:
    """True for the code of an administrative procedure, short or with its authority."""
    return any(GRAMMARS[name].match(text) for name in ("tthc_short", "tthc_long", "tthc_case"))


def is_component_code(text: str) -> bool:
    """True for the national code of a dossier's component."""
    return GRAMMARS["component"].match(text) is not None


def is_owner_identifier(text: str) -> bool:
    """True if a text is a 9- or 12-digit personal number or a 10/13-digit tax code, by shape."""
    return any(GRAMMARS[name].match(text) for name in ("person12", "cmnd9", "mst"))


def tax_code_check(text: str) -> bool | None:
    """Check digit of a Vietnamese tax code (MST): True right, False wrong, None not a tax code or remainder 0."""
    if not GRAMMARS["mst"].match(text):
        return None
    digits = [int(char) for char in text[:10]]
    remainder = sum(weight * digit for weight, digit in zip(_MST_WEIGHTS, digits, strict=False)) % 11
    return None if remainder == 0 else digits[9] == 10 - remainder


def is_dossier_code(text: str) -> bool:
    """True for a dossier code of any period (DOMAIN.md §1.6) whose day of reception is a day of the calendar."""
    if not GRAMMARS["dossier"].match(text):
        return False
    digits = text.split("-")[1]
    digits = digits if len(digits) == 8 else f"20{digits}"
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def person_number_year(text: str) -> int | None:
    """Birth year encoded in a 12-digit personal number (digit 4 = century and sex, 5–6 = year), or None."""
    if not GRAMMARS["person12"].match(text):
        return None
    return 1900 + 100 * (int(text[3]) // 2) + int(text[4:6])
