"""Second evidence for a number or a day in a pen's hand: a register, the file's name, the order within a series. Pure.

Two that agree are evidence, two that differ are a question (DESIGN, "A value is believed by evidence"): the reading stays
what it is, and a person is asked. What no second evidence concerns is left to its reader's own threshold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final, NamedTuple

from extractors.decided import Decided
from extractors.registered import Registered
from extractors.written import is_sure
from schemas.documents import Field
from schemas.findings import Finding, finding
from schemas.reading import Box, PageReading, Written
from schemas.review import Action, Between, between_of, by_order
from schemas.rules import Thresholds
from schemas.text import fold

_PLACES: Final = {"number": ("number", "register", "label"), "issue_date": ("day", "month", "year")}
_MOST: Final = 0.99
_TOKENS: Final = re.compile(r"[0-9]+|[a-z]+")
_NUMBER: Final = re.compile(r"0*([0-9]+)([a-e]?)(?=[/-])", re.IGNORECASE)
_COUNTER: Final = re.compile(r"0\d{2,}")  # `0012`: a scanner counts so, a clerk does not
_LONGEST: Final = 6
_YEARS: Final = range(1945, 2100)


class Weighed(NamedTuple):
    """Fields with the confidence that second evidence gives them, and what is to be said of it."""

    fields: dict[str, Field]
    findings: tuple[Finding, ...]


def doubted_ink(
    fields: Mapping[str, Field], readings: Sequence[PageReading], sure: Thresholds
) -> list[Finding]:
    """Findings for a number or an issue date in a pen's hand that its reader is not sure of, whatever else is."""
    return [
        finding("field_written", page=fields[name].page, field=name)
        for name in _PLACES
        if any(not is_sure(one, sure) for one in _ink_of(name, fields, readings))
    ]


def in_ink(fields: Mapping[str, Field], readings: Sequence[PageReading]) -> frozenset[str]:
    """Fields that were read from a pen's hand, however sure their reader was."""
    return frozenset(name for name in _PLACES if _ink_of(name, fields, readings))


def weigh(
    registered: Registered,
    readings: Sequence[PageReading],
    decided: Decided,
    name: str | None,
    sure: Thresholds,
) -> Weighed:
    """Hold what was read against a register, the file's name and the order within the paper's series.

    Args:
        registered: fields with a register's values.
        readings: of the paper's pages.
        decided: decisions in force; the series' neighbours are among them.
        name: of the file, if the paper is all that is in it.
        sure: thresholds of written figures.

    Returns:
        Fields of a confirmed number are surer; findings say what confirms, what contradicts, and what is still asked.
    """
    fields = dict(registered.fields)
    asked = {
        str(note.params["field"]): note
        for note in doubted_ink(fields, readings, sure)
        if registered.standing.get(str(note.params["field"])) != "confirms"
    }
    number = fields.get("number")
    if number is None or number.value is None or number.source != "ocr" or "number" in decided:
        return Weighed(fields, tuple(asked.values()))
    notes = []
    for note, confidence in (_by_name(number, name), _by_order(number, fields, readings, decided, sure)):
        if note is None:
            continue
        notes.append(note)
        if confidence is not None:
            asked.pop("number", None)
            own = number.confidence if number.confidence is not None else 1.0
            fields["number"] = number.model_copy(update={"confidence": max(own, min(_MOST, confidence))})
    return Weighed(fields, (*asked.values(), *notes))


def stated_in(name: str, number: str) -> str | None:
    """The figures that a file's name gives as the number of a paper, without leading zeros; None if it gives none.

    A clerk writes the number beside its whole notation (`176-QD-UBND.pdf`) or behind `so` (`So 176.pdf`). What a
    scanner counted (`0012`), or a name with several such figures, states nothing.
    """
    tokens = _TOKENS.findall(fold(PurePath(name).stem))
    parts = [part for part in _TOKENS.findall(fold(number.rpartition("/")[2])) if part.isalpha()]
    found = {token for at, token in enumerate(tokens) if _states(tokens, at, parts)}
    years = {token for token in found if int(token) in _YEARS}
    left = found - years if len(found) > 1 else found
    return next(iter(left)).lstrip("0") or None if len(left) == 1 else None


def _states(tokens: Sequence[str], at: int, parts: Sequence[str]) -> bool:
    """True if a token of a name is figures with the notation, or `so`, beside them."""
    token, end = tokens[at], at + 1
    if not token.isdigit() or len(token) > _LONGEST or _COUNTER.fullmatch(token):
        return False
    before, after = list(tokens[max(0, at - len(parts)) : at]), list(tokens[end : end + len(parts)])
    return list(tokens[max(0, at - 1) : at]) == ["so"] or (bool(parts) and list(parts) in (before, after))


def _by_name(number: Field, name: str | None) -> tuple[Finding | None, float | None]:
    read = _NUMBER.match(number.value or "")
    stated = stated_in(name, number.value or "") if name and read else None
    if read is None or stated is None or read[2]:
        return None, None
    if stated == read[1]:
        return finding("name_confirms", page=number.page, field="number"), _MOST
    return finding(
        "name_contradicts", page=number.page, field="number", value=number.value, stated=stated
    ), None


def _by_order(
    number: Field,
    fields: Mapping[str, Field],
    readings: Sequence[PageReading],
    decided: Decided,
    sure: Thresholds,
) -> tuple[Finding | None, float | None]:
    held, read = decided.get(by_order("number")), _NUMBER.match(number.value or "")
    between = between_of(held.value) if held is not None and held.action is Action.SET else None
    ink = _ink_of("number", fields, readings)
    if between is None or read is None or not any(one.hand for one in ink):
        return None, None
    if not between.after < int(read[1]) < between.before:
        return _of_order("order_contradicts", number, between), None
    chance = min((_within(one, between) for one in ink if one.what in {"number", "register"}), default=0.0)
    return (_of_order("order_confirms", number, between), chance) if chance >= sure.written else (None, None)


def _of_order(rule: str, number: Field, between: Between) -> Finding:
    first, last = between.after, between.before
    return finding(rule, page=number.page, field="number", value=number.value, first=first, last=last)


def _within(seen: Written, between: Between) -> float:
    """Probability of what was read, among all numbers that the order leaves.

    Strings that the reader did not name are as likely as what is left of its certainty, spread over all numbers of
    their length; those in the gap are their share of it.
    """
    if not seen.guesses:
        return 0.0
    inside = [(text, chance) for text, chance in seen.guesses if _fits(text, between)]
    text, first = seen.guesses[0]
    if not inside or inside[0][0] != text:
        return 0.0
    unnamed = max(0.0, 1 - sum(chance for _, chance in seen.guesses))
    space = float(10 ** len(text.split("/")[0]))
    share = min(1.0, (between.before - between.after) / space)
    return first / (sum(chance for _, chance in inside) + unnamed * share)


def _fits(text: str, between: Between) -> bool:
    figures = text.split("/")[0]
    return figures.isdigit() and between.after < int(figures) < between.before


def _ink_of(name: str, fields: Mapping[str, Field], readings: Sequence[PageReading]) -> list[Written]:
    """Written places that a field was read from."""
    field = fields.get(name)
    if field is None or field.value is None or field.box is None or field.source != "ocr":
        return []
    own = next((reading for reading in readings if reading.number == field.page), None)
    if own is None:
        return []
    return [one for one in own.written if one.what in _PLACES[name] and _meet(one.box, field.box)]


def _meet(one: Box, other: Box) -> bool:
    return min(one.right, other.right) > max(one.left, other.left) and min(one.bottom, other.bottom) > max(
        one.top, other.top
    )
