"""One paper in review as the page shows it: its questions first, then the rest of its fields in the paper's order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from review.answers import type_of
from review.keying import answers_line
from review.labels import name_of, result_type_labels, same_as_labels, target_name, value_of
from review.questions import NOTHING, Question, Waiting, shown_of
from schemas.documents import Field, ValidityState
from schemas.reading import PageReading
from schemas.review import (
    ACCEPTANCE,
    CONFIRMED,
    KIND,
    OTHER,
    RESULT_TYPE,
    SAME_AS,
    UNIT,
    VALIDITY,
    picture_of,
)
from schemas.rules import Rulebook
from schemas.text import squeeze
from schemas.wording import render, text
from workspace.page_pictures import Place, place_of

_MOST_CHOICES: Final = 9  # one digit key each
_SURE: Final = 0.9
_PRINTED_DAY: Final = re.compile(r"ngày\D{0,3}(\d{1,2})", re.IGNORECASE)
_PRINTED_MONTH: Final = re.compile(r"tháng\D{0,3}(\d{1,2})", re.IGNORECASE)
_PRINTED_YEAR: Final = re.compile(r"(?:năm\D{0,3}|[/.-])(\d{4})", re.IGNORECASE)
_PARTED: Final = re.compile(r"(\d*)[/.-](\d*)[/.-](\d{4})")


class Choice(NamedTuple):
    """A candidate, chosen with its digit: what is sent, and what is shown."""

    value: str
    label: str


class Line(NamedTuple):
    """One value on the page.

    Attributes:
        target: as in `schemas.review.Decision`.
        name: of the field.
        form: `text`, `number`, `date`, `choice`, `unit`, `picture`, `acceptance` or `none` (nothing to answer).
        asked, required: whether it is a question, and whether the paper waits for it.
        value: as people write it; of a date its parts are `parts`; of a number it is without `suffix`.
        suffix: notation printed after the number, kept outside the box.
        parts: day, month and year of a date, empty where they were not read.
        select: first and last position of the characters that are doubtful.
        choices: candidates.
        reasons: why it is asked.
        confidence: 0-1.
        page, place: where it stands.
        shown: digest of what is asked.
        again: a typed value must be typed once more, unseen.
        raw: what was read, where no value came of it.
    """

    target: str
    name: str
    form: str
    asked: bool
    required: bool
    value: str
    suffix: str
    parts: tuple[str, str, str]
    select: tuple[int, int]
    choices: tuple[Choice, ...]
    reasons: tuple[str, ...]
    confidence: float | None
    page: int | None
    place: Place | None
    shown: str
    again: bool
    raw: str


def lines_of(
    paper: Waiting,
    readings: Mapping[int, PageReading],
    rules: Rulebook,
    lang: str,
    usual: Sequence[str] = (),
) -> list[Line]:
    """Everything that stands in the right half of the page. `usual` are kinds to offer first."""
    document = paper.row.document
    asked = [_asked(paper, question, readings, rules, lang) for question in paper.questions]
    targets = {question.target for question in paper.questions}
    rest = sorted(
        (
            (name, field)
            for name, field in document.fields.items()
            if name not in targets and name != "notation"
        ),
        key=lambda held: _position(held[1]),
    )
    plain = [
        _line(
            paper,
            Question(
                document.id, name, held.value, held.raw, held.confidence, held.page, held.box, (), False
            ),
            readings,
            rules,
            lang,
        )._replace(asked=False, shown=shown_of(document, name))
        for name, held in rest
    ]
    if usual:
        first = {kind: at for at, kind in enumerate(usual)}
        asked = [
            line._replace(choices=tuple(sorted(line.choices, key=lambda each: first.get(each.value, 999))))
            if line.target == KIND
            else line
            for line in asked
        ]
    return [*asked, *plain]


def _position(field: Field) -> tuple[int, int, int]:
    box = field.box
    return (field.page or 0, box.top if box else 0, box.left if box else 0)


def _asked(
    paper: Waiting, question: Question, readings: Mapping[int, PageReading], rules: Rulebook, lang: str
) -> Line:
    line = _line(paper, question, readings, rules, lang)
    if (both := answers_line(question, lang)) is not None:
        line = line._replace(reasons=(*line.reasons, both))
    unconfirmed = any(reason.rule == "field_unconfirmed" for reason in question.reasons)
    if question.keying or (unconfirmed and question.target in CONFIRMED):
        return line._replace(again=True, value="", suffix="", select=(0, 0))
    return line


def _line(
    paper: Waiting, question: Question, readings: Mapping[int, PageReading], rules: Rulebook, lang: str
) -> Line:
    target, reading = question.target, readings.get(question.page or 0)
    form = _form(target, paper, rules)
    value = _value(question, form, rules, lang)
    number, suffix = _number(value, paper) if form == "number" else (value, "")
    return Line(
        target=target,
        name=name_of(question, lang),
        form=form,
        asked=True,
        required=question.required,
        value=number,
        suffix=suffix,
        parts=_parts(question) if form == "date" else ("", "", ""),
        select=_doubtful(question, number, reading),
        choices=_choices(paper, question, rules, lang),
        reasons=tuple(dict.fromkeys(render(reason, lang)[0] for reason in question.reasons)),
        confidence=question.confidence,
        page=question.page,
        place=place_of(question.box, reading) if question.box and reading else None,
        shown=question.shown,
        again=False,
        raw=squeeze(question.raw or "") if question.value is None else "",
    )


def _form(target: str, paper: Waiting, rules: Rulebook) -> str:
    if target == NOTHING:
        return "none"
    if picture_of(target):
        return "picture"
    if target == ACCEPTANCE:
        return "acceptance"
    if target in {KIND, RESULT_TYPE, VALIDITY, SAME_AS}:
        return "choice"
    if target == UNIT:
        return "unit"
    form = type_of(target, paper.row.document.kind, rules)
    if form == "sex":
        return "choice"
    return form if form in {"number", "date"} else "text"


def _value(question: Question, form: str, rules: Rulebook, lang: str) -> str:
    if question.value is None:
        return squeeze(question.raw or "") if form in {"text", "number"} else ""
    if form == "choice" and question.target in {KIND, VALIDITY, RESULT_TYPE, SAME_AS}:
        return question.value
    return value_of(question.target, question.value, rules, lang)


def _number(value: str, paper: Waiting) -> tuple[str, str]:
    """A number without what is printed after it: `123` and `/QĐ-UBND`; a number of one piece stays whole."""
    head, sign, tail = value.partition("/")
    if not sign:
        return value, ""
    if not head.strip(" .…_"):
        return "", f"/{tail}"
    return (head, f"/{tail}") if any(each.isdigit() for each in head) else (value, "")


def _parts(question: Question) -> tuple[str, str, str]:
    """Day, month and year: of the value, else those that were printed and could be read."""
    if question.value is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", question.value):
        year, month, day = question.value.split("-")
        return day, month, year
    raw = question.raw or question.value or ""
    if (parted := _PARTED.search(raw)) is not None:
        return parted[1].zfill(2) if parted[1] else "", parted[2].zfill(2) if parted[2] else "", parted[3]
    found = [sought.search(raw) for sought in (_PRINTED_DAY, _PRINTED_MONTH, _PRINTED_YEAR)]
    day, month, year = (match[1] if match else "" for match in found)
    return day.zfill(2) if day else "", month.zfill(2) if month else "", year


def _doubtful(question: Question, value: str, reading: PageReading | None) -> tuple[int, int]:
    """Where in a value the word stands that its reader was least sure of; the whole value where none is below the rest."""
    box, whole = question.box, (0, len(value))
    if reading is None or box is None or question.value is None:
        return whole
    inside = [
        word
        for word in reading.words
        if word.box.left < box.right
        and word.box.right > box.left
        and word.box.top < box.bottom
        and word.box.bottom > box.top
        and word.as_read in value
    ]
    least = min(inside, key=lambda word: word.confidence, default=None)
    if least is None or least.confidence >= _SURE:
        return whole
    at = value.index(least.as_read)
    return at, at + len(least.as_read)


def _choices(paper: Waiting, question: Question, rules: Rulebook, lang: str) -> tuple[Choice, ...]:
    document, target = paper.row.document, question.target
    if target == RESULT_TYPE:
        kind = rules.kind(document.kind)
        codes: Sequence[str] = document.result_type.candidates if document.result_type else ()
        codes = codes or (kind.result_codes if kind else ())
        labels = result_type_labels(codes, rules, kind, lang)
        return tuple(map(Choice, codes, labels))[:_MOST_CHOICES]
    if target == VALIDITY:
        return tuple(Choice(str(state), text(f"validity_state.{state}", lang)) for state in ValidityState)
    if target == SAME_AS:
        held = [
            str(note.params["document"]) for note in question.reasons if note.rule == "possible_duplicate"
        ]
        return tuple(map(Choice, (OTHER, *held), same_as_labels(question, lang)))[:_MOST_CHOICES]
    if target == KIND:
        own = rules.kind(document.kind)
        common = [kind for kind in rules.kinds if kind is not own]
        return tuple(Choice(kind.id, kind.title) for kind in ([own] if own else []) + common)
    if type_of(target, document.kind, rules) == "sex":
        return Choice("Nam", "Nam"), Choice("Nữ", "Nữ")
    return ()


def units_of(rules: Rulebook) -> list[str]:
    """Names of communes and districts, for the type-ahead of a unit."""
    return list(dict.fromkeys(unit.name for unit in rules.units))


def reason_name(reason: str, lang: str) -> str:
    """The name of a reason of the queue: of a field, or of pictures."""
    return text("review.picture", lang) if reason == "picture" else target_name(reason, lang)
