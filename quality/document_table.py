"""A tidy table of a batch: one row of facts per document, for great-expectations to hold a suite against.

Facts are what the paper says, without anything personal: texts are handed on as shapes. Only what great-expectations
cannot say itself is computed here as a column of True and False. May import schemas.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from schemas import routing
from schemas.clock import VIETNAM
from schemas.codes import parse_result_code, tax_code_check
from schemas.documents import Document, Field, Role, Verdict
from schemas.expectations import DocumentFacts
from schemas.kinds import Kind
from schemas.rules import Thresholds
from schemas.text import nfc

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CODE_TYPE: Final = re.compile(r"KQ\.[A-K]\d{2}\.\d{6}", re.ASCII)
_KEPT: Final = frozenset("Đđ.&/-, ")
_CONFIDENT_SOURCES: Final = frozenset({"operator", "register", "qr", "derived"})


class StoredDocument(Protocol):
    """A document with what the store knows of it; the catalogue's rows have this shape."""

    @property
    def document(self) -> Document:
        """The paper as understood."""
        ...

    @property
    def verdict(self) -> Verdict:
        """Verdict of veraPDF."""
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

    @property
    def created_at(self) -> str:
        """When this version was recorded, ISO with an offset."""
        ...


@dataclass(frozen=True)
class Yardstick:
    """Context for the table.

    Attributes:
        kinds: the kinds of paper by id.
        thresholds: confidences needed without a person.
        page_counts: number of pages by SHA-256 of the original, if known.
        page_confidence: mean reading confidence of the pages by document id, if known.
    """

    kinds: Mapping[str, Kind]
    thresholds: Thresholds
    page_counts: Mapping[str, int] | None = None
    page_confidence: Mapping[str, float] | None = None


def tidy(documents: Sequence[StoredDocument], by: Yardstick) -> list[DocumentFacts]:
    """The table of a batch, in the order given."""
    uses = _page_uses(documents)
    codes = dict.fromkeys(stored.code for stored in documents if stored.code)
    groups = {code: number for number, code in enumerate(codes, start=1) if code}
    return [_facts(stored, by, uses, groups) for stored in documents]


def _facts(
    stored: StoredDocument, by: Yardstick, uses: Counter[tuple[str, int]], groups: Mapping[str, int]
) -> DocumentFacts:
    document, code = stored.document, stored.code
    kind = by.kinds.get(document.kind or "")
    owner, issued = document.value("owner_id"), document.value("issue_date")
    return DocumentFacts(
        document_id=document.id,
        sha256=document.sha256,
        first_page=min(document.pages, default=None),
        page_count=len(document.pages),
        kind=kind.id if kind else None,
        kind_confidence=document.kind_confidence,
        page_confidence=(by.page_confidence or {}).get(document.id),
        route=str(document.route),
        linked=stored.linked_to is not None,
        level=document.level,
        unit=document.unit or None,
        validity=str(document.validity.state),
        verdict=str(stored.verdict),
        pdfa=stored.pdfa_key,
        has_code_type=kind is not None and bool(kind.result_codes),
        number_shape=_shape_or_none(document.value("number")),
        owner_shape=_shape_or_none(owner),
        code_shape=None if code is None else code_shape(code),
        code_group=groups.get(code or ""),
        issue_date_text=issued if issued is None or _DATE.fullmatch(issued) else shape_of(issued),
        issue_date=_day(issued),
        expiry_date=_day(document.value("expiry_date")),
        read_on=datetime.fromisoformat(stored.created_at).astimezone(VIETNAM).date(),
        pages_accounted=pages_accounted(document, uses, by.page_counts or {}),
        mandatory_complete=kind is not None and not routing.lacking_fields(document, kind),
        confidence_enough=_confidence_enough(document, kind, by.thresholds),
        code_agrees=None if code is None else code_agrees(code, document),
        tax_code_right=None if owner is None else tax_code_check(owner),
    )


def shape_of(text: str) -> str:
    """A text with every digit as 9, every letter as A or a, and what is neither nor usual in a number as `?`."""
    return "".join(_shape_of_character(char) for char in nfc(text))


def code_shape(code: str) -> str:
    """The shape of a printed code; letters of its result type (`KQ.G99.999999`) are those of the national list."""
    found = _CODE_TYPE.search(code)
    if found is None:
        return shape_of(code)
    kept = re.sub(r"\d", "9", found[0])
    return shape_of(code[: found.start()]) + kept + shape_of(code[found.end() :])


def _shape_of_character(char: str) -> str:
    if char in _KEPT:
        return char
    if char in "0123456789":
        return "9"
    if "A" <= char <= "Z":
        return "A"
    # Vietnamese capitals with marks stand within numbers, but do not begin one.
    return "a" if "a" <= char <= "z" or "À" <= char <= "ỹ" else "?"


def pages_accounted(
    document: Document, uses: Mapping[tuple[str, int], int], page_counts: Mapping[str, int]
) -> bool:
    """True if a document has unique pages that are its own and within its original."""
    pages = document.pages
    last = page_counts.get(document.sha256)
    return (
        bool(pages)
        and len(set(pages)) == len(pages)
        and all(page >= 1 and (last is None or page <= last) for page in pages)
        and all(uses[document.sha256, page] == 1 for page in pages)
    )


def code_agrees(code: str, document: Document) -> bool:
    """True if the parts of a code are what the document says now."""
    parts = parse_result_code(code)
    if parts is None:
        return False
    number, owner = document.value("number"), document.value("owner_id") or ""
    chosen = document.result_type.value if document.result_type else None
    if document.role is Role.COMPONENT:
        number, chosen = document.component, document.procedure.value if document.procedure else None
    return parts.number == number and parts.owner == owner and chosen in {None, parts.result_type}


def _page_uses(documents: Sequence[StoredDocument]) -> Counter[tuple[str, int]]:
    return Counter(
        (stored.document.sha256, page) for stored in documents for page in set(stored.document.pages)
    )


def _confidence_enough(document: Document, kind: Kind | None, thresholds: Thresholds) -> bool:
    names = kind.required if kind else ()
    return all(
        _sure(document.fields[name], routing.needed(name, thresholds))
        for name in names
        if name in document.fields
    )


def _sure(field: Field, needed: float) -> bool:
    return field.source in _CONFIDENT_SOURCES or field.confidence is None or field.confidence >= needed


def _shape_or_none(text: str | None) -> str | None:
    return None if text is None else shape_of(text)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
