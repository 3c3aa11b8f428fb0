"""All fields of one paper, merged from heading, form, text and signature by reliability."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from extractors.anchors import Line, plain
from extractors.classify import Classified
from extractors.fields import ReadFrom, derived, field_of
from extractors.fields_form import form_fields
from extractors.fields_heading import (
    Heading,
    agency_field,
    date_field,
    dispatch_subject,
    last_dated,
    number_fields,
    titled_subject,
)
from extractors.fields_signature import signature_fields, signing_agency
from extractors.fields_text import expiry_field, owner_fields
from extractors.units import find_units
from schemas.documents import Field
from schemas.kinds import Kind
from schemas.reading import Box
from schemas.rules import Rulebook

# A land certificate's printed terms are those of land use, not of the paper (DOMAIN.md §3.4 row 8).
_TERMS_OF_ANOTHER_THING = frozenset({"land_use_certificate"})


def fields_of_paper(
    pages: Sequence[Sequence[Line]], found: Classified, heading: Heading, rules: Rulebook, source: ReadFrom
) -> dict[str, Field]:
    """All fields of a paper; a field not on the paper is absent, one that is there but unread has no value."""
    first = next((lines for lines in pages if lines), ())
    every = [line for lines in pages for line in lines]
    kind = found.kind
    fields = _heading_fields(heading, rules, source)
    if kind is not None:
        own = form_fields(every, kind, rules, source) if kind.fields else {}
        fields = _with_spouses(_joined(fields, own, kind), every)
        fields |= _type_and_subject(first, found, rules, source)
        if kind.owner_words:
            fields = owner_fields(every, source) | fields
    fields |= signature_fields(pages, rules, source)
    if kind is not None and kind.layout == "form" and not _has_value(fields, "issue_date"):
        # Printed forms end with place and date above the signature.
        issued = date_field(last_dated(pages), source)
        fields |= {"issue_date": issued} if issued is not None else {}
    if "expiry_date" not in fields and (kind is None or kind.id not in _TERMS_OF_ANOTHER_THING):
        expiry = expiry_field(every, _day(fields.get("issue_date")), source)
        fields |= {"expiry_date": expiry} if expiry is not None else {}
    if not _has_value(fields, "agency"):
        agency = _signed_agency(pages, fields, heading, kind, rules, source)
        fields |= {"agency": agency} if agency is not None else {}
    return fields


def _has_value(fields: dict[str, Field], name: str) -> bool:
    return name in fields and fields[name].value is not None


def _heading_fields(heading: Heading, rules: Rulebook, source: ReadFrom) -> dict[str, Field]:
    fields = number_fields(heading, source)
    issued = date_field(heading, source)
    if issued is not None:
        fields["issue_date"] = issued
    agency = agency_field(heading, rules, source)
    if agency is not None:
        fields["agency"] = agency
    return fields


def _joined(heading: dict[str, Field], own: dict[str, Field], kind: Kind) -> dict[str, Field]:
    """A form's own labels win over its heading, but for what they leave unread; the heading keeps the agency."""
    fields = dict(heading)
    for name, field in own.items():
        known = fields.get(name)
        if known is not None and known.value is not None and (field.value is None or name == "agency"):
            continue
        fields[name] = field
    if kind.layout == "form" and "number" in own:
        # A form's number has a notation only if it is itself `number/notation`.
        value = fields["number"].value
        if value is None or "/" not in value or value.split("/", 1)[1].isdigit():
            fields.pop("notation", None)
    return fields


def _with_spouses(fields: dict[str, Field], lines: Sequence[Line]) -> dict[str, Field]:
    """Of two spouses, the one named first on the paper is the owner."""
    pair = [fields[name] for name in ("wife_name", "husband_name") if name in fields]
    if not pair:
        return fields
    done = dict(fields)
    pair.sort(key=lambda field: _line_of(field, lines))
    done |= dict(zip(("owner_name", "spouse_name"), pair, strict=False))
    for name, key in (("owner_id", "first_id"), ("spouse_id", "second_id")):
        if key in fields:
            done[name] = fields[key]
    return done


def _line_of(field: Field, lines: Sequence[Line]) -> int:
    """Index of the line that a field was read from; lines go row by row, whatever way the scan lies."""
    for index, line in enumerate(lines):
        if (
            line.page == field.page
            and field.box is not None
            and any(_within(word.box, field.box) for word in line.words)
        ):
            return index
    return len(lines)


def _within(inner: Box, outer: Box) -> bool:
    return inner.union(outer) == outer


def _type_and_subject(
    first: Sequence[Line], found: Classified, rules: Rulebook, source: ReadFrom
) -> dict[str, Field]:
    kind = found.kind
    assert kind is not None
    fields: dict[str, Field] = {}
    if found.title is None:
        fields["document_type"] = derived(kind.document_type, found.confidence or 0.0)
    else:
        words = [word for line in found.title.lines for word in line.words]
        value = _type_of(found.title.phrase, kind)
        fields["document_type"] = field_of(value, words, found.title.lines[0].page, source, 0.98)
    if kind.layout != "nd30" or kind.fields:
        return fields
    subject = (
        titled_subject(first, found.title.lines, source, rules)
        if found.title
        else dispatch_subject(first, source)
    )
    if subject is not None:
        fields["subject"] = subject
    return fields


def _type_of(phrase: str, kind: Kind) -> str:
    """The type that the title names, in sentence case; the kind's own where its titles name no other."""
    named = {plain(name): name for name in kind.type_names}
    return named.get(plain(phrase), kind.document_type)


def _day(field: Field | None) -> date | None:
    return date.fromisoformat(field.value) if field and field.value else None


def _signed_agency(
    pages: Sequence[Sequence[Line]],
    fields: dict[str, Field],
    heading: Heading,
    kind: Kind | None,
    rules: Rulebook,
    source: ReadFrom,
) -> Field | None:
    """Agency of a paper without one in its heading, out of its signature block (`TM. ỦY BAN NHÂN DÂN …`).

    A committee without a place takes that of the date line, where on that day just one unit of the name stood at a level
    that may issue the kind; else the agency stays absent.
    """
    signed = signing_agency(pages, rules, source)
    if signed is None or signed.value is None:
        return None
    if plain(signed.value) not in {"uy ban nhan dan", "hoi dong nhan dan"}:
        return signed
    issued = _day(fields.get("issue_date"))
    place = heading.place or last_dated(pages).place
    if issued is None or not place or kind is None:
        return None
    found = find_units(rules, place, issued, levels=kind.issuing_levels)
    # Of a district and its town of one name, the law lets the district issue land certificates until 30/6/2025.
    best = [unit for unit in found if unit.level == "huyen"] or list(found)
    if len({unit.code for unit in best}) != 1:
        return None
    spoken = best[0].name[0].lower() + best[0].name[1:]
    return derived(f"{signed.value} {spoken}", 0.8 * (signed.confidence or 0.0), signed)
