"""A tidy table of a batch: one row a document, one column a thing that an expectation can be held against.

Domain checks are computed here by plain functions; great-expectations only asserts the columns. A check
that does not apply to a document is None in its row. No column carries an owner's number or name, a paper's
number or a code, so that nothing personal reaches a report through the table. May import schemas.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from schemas import routing
from schemas.codes import is_owner_identifier, parse_result_code, tax_code_check
from schemas.documents import Document, Field, Route, ValidityState, Verdict
from schemas.rules import Kind, Thresholds
from schemas.text import nfc

_OLDEST: Final = date(1900, 1, 1)
_NUMBER: Final = re.compile(r"[0-9A-ZĐ][0-9A-Za-zÀ-ỹĐđ.&]*(?:[ /-][0-9A-Za-zÀ-ỹĐđ.&]+)*")
_PASSPORT: Final = re.compile(r"[A-Z]\d{7}")
_CONFIDENT_SOURCES: Final = frozenset({"operator", "register", "qr", "derived"})


class StoredDocument(Protocol):
    """A document with what the store knows of it; the catalogue's rows have this shape."""

    @property
    def document(self) -> Document:
        """The paper as understood."""
        ...

    @property
    def file(self) -> str:
        """Name of its file."""
        ...

    @property
    def verdict(self) -> Verdict:
        """What veraPDF said."""
        ...

    @property
    def code(self) -> str | None:
        """Its issued code."""
        ...

    @property
    def pdfa_key(self) -> str | None:
        """Key of the stored rendition."""
        ...

    @property
    def linked_to(self) -> str | None:
        """The document whose duplicate it is."""
        ...


@dataclass(frozen=True)
class Row:
    """One document; a check is True (holds), False (fails) or None (does not apply)."""

    document_id: str
    file: str
    kind: str | None
    route: str
    verdict: str
    page_count: int
    kind_confidence: float | None
    page_confidence: float | None
    pages_accounted: bool
    kind_known: bool
    mandatory_complete: bool | None
    confidence_enough: bool | None
    number_wellformed: bool | None
    date_real: bool | None
    date_not_future: bool | None
    expiry_after_issue: bool | None
    owner_wellformed: bool | None
    unit_resolved: bool
    validity_known: bool
    code_issued: bool | None
    code_wellformed: bool | None
    code_agrees: bool | None
    code_unique: bool | None
    stored: bool | None


@dataclass(frozen=True)
class Yardstick:
    """What documents are measured by, handed down.

    Attributes:
        kinds: the kinds of paper by id.
        thresholds: confidences needed without a person.
        day: the day the batch was read; a later date of issue lies in the future.
        units: codes of known units; empty means any resolved unit will do.
        page_counts: pages of each original by SHA-256, where known.
        page_confidence: mean reading confidence of each document's pages by document id, where known.
    """

    kinds: Mapping[str, Kind]
    thresholds: Thresholds
    day: date
    units: Collection[str] = ()
    page_counts: Mapping[str, int] | None = None
    page_confidence: Mapping[str, float] | None = None


def tidy(documents: Sequence[StoredDocument], by: Yardstick) -> list[Row]:
    """The table of a batch, in the order given."""
    shared = _page_uses(documents)
    codes = Counter(each.code for each in documents if each.code and each.linked_to is None)
    return [_row(each, by, shared, codes) for each in documents]


def _row(each: StoredDocument, by: Yardstick, shared: Counter[tuple[str, int]], codes: Counter[str]) -> Row:
    document = each.document
    kind = by.kinds.get(document.kind or "")
    ours = each.linked_to is None
    accepted = document.route == Route.ACCEPTED and ours
    issued = _day(document.value("issue_date"))
    return Row(
        document_id=document.id,
        file=each.file,
        kind=document.kind,
        route=str(document.route),
        verdict=str(each.verdict),
        page_count=len(document.pages),
        kind_confidence=document.kind_confidence,
        page_confidence=(by.page_confidence or {}).get(document.id),
        pages_accounted=pages_accounted(document, shared, by.page_counts or {}),
        kind_known=kind is not None,
        mandatory_complete=_mandatory_complete(document, kind) if accepted else None,
        confidence_enough=_confidence_enough(document, kind, by.thresholds) if accepted else None,
        number_wellformed=_if_there(document.value("number"), number_wellformed),
        date_real=_if_there(document.value("issue_date"), lambda text: (_day(text) or date.min) >= _OLDEST),
        date_not_future=None if issued is None else issued <= by.day,
        expiry_after_issue=_after(issued, _day(document.value("expiry_date"))),
        owner_wellformed=_if_there(document.value("owner_id"), owner_wellformed),
        unit_resolved=bool(document.level and document.unit) and (not by.units or document.unit in by.units),
        validity_known=document.validity.state != ValidityState.UNKNOWN,
        code_issued=each.code is not None if accepted and kind is not None and kind.result_codes else None,
        code_wellformed=_if_there(each.code, lambda code: parse_result_code(code) is not None),
        code_agrees=_if_there(each.code, lambda code: code_agrees(code, document)) if ours else None,
        code_unique=codes[each.code] == 1 if each.code and ours else None,
        stored=each.pdfa_key is not None if accepted else None,
    )


def pages_accounted(
    document: Document, uses: Mapping[tuple[str, int], int], page_counts: Mapping[str, int]
) -> bool:
    """Whether a document has pages, each of them once, of its own, and within its original."""
    pages = document.pages
    last = page_counts.get(document.sha256)
    return (
        bool(pages)
        and len(set(pages)) == len(pages)
        and all(page >= 1 and (last is None or page <= last) for page in pages)
        and all(uses[document.sha256, page] == 1 for page in pages)
    )


def number_wellformed(number: str) -> bool:
    """Whether a number and notation could be printed so: digits, no stray blanks (DOMAIN.md §1.11, 3.3)."""
    return any(char.isdigit() for char in number) and bool(_NUMBER.fullmatch(nfc(number)))


def owner_wellformed(owner: str) -> bool:
    """Whether an owner's number has its shape and, for a tax code, its check digit (DOMAIN.md §1.10)."""
    if _PASSPORT.fullmatch(owner):
        return True
    return is_owner_identifier(owner) and tax_code_check(owner) is not False


def code_agrees(code: str, document: Document) -> bool:
    """Whether the parts of a code are what the document says now."""
    parts = parse_result_code(code)
    if parts is None:
        return False
    number, owner = document.value("number"), document.value("owner_id") or ""
    chosen = document.result_type.value if document.result_type else None
    return parts.number == number and parts.owner == owner and chosen in {None, parts.result_type}


def _page_uses(documents: Sequence[StoredDocument]) -> Counter[tuple[str, int]]:
    return Counter((each.document.sha256, page) for each in documents for page in set(each.document.pages))


def _mandatory_complete(document: Document, kind: Kind | None) -> bool:
    return kind is not None and not routing.lacking_fields(document, kind)


def _confidence_enough(document: Document, kind: Kind | None, thresholds: Thresholds) -> bool:
    names = kind.required if kind else ()
    return all(
        _sure(document.fields[name], routing.needed(name, thresholds))
        for name in names
        if name in document.fields
    )


def _sure(field: Field, needed: float) -> bool:
    return field.source in _CONFIDENT_SOURCES or field.confidence is None or field.confidence >= needed


def _if_there(text: str | None, check: Callable[[str], bool]) -> bool | None:
    return None if text is None else check(text)


def _after(first: date | None, second: date | None) -> bool | None:
    return None if first is None or second is None else second >= first


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
