"""Routing of papers and their missing data: partial > rescan > review > accepted (docs/glossary.md). Pure.

Every route in Sohoa is decided here: after understanding, after the rendition, in the catalogue, after a person's decision.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from schemas.documents import Document, Field, Route, Verdict
from schemas.findings import Finding, Severity, finding, joined
from schemas.kinds import Kind
from schemas.masking import is_identifier
from schemas.review import ACCEPTANCE, CLOSING, KEYED_AGAIN, SAME_AS
from schemas.rules import Rulebook, Thresholds
from schemas.text import fold

# Findings about the picture of a page that could be read: a new scan helps. `image_broken` is about a file.
_PICTURE: Final = frozenset(
    {
        "image_low_resolution",
        "image_bitonal",
        "image_skewed",
        "image_blurred",
        "image_low_contrast",
        "image_black_edges",
        "image_cut_off",
        "image_oversize",
        "image_low_confidence",
        "page_mirrored",
    }
)
# Errors of a whole page: it could not be read.
_LOST: Final = frozenset(
    {
        "page_broken",
        "page_too_large",
        "page_timed_out",
        "page_worker_died",
        "pages_missing",
        "work_failed",
        "image_too_large",
    }
)
_MANDATORY: Final = ("number", "issue_date", "agency")
# Thresholds are derived from what is read on a page; other evidence, a person's above all, is not held against them.
_READ: Final = frozenset({"ocr", "text_layer"})
_OTHER_EVIDENCE: Final = 0.99
# A value with such a finding is asked however sure the machine was.
_DOUBTED: Final = frozenset(
    {
        *("field_malformed", "field_conflict", "field_written", *KEYED_AGAIN),
        *("register_contradicts", "name_contradicts", "order_contradicts"),
    }
)
# A value with such a finding is as sure as the second evidence makes it, not as its reader was.
SUPPORTED: Final = frozenset({"name_confirms", "order_confirms"})
_BIRTH_OR_FOUNDING: Final = ("birth_date", "first_issue_date", "birth_year")
_ORGANISATION: Final = (
    *("cong ty", "tong cong ty", "doanh nghiep", "hop tac xa", "chi nhanh", "ho kinh doanh", "ngan hang"),
    *("tap doan", "co so", "trung tam", "truong", "benh vien", "van phong", "ban quan ly", "to chuc", "hoi "),
)
_ANY_CONFIDENCE: Final = Thresholds(kind=0, field=0, number=0, issue_date=0, agency=0, owner=0)


def route(
    document: Document, rules: Rulebook, page_findings: Sequence[Finding], verdict: Verdict | None = None
) -> Route:
    """Route of a document.

    Args:
        document: as understood, with its own findings and those of its rendition.
        rules: thresholds and kinds.
        page_findings: findings of its pages.
        verdict: veraPDF's verdict on the rendition, None before there is one.
    """
    errors = [note for note in (*page_findings, *document.findings) if note.severity is Severity.ERROR]
    if any(note.rule in _LOST for note in errors):
        return Route.PARTIAL
    if any(note.rule in _PICTURE for note in errors):
        return Route.RESCAN
    if errors or verdict is Verdict.INVALID or not is_complete(document, rules):
        return Route.REVIEW
    return Route.ACCEPTED


def checked_before_code(document: Document, verdict: Verdict, *, has_rendition: bool) -> Document:
    """The document as it may be stored: an accepted one that must not have a code goes to review, with the reason."""
    if document.route is not Route.ACCEPTED:
        return document
    notes = [
        finding("field_unread", field=name)
        for name in ("owner_id", "number")
        if name in document.fields and document.fields[name].value is None
    ]
    if not has_rendition:
        notes.append(finding("pdfa_failed", detail="-"))
    if verdict is Verdict.INVALID:
        notes.append(finding("pdfa_invalid", rules="-"))
    return after_code(document, notes, refused=bool(notes))


def after_code(document: Document, notes: Sequence[Finding], *, refused: bool) -> Document:
    """The document with what was found when its code was looked for; `refused`: it may not stay accepted."""
    lowered = refused and document.route is Route.ACCEPTED
    return document.model_copy(
        update={
            "findings": joined(document.findings, notes),
            "route": Route.REVIEW if lowered else document.route,
        }
    )


def is_complete(document: Document, rules: Rulebook) -> bool:
    """True if kind and mandatory metadata are present with enough confidence, and no code waits for a person."""
    return not lacks(document, rules)


def lacks(document: Document, rules: Rulebook, absent: Collection[str] = ()) -> tuple[str, ...]:
    """Missing items of a paper, in the order to ask for them: `kind`, `result_type`, names of fields.

    `absent` names what a person marked as not on the paper; an alternative is asked for if there is one.
    """
    kind = rules.kind(document.kind)
    sure = rules.thresholds
    unsure = kind is None or (document.kind_confidence or 0.0) < min(1.0, sure.kind)
    lacking = ["kind"] if unsure else []
    if any(note.rule == "result_code_ambiguous" for note in document.findings):
        lacking.append("result_type")
    lacking += lacking_fields(document, kind, sure, absent)
    if any(note.rule == "closed_not_codable" for note in document.findings):
        lacking.append(CLOSING)
    if any(note.rule == "possible_duplicate" for note in document.findings):
        lacking.append(SAME_AS)
    if any(note.rule == "acceptance_awaited" for note in document.findings):
        lacking.append(ACCEPTANCE)
    lacking += doubted(document)
    return tuple(dict.fromkeys(lacking))


def doubted(document: Document) -> list[str]:
    """Fields that are asked whatever their confidence."""
    named = [str(note.params.get("field")) for note in document.findings if note.rule in _DOUBTED]
    return ["number" if name == "code" else name for name in named]


def weighed(kind: Kind | None) -> tuple[str, ...]:
    """Fields whose confidence can decide whether a paper of a kind is accepted."""
    owner = ("owner_id", "owner_name", *_BIRTH_OR_FOUNDING) if kind is not None and kind.has_owner else ()
    return tuple(dict.fromkeys((*mandatory(kind), *owner)))


def reasons_to_wait(document: Document, rules: Rulebook) -> tuple[Finding, ...]:
    """Findings for missing data not already covered by a finding: a value below its threshold, say."""
    named = {str(note.params.get("field")) for note in document.findings}
    rules_seen = {note.rule for note in document.findings}
    reasons = []
    for target in lacks(document, rules):
        if target in named or (target == "kind" and "kind_unknown" in rules_seen) or target == "result_type":
            continue
        held = document.fields.get(target)
        if target == "kind":
            reasons.append(finding("kind_unknown"))
        elif held is None:
            reasons.append(finding("field_missing", field=target))
        else:
            reasons.append(
                finding("field_uncertain", field=target, confidence=round(held.confidence or 0.0, 2))
            )
    return tuple(reasons)


def mandatory(kind: Kind | None) -> tuple[str, ...]:
    """Fields that a paper of a kind must have, its owner aside."""
    return kind.required if kind else _MANDATORY


def lacking_fields(
    document: Document, kind: Kind | None, sure: Thresholds = _ANY_CONFIDENCE, absent: Collection[str] = ()
) -> list[str]:
    """Mandatory fields that have no value, or one below its threshold."""
    lacking = [
        name for name in mandatory(kind) if not _is_sure(document.fields.get(name), needed(name, sure))
    ]
    if kind is not None and kind.has_owner and not has_owner(document, sure):
        lacking += _owner_lacks(document, sure, absent)
    return lacking


def not_on_paper(fields: Mapping[str, Field], kind: Kind | None) -> list[str]:
    """Mandatory fields that are not on the paper at all; of the owner the name stands for all."""
    names = [name for name in mandatory(kind) if name not in fields]
    if kind is not None and kind.has_owner and not fields.keys() & {"owner_id", "owner_name"}:
        names.append("owner_name")
    return names


def _owner_lacks(document: Document, sure: Thresholds, absent: Collection[str]) -> list[str]:
    """The identifier where one stands on the paper; else the name; else what distinguishes this owner from namesakes."""
    if "owner_id" in document.fields and "owner_id" not in absent:
        return ["owner_id"]
    name = document.fields.get("owner_name")
    if not _is_sure(name, sure.owner):
        return ["owner_name", "owner_id"]
    read = next((field for field in _BIRTH_OR_FOUNDING if field in document.fields), None)
    if read is not None:
        will_do: tuple[str, ...] = (read, "owner_id")
    elif _is_organisation(name):
        will_do = ("owner_id", "first_issue_date")
    else:
        will_do = ("birth_date", "owner_id", "birth_year")
    return [next((field for field in will_do if field not in absent), will_do[0])]


def _is_organisation(name: Field | None) -> bool:
    """True for an enterprise by its name, or where a number of person or enterprise was read beside the name."""
    if name is None:
        return False
    return fold(name.value or "").startswith(_ORGANISATION) or is_identifier(name.raw or "")


def has_owner(document: Document, sure: Thresholds) -> bool:
    """An identifier above threshold; or, where none stands on the paper, a name with birth or establishment data."""
    identifier = document.fields.get("owner_id")
    if identifier is not None:
        return _is_sure(identifier, sure.owner)
    named = _is_sure(document.fields.get("owner_name"), sure.owner)
    return named and any(_is_sure(document.fields.get(name), sure.field) for name in _BIRTH_OR_FOUNDING)


def needed(name: str, sure: Thresholds) -> float:
    """Confidence required of a field's value."""
    return {"number": sure.number, "issue_date": sure.issue_date, "agency": sure.agency}.get(name, sure.field)


def _is_sure(field: Field | None, least: float) -> bool:
    if field is None or field.value is None:
        return False
    if field.source not in _READ:
        least = min(least, _OTHER_EVIDENCE)
    return (field.confidence if field.confidence is not None else 1.0) >= least


def lost_page(note: Finding) -> bool:
    """True if a finding means that a page could not be read."""
    return note.rule in _LOST


def about_picture(note: Finding) -> bool:
    """True if a finding is about the picture of a page that could be read."""
    return note.rule in _PICTURE
