"""Validates and normalizes typed answers: dates to ISO, kinds to ids.

Every answer is checked for grammar and check digits. If the person confirms that the paper reads so (`sure`), a wrong
check digit is accepted, but never a grammar error that affects a code or a date.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Final

from extractors.numbers import close_up, parse_number
from extractors.units import resolve
from extractors.values import identifier_is_sound
from schemas import wording
from schemas.batches import BatchSheet
from schemas.codes import is_owner_identifier
from schemas.documents import Document, ValidityState
from schemas.errors import SohoaError
from schemas.review import BOX, KIND, OF_PLACE, OTHER, RESULT_TYPE, SAME_AS, UNIT, VALIDITY, expired_from
from schemas.rules import Rulebook
from schemas.text import fold, squeeze

_DAY: Final = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})")
_SINCE: Final = re.compile(r"(?P<state>.+?)\s+(?:từ(?: ngày)?|from)\s+(?P<day>[\d/.-]+)")
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLACE: Final = re.compile(
    r"(?:(?:ubnd|ủy ban nhân dân) )?(?:xã|phường|thị trấn|đặc khu|huyện|quận|thị xã|thành phố) ",
    re.IGNORECASE,
)
_OF_ANY_PAPER: Final = frozenset(
    {
        *(
            KIND,
            RESULT_TYPE,
            UNIT,
            VALIDITY,
            SAME_AS,
            *OF_PLACE,
            "number",
            "notation",
            "issue_date",
            "expiry_date",
            "agency",
        ),
        *("document_type", "subject", "signer", "signer_title"),
        *("owner_name", "owner_id", "birth_date", "birth_year", "first_issue_date"),
    }
)
_LONGEST: Final = 500
_LONGEST_NUMBER: Final = 60
_LONGEST_BOX: Final = 60
_OLDEST: Final = 1900
_TYPES: Final = {
    "date": "date",
    "date_words": "date",
    "person_id": "identifier",
    "tax_id": "identifier",
    "owner_id": "identifier",
    "sex": "sex",
    "number": "amount",
    "money": "amount",
    "area": "amount",
}
VALIDITY_WORDS: Final = {
    wording.text(f"validity_state.{state}", lang): state
    for state in ValidityState
    for lang in wording.LANGUAGES
}


OTHER_WORDS: Final = {OTHER, *(fold(wording.text("review.other_paper", lang)) for lang in wording.LANGUAGES)}


class WrongAnswer(SohoaError):
    """An invalid answer. `problem` is the message key under `review.wrong`."""

    code = "answer"
    exit_code = 2

    def __init__(self, problem: str, **params: Any) -> None:
        super().__init__(problem, remedy=f"answer_{problem}", **params)
        self.problem = problem


def type_of(target: str, kind: str | None, rules: Rulebook) -> str:
    """Answer type of a target: date, identifier, number, year, sex, amount, text, or the target itself."""
    if target in {KIND, RESULT_TYPE, UNIT, VALIDITY, SAME_AS, "number"}:
        return target
    known = rules.kind(kind)
    rule = next((field for field in known.fields if field.name == target), None) if known else None
    if rule is not None and rule.type in _TYPES:
        return _TYPES[rule.type]
    if target.endswith("_date"):
        return "date"
    if target.endswith("_id"):
        return "identifier"
    return "year" if target.endswith("_year") else "text"


def check_target(target: str, paper: Document, rules: Rulebook) -> None:
    """Check that papers of this kind have the target, so that a misspelt name does not become a field.

    Raises:
        WrongAnswer: no such field.
    """
    kind = rules.kind(paper.kind)
    own = kind.field_names if kind else ()
    if target not in _OF_ANY_PAPER and target not in own and target not in paper.fields:
        raise WrongAnswer("target", value=target)


def read_answer(
    given: object, target: str, paper: Document, rules: Rulebook, today: date, *, sure: bool = False
) -> str:
    """The normalized value.

    Args:
        given: the typed text, or the spreadsheet cell value (a number, a date).
        target: target of the answer.
        paper: the current paper, with the kind decided in the same call.
        rules: kinds, units, codes.
        today: latest accepted date of issue or birth.
        sure: the person confirms that the paper reads so.

    Raises:
        WrongAnswer: the answer is invalid.
    """
    check_target(target, paper, rules)
    kind = type_of(target, paper.kind, rules)
    if isinstance(given, (datetime, date)):
        if kind != "date":
            raise WrongAnswer("cell_is_date", value=str(given))
        given = given.strftime("%d/%m/%Y")
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        if kind == "identifier":
            raise WrongAnswer("cell_is_number")
        given = str(int(given)) if float(given).is_integer() else str(given).replace(".", ",")
    text = squeeze(str(given))
    if not text or not any(char.isalnum() for char in text):
        raise WrongAnswer("empty")
    if not text.isprintable():
        raise WrongAnswer("unprintable")
    limit = _LONGEST_BOX if target == BOX else _LONGEST
    if len(text) > limit:
        raise WrongAnswer("too_long", limit=limit)
    if kind == KIND:
        return _kind(text, rules)
    if kind == RESULT_TYPE:
        return _result_type(text, paper, rules)
    if kind == UNIT:
        return _unit(text, paper, rules)
    if kind == SAME_AS:
        return _same_as(text, paper)
    if kind == "date":
        return _date(text, target, today)
    if kind == "identifier":
        return _identifier(text, paper, sure)
    if kind == "number":
        return _number(text, paper, rules, sure)
    return _plain(text, kind, today)


def _kind(text: str, rules: Rulebook) -> str:
    for kind in rules.kinds:
        if text == kind.id or fold(text) == fold(kind.title):
            return kind.id
    raise WrongAnswer("kind", value=text)


def _result_type(text: str, paper: Document, rules: Rulebook) -> str:
    code = text.split(" ")[0].strip(" –-:")
    kind = rules.kind(paper.kind)
    possible = kind.result_codes if kind else ()
    if code not in rules.result_types and code not in possible:
        raise WrongAnswer("result_type", value=text)
    if possible and code not in possible:
        raise WrongAnswer("result_type_of_kind", value=code, kind=kind.title if kind else "")
    return code


def _same_as(text: str, paper: Document) -> str:
    """`other`, or the id of the document that the paper may be, told by its id or as the question names it."""
    if fold(text) in OTHER_WORDS:
        return str(OTHER)
    held = {str(note.params.get("document")) for note in paper.findings if note.rule == "possible_duplicate"}
    named = next((word for word in re.findall(r"[0-9a-f]{32}", text) if word in held), None)
    if named is None:
        raise WrongAnswer("same_as", value=text, known=", ".join(sorted(held)) or "–")
    return str(named)


def _unit(text: str, paper: Document, rules: Rulebook) -> str:
    issued = paper.value("issue_date")
    day = date.fromisoformat(issued) if issued else None
    # A department may be in no list; a commune or district that is in none is misspelt, and would be counted as a new one.
    level = paper.level if paper.level == "tinh" and not _PLACE.match(text) else None
    if resolve(None, day, BatchSheet(owning_unit=text, level=level), rules).unit is None:
        raise WrongAnswer("unit", value=text)
    return text


def _date(text: str, target: str, today: date) -> str:
    match = _DAY.fullmatch(text)
    if not match and not _ISO.fullmatch(text):
        raise WrongAnswer("date", value=text)
    try:
        day = date(int(match[3]), int(match[2]), int(match[1])) if match else date.fromisoformat(text)
    except ValueError as error:
        raise WrongAnswer("date_unreal", value=text) from error
    if day.year < _OLDEST:
        raise WrongAnswer("date_too_old", value=text)
    if day > today and target != "expiry_date":
        raise WrongAnswer("date_future", value=text)
    return day.isoformat()


def _identifier(text: str, paper: Document, sure: bool) -> str:
    closed = re.sub(r"[ .]", "", text)
    if not is_owner_identifier(closed):
        raise WrongAnswer("identifier", digits=sum(char.isdigit() for char in closed))
    issued = paper.value("issue_date")
    if not sure and not identifier_is_sound(closed, int(issued[:4]) if issued else None):
        raise WrongAnswer("identifier_unsound")
    return closed


def _number(text: str, paper: Document, rules: Rulebook, sure: bool) -> str:
    closed = close_up(text)
    if len(closed) > _LONGEST_NUMBER or not any(char.isdigit() for char in closed):
        raise WrongAnswer("number", value=text)
    kind = rules.kind(paper.kind)
    own = next((field for field in kind.fields if field.name == "number"), None) if kind else None
    if own is not None and own.type == "tax_id":
        return _identifier(text, paper, sure)
    parsed = parse_number(closed)
    plain = parsed is not None and parsed.value == closed
    if not plain and own is None and not sure:
        raise WrongAnswer("number", value=text)
    return closed


def _plain(text: str, kind: str, today: date) -> str:
    if kind == "sex":
        word = {"nam": "Nam", "nu": "Nữ"}.get(fold(text))
        if word is None:
            raise WrongAnswer("sex", value=text)
        return word
    if kind == "year" and not (text.isdecimal() and len(text) == 4 and _OLDEST <= int(text) <= today.year):
        raise WrongAnswer("year", value=text)
    if kind == "amount" and not re.fullmatch(r"\d{1,3}(?:\.\d{3})*(?:,\d+)?|\d+(?:,\d+)?", text):
        raise WrongAnswer("amount", value=text)
    return _validity(text, today) if kind == VALIDITY else text


def _validity(text: str, today: date) -> str:
    """A state; "expired" may name the first day of it."""
    dated = _SINCE.fullmatch(text)
    said = dated["state"] if dated else text
    state = VALIDITY_WORDS.get(said.lower()) or next((each for each in ValidityState if each == said), None)
    if state is None or (dated and state is not ValidityState.EXPIRED):
        raise WrongAnswer("validity", value=text)
    return expired_from(date.fromisoformat(_date(dated["day"], VALIDITY, today))) if dated else str(state)
