"""The suite of expectations that a batch is held against, and the facts about documents that it may name.

`configs/expectations.toml` holds the suite; `quality.expectations` has great-expectations evaluate it over one
`DocumentFacts` row per document. Plain data and a check of one row; great-expectations is not needed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final

from pydantic import Field as ModelField

from schemas.findings import Severity
from schemas.rules import DatedRow


@dataclass(frozen=True)
class DocumentFacts:
    """Facts about one document, without a name, an owner's number, a paper's number or a code.

    Attributes:
        kind: id of a known kind; None if the kind is unknown.
        linked: True if the document is a second copy of another one.
        has_code_type: True if papers of this kind get a code.
        number_shape, owner_shape, code_shape: the text with every digit as 9 and letters as A or a (`shape_of`).
        code_group: equal for documents of one code; None without a code.
        issue_date_text: the date of issue as written, `2021-02-30` included.
        issue_date, expiry_date: real dates only.
        read_on: the day on which this version of the document was recorded.
        pdfa: key of the stored PDF/A.
        pages_accounted, mandatory_complete, confidence_enough, code_agrees, tax_code_right: domain checks computed
            by `quality.document_table`; None where one does not apply.
    """

    document_id: str
    sha256: str
    first_page: int | None
    page_count: int
    kind: str | None
    kind_confidence: float | None
    page_confidence: float | None
    route: str
    linked: bool
    level: str | None
    unit: str | None
    validity: str
    verdict: str
    pdfa: str | None
    has_code_type: bool
    number_shape: str | None
    owner_shape: str | None
    code_shape: str | None
    code_group: int | None
    issue_date_text: str | None
    issue_date: date | None
    expiry_date: date | None
    read_on: date
    pages_accounted: bool
    mandatory_complete: bool
    confidence_enough: bool
    code_agrees: bool | None
    tax_code_right: bool | None


COLUMNS: Final = tuple(column.name for column in fields(DocumentFacts))


class Expectation(DatedRow):
    """One expectation of the suite.

    Attributes:
        key: stable name; its words for people are in `[expectation]` and `[expectation_rule]` of the message table.
        severity: how much a failure weighs.
        expectation: class of great-expectations, one of `CLASSES`.
        columns: the columns it looks at, in the order of the class.
        arguments: further arguments of the class.
        where: only rows whose columns have this value, or one of these values, are examined.
    """

    key: str
    severity: Severity
    expectation: str
    columns: tuple[str, ...]
    arguments: dict[str, Any] = ModelField(default={})
    where: dict[str, Any] = ModelField(default={})


@dataclass(frozen=True)
class Signature:
    """Signature of a great-expectations class.

    Attributes:
        columns: names of the arguments that take the columns; `column_list` takes two or more.
        required: arguments that must be given, with their types.
        optional: arguments that may be given.
        fixed: arguments that are always the same: a row with a missing value is not examined.
    """

    columns: tuple[str, ...] = ("column",)
    required: Mapping[str, type | tuple[type, ...]] = field(default_factory=dict)
    optional: Mapping[str, type | tuple[type, ...]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)


_BOUND: Final = (int, float, date)
CLASSES: Final[Mapping[str, Signature]] = {
    "ExpectColumnValuesToBeUnique": Signature(),
    "ExpectColumnValuesToNotBeNull": Signature(),
    "ExpectColumnValuesToMatchRegex": Signature(required={"regex": str}),
    "ExpectColumnValuesToMatchStrftimeFormat": Signature(required={"strftime_format": str}),
    "ExpectColumnValuesToBeInSet": Signature(required={"value_set": list}),
    "ExpectColumnValuesToNotBeInSet": Signature(required={"value_set": list}),
    "ExpectColumnValuesToBeBetween": Signature(
        optional={"min_value": _BOUND, "max_value": _BOUND, "strict_min": bool, "strict_max": bool}
    ),
    "ExpectColumnPairValuesAToBeGreaterThanB": Signature(
        columns=("column_A", "column_B"),
        optional={"or_equal": bool},
        fixed={"ignore_row_if": "either_value_is_missing"},
    ),
    "ExpectCompoundColumnsToBeUnique": Signature(
        columns=("column_list",), fixed={"ignore_row_if": "any_value_is_missing"}
    ),
}


def in_force(suite: Iterable[Expectation], day: date) -> tuple[Expectation, ...]:
    """The expectations in force on a day, in the order of the suite."""
    return tuple(expectation for expectation in suite if expectation.holds_on(day))


def what_is_wrong(expectation: Expectation) -> str | None:
    """Why an expectation cannot be evaluated, or None: its class, columns, arguments and condition are checked."""
    signature = CLASSES.get(expectation.expectation)
    if signature is None:
        return f"no such expectation: {expectation.expectation}"
    unknown = [name for name in (*expectation.columns, *expectation.where) if name not in COLUMNS]
    if unknown:
        return f"no such column: {', '.join(unknown)}"
    several = signature.columns == ("column_list",)
    count = len(expectation.columns)
    if count < 2 if several else count != len(signature.columns):
        return (
            f"{expectation.expectation} takes {'two or more' if several else len(signature.columns)} columns"
        )
    for column, value in expectation.where.items():
        if isinstance(value, dict) or value == []:
            return f"where.{column}: not a value or a list of values"
    return _wrong_argument(expectation.arguments, signature)


def _wrong_argument(arguments: Mapping[str, Any], signature: Signature) -> str | None:
    known = {**signature.required, **signature.optional}
    for name, value in arguments.items():
        if name not in known:
            return f"no such argument: {name}"
        # True is an int to Python, but no bound.
        if not isinstance(value, known[name]) or (isinstance(value, bool) and known[name] is not bool):
            return f"arguments.{name}: {value!r} is of the wrong type"
    missing = [name for name in signature.required if name not in arguments]
    if missing:
        return f"missing argument: {', '.join(missing)}"
    if "min_value" in known and not {"min_value", "max_value"} & set(arguments):
        return "missing argument: min_value or max_value"
    if arguments.get("value_set") == []:
        return "arguments.value_set: empty"
    return _wrong_pattern(arguments["regex"]) if "regex" in arguments else None


def _wrong_pattern(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"arguments.regex: {error}"
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return "arguments.regex: must begin with ^ and end with $"
    return None
