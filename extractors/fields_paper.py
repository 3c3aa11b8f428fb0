"""All fields of one paper: heading, form, text and signature laid together, each from where it is surest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from extractors.anchors import Line, plain
from extractors.classify import Classified
from extractors.fields import ReadFrom, derived
from extractors.fields_form import form_fields
from extractors.fields_heading import (
    Heading,
    agency_field,
    date_field,
    dispatch_subject,
    number_fields,
    titled_subject,
)
from extractors.fields_signature import signature_fields
from extractors.fields_text import expiry_field, owner_fields
from extractors.names import agencies_in, issuing_agency, spell_out
from extractors.units import find_units
from schemas.documents import Field
from schemas.rules import Kind, Rulebook


def fields_of_paper(
    pages: Sequence[Sequence[Line]], found: Classified, heading: Heading, rules: Rulebook, source: ReadFrom
) -> dict[str, Field]:
    """Every field of a paper; one that is not on it is absent, one that is there but unread has no value."""
    first = next((lines for lines in pages if lines), ())
    every = [line for lines in pages for line in lines]
    kind = found.kind
    fields = _heading_fields(heading, rules, source)
    if kind is not None:
        own = form_fields(every, kind, rules, source) if kind.fields else {}
        fields = _joined(fields, own, kind)
        fields = _spouses(fields)
        fields |= _type_and_subject(first, found, rules, source)
        if kind.owner_words:
            fields = owner_fields(every, source) | fields
    fields |= signature_fields(pages, rules, source)
    if "expiry_date" not in fields:
        expiry = expiry_field(every, _day(fields.get("issue_date")), source)
        if expiry is not None and not _is_land(kind):
            fields["expiry_date"] = expiry
    if "agency" not in fields:
        signed = _signed_agency(pages, fields, heading, kind, rules)
        if signed is not None:
            fields["agency"] = signed
    return fields


def _is_land(kind: Kind | None) -> bool:
    """A land certificate's printed terms are those of land use, not of the paper."""
    return kind is not None and kind.id == "land_use_certificate"


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


def _spouses(fields: dict[str, Field]) -> dict[str, Field]:
    """Of two spouses the one named first on the paper is the owner."""
    pair = [fields[name] for name in ("wife_name", "husband_name") if name in fields]
    if not pair:
        return fields
    done = {name: field for name, field in fields.items() if name not in {"wife_name", "husband_name", "first_id", "second_id"}}
    pair.sort(key=lambda field: (field.page or 0, *_reading_place(field)))
    for name, field in zip(("owner_name", "spouse_name"), pair, strict=False):
        done[name] = field
    for name, key in (("owner_id", "first_id"), ("spouse_id", "second_id")):
        if key in fields:
            done[name] = fields[key]
    return done


def _reading_place(field: Field) -> tuple[int, int]:
    """Rows before columns; boxes on one row differ by a few pixels in height."""
    box = field.box
    return (round(box.top / max(1, box.height)), box.left) if box else (0, 0)


def _type_and_subject(
    first: Sequence[Line], found: Classified, rules: Rulebook, source: ReadFrom
) -> dict[str, Field]:
    from extractors.fields import field_of  # noqa: PLC0415

    kind = found.kind
    assert kind is not None
    fields: dict[str, Field] = {}
    if found.title is None:
        fields["document_type"] = derived(kind.document_type, found.confidence or 0.0)
    else:
        words = [word for line in found.title.lines for word in line.words]
        value = _type_of(found, kind)
        fields["document_type"] = field_of(value, words, found.title.lines[0].page, source, 0.98)
    if kind.layout != "nd30" or kind.fields:
        return fields
    subject = titled_subject(first, found.title.lines, source, rules) if found.title else dispatch_subject(first, source)
    if subject is not None:
        fields["subject"] = subject
    return fields


def _type_of(found: Classified, kind: Kind) -> str:
    """The title that was read, in sentence case, where a kind has several; else the kind's own type."""
    assert found.title is not None
    phrase = found.title.phrase
    if plain(phrase) == plain(kind.document_type) or len(kind.titles) == 1:
        return kind.document_type
    known = {plain(title): title for title in kind.type_names}
    return known.get(plain(phrase), phrase.capitalize())


def _day(field: Field | None) -> date | None:
    return date.fromisoformat(field.value) if field and field.value else None


def _signed_agency(
    pages: Sequence[Sequence[Line]], fields: dict[str, Field], heading: Heading, kind: Kind | None, rules: Rulebook
) -> Field | None:
    """Agency of a paper without one in its heading, out of the signature block (`TM. ỦY BAN NHÂN DÂN …`).

    A block without a place takes the place of the date line, where on that day just one unit of that name stood that
    may issue the kind; else the agency stays absent.
    """
    signed = fields.get("signer_title")
    if signed is None or signed.page is None or signed.box is None:
        return None
    lines = next((lines for lines in pages if lines and lines[0].page == signed.page), ())
    block = _above_signature(lines, signed, rules)
    if not block:
        return None
    text = [line.text.split(".", 1)[1].strip() if line.text.upper().startswith("TM") and "." in line.text else line.text for line in block]
    names = agencies_in(text, rules)
    name = issuing_agency(names[:1], rules)
    if name is None:
        return None
    sure = min(1.0, 0.9 * (signed.confidence or 0.0) + 0.05)
    like = signed.model_copy(update={"raw": " ".join(line.text for line in block)})
    if plain(name) not in {"uy ban nhan dan", "hoi dong nhan dan"}:
        return derived(name, sure, like)
    issued = _day(fields.get("issue_date")) or _any_day(pages, like.page)
    place = heading.place or _place_before_date(lines)
    found = find_units(rules, place, issued, levels=kind.issuing_levels if kind else ()) if place and issued else ()
    best = [unit for unit in found if unit.level == "huyen"] or list(found)
    if len({unit.code for unit in best}) != 1:
        return None
    spoken = best[0].name[0].lower() + best[0].name[1:]
    return derived(f"{name} {spoken}", sure * 0.8, like)


def _any_day(pages: Sequence[Sequence[Line]], page: int | None) -> date | None:
    del pages, page
    return None


def _place_before_date(lines: Sequence[Line]) -> str:
    from extractors.dates import find_long_date  # noqa: PLC0415

    for line in lines:
        found = find_long_date(line.text)
        if found and line.middle > 0.45:
            return line.text[: found.start].strip(" ,.;:-")
    return ""


def _above_signature(lines: Sequence[Line], signed: Field, rules: Rulebook) -> list[Line]:
    """Lines of capitals at the right, straight above the post, from the one that begins an agency."""
    at = next((index for index, line in enumerate(lines) if line.box == signed.box), None)
    if at is None:
        return []
    from extractors.names import head_of  # noqa: PLC0415

    block: list[Line] = []
    below = lines[at]
    for line in reversed(lines[:at]):
        if line.middle < 0.45:
            continue
        if not line.is_caps or below.frame.top - line.frame.bottom > 2 * line.frame.height:
            break
        block.insert(0, line)
        below = line
    def begins(line: Line) -> bool:
        text = line.text.split(".", 1)[1].strip() if line.text.upper().startswith("TM") and "." in line.text else line.text
        return head_of(spell_out(text, rules), rules) is not None

    while block and not begins(block[0]):
        block.pop(0)
    return [line for line in block if not line.text.upper().startswith(("KT", "TUQ", "TL"))]
