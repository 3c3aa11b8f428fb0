"""Wording of questions: names of fields, values as people write them, result codes with their distinguishing words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from review.answers import type_of
from review.questions import NOTHING, Question, Waiting
from schemas.kinds import Kind
from schemas.numerals import day_text, value_text
from schemas.review import (
    KIND,
    OTHER,
    RESULT_TYPE,
    SAME_AS,
    VALIDITY,
    confirmed,
    expired_of,
    is_confirming,
    order_field,
    picture_of,
    register_field,
    settling,
)
from schemas.rules import Rulebook
from schemas.text import squeeze
from schemas.wording import say, text

_LONGEST_PREFILL: Final = 300
_NAME, _PROCEDURE = 110, 130
_MOST_PROCEDURES: Final = 2


def name_of(question: Question, lang: str = "vi") -> str:
    """The name of what a question is about."""
    if question.target == NOTHING:
        return text("review.whole_page" if question.page else "review.whole_paper", lang)
    return target_name(question.target, lang)


def target_name(target: str, lang: str = "vi") -> str:
    """The name of a field or target; its id if the message table has none."""
    if picture_of(target):
        return text("review.picture", lang)
    if is_confirming(target):
        own = confirmed(target)
        key = "review.said_settled" if target == settling(own) else "review.said_again"
        return text(key, lang, field=target_name(own, lang))
    if (field := register_field(target)) is not None:
        return text("review.by_register", lang, field=target_name(field, lang))
    if (field := order_field(target)) is not None:
        return text("review.by_order", lang, field=target_name(field, lang))
    return text(f"field.{target}", lang).removeprefix("field.")


def value_of(target: str, value: str, rules: Rulebook, lang: str = "vi") -> str:
    """A value as people write it: kinds by title, validity in words, local date format."""
    if target == KIND:
        kind = rules.kind(value)
        return kind.title if kind else value
    if target == VALIDITY:
        over, day = expired_of(value)
        if over and day is not None:
            return text("validity_from", lang, day=day_text(day, lang))
        return text(f"validity_state.{value}", lang)
    if target == SAME_AS:
        key = "review.other_paper" if value == OTHER else "review.same_paper"
        return text(key, lang, document=value)
    if type_of(target, None, rules) == "date" or target.endswith("_date"):
        return value_text(value, lang)
    return value


def shown_value(question: Question, rules: Rulebook, lang: str = "vi") -> str:
    """The value that was read, as people write it; the raw text if there is no value."""
    if question.value is None:
        return say("workbook", "seen", lang, raw=squeeze(question.raw)) if question.raw else ""
    return value_of(question.target, question.value, rules, lang)


def prefill_of(question: Question, paper: Waiting, rules: Rulebook, lang: str = "vi") -> str:
    """The prefilled text of the value cell: the value, else the raw text; empty if neither helps.

    Text that a spreadsheet would take for a formula is never prefilled.
    """
    if question.target == NOTHING or picture_of(question.target):
        return ""
    value = question.value
    if value is None:
        closed = question.target in {KIND, RESULT_TYPE, VALIDITY, "sex"}
        filled = "" if closed or not question.raw else squeeze(question.raw)
    elif question.target == RESULT_TYPE:
        kind = rules.kind(paper.row.document.kind)
        filled = result_type_labels([value], rules, kind, lang)[0]
    elif question.target == VALIDITY:
        filled = text(f"validity_state.{value}", lang)
    else:
        filled = value_of(question.target, value, rules)
    if filled.startswith(("=", "#")) or len(filled) > _LONGEST_PREFILL:
        return ""
    return filled


def digest_of_prefill(filled: object) -> str:
    """Digest of a cell's text, independent of what a spreadsheet program made of it (a date, another normal form)."""
    if isinstance(filled, (date, datetime)):
        filled = filled.strftime("%d/%m/%Y")
    return hashlib.sha256(squeeze(str(filled)).encode()).hexdigest()[:12]


def same_as_labels(question: Question, lang: str = "vi") -> tuple[str, ...]:
    """The answers to a possible duplicate: another paper, or the one that holds the code."""
    held = [str(note.params["document"]) for note in question.reasons if note.rule == "possible_duplicate"]
    same = (text("review.same_paper", lang, document=one) for one in held)
    return (text("review.other_paper", lang), *same)


def result_type_labels(
    codes: Sequence[str], rules: Rulebook, kind: Kind | None, lang: str = "vi"
) -> tuple[str, ...]:
    """Labels of result codes for a drop-down list: code, name, procedures, and the words that identify it on a paper.

    The code comes first and is what is read back.
    """
    return tuple(_label(code, rules, kind, lang) for code in codes)


def _label(code: str, rules: Rulebook, kind: Kind | None, lang: str) -> str:
    listed = rules.result_types.get(code)
    parts = [code]
    if listed is not None:
        parts.append(_cut(listed.name, _NAME))
        titles = [
            rules.procedures[procedure].name
            for procedure in listed.procedures
            if procedure in rules.procedures
        ]
        shown = [_cut(title.partition(" (")[0], _PROCEDURE) for title in titles[:_MOST_PROCEDURES]]
        if len(titles) > _MOST_PROCEDURES:
            shown.append(say("workbook", "more_procedures", lang, count=len(titles) - _MOST_PROCEDURES))
        if shown:
            parts.append("; ".join(shown))
    words = [
        word
        for row in (kind.evidence if kind else ())
        if row.code == code
        for word in (*row.all_of, *row.any_of)
    ]
    if words:
        parts.append(say("workbook", "paper_says", lang, words=", ".join(dict.fromkeys(words))))
    return " – ".join(parts)


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1].rsplit(" ", 1)[0] + "…"
