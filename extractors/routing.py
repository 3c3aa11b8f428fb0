"""Where a paper goes: partial > rescan > review > accepted (docs/glossary.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from schemas.documents import Document, Field, Route, Verdict
from schemas.findings import Finding, Severity
from schemas.rules import Rulebook, Thresholds

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

_REQUIRED: Final = ("number", "issue_date", "agency")


def route(
    document: Document, rules: Rulebook, page_findings: Sequence[Finding], verdict: Verdict | None = None
) -> Route:
    """Route of a document.

    Args:
        document: as understood, with its own findings.
        rules: thresholds and kinds.
        page_findings: findings of its pages.
        verdict: what veraPDF said of the rendition, None before there is one.
    """
    errors = [each for each in (*page_findings, *document.findings) if each.severity is Severity.ERROR]
    if any(each.rule in _LOST for each in errors):
        return Route.PARTIAL
    if any(each.rule in _PICTURE for each in errors):
        return Route.RESCAN
    if errors or verdict is Verdict.INVALID or not is_complete(document, rules):
        return Route.REVIEW
    return Route.ACCEPTED


def is_complete(document: Document, rules: Rulebook) -> bool:
    """Whether kind and mandatory metadata are there and sure enough, and no code waits for a person."""
    return not lacks(document, rules)


def lacks(document: Document, rules: Rulebook) -> tuple[str, ...]:
    """What keeps a paper from being complete, in the order one would ask: `kind`, `result_type`, names of fields."""
    kind = rules.kind(document.kind)
    sure = rules.thresholds
    unsure = kind is None or (document.kind_confidence or 0.0) < sure.kind
    lacking = ["kind"] if unsure else []
    asked = {each.rule: each for each in document.findings}
    if "result_code_ambiguous" in asked:
        lacking.append("result_type")
    required = kind.required if kind else _REQUIRED
    lacking += [name for name in required if not _is_sure(document.fields.get(name), _needed(name, sure))]
    if kind is not None and kind.has_owner and not has_owner(document, sure):
        lacking += _owner_lacks(document, sure)
    doubted = {"field_malformed", "field_conflict"}
    named = [str(each.params.get("field")) for each in document.findings if each.rule in doubted]
    lacking += ["number" if name == "code" else name for name in named]
    return tuple(dict.fromkeys(lacking))


def _owner_lacks(document: Document, sure: Thresholds) -> list[str]:
    """The identifier where one stands on the paper, else the name, and the birth date that goes with it."""
    if "owner_id" in document.fields:
        return ["owner_id"]
    named = _is_sure(document.fields.get("owner_name"), sure.owner)
    return ["birth_date"] if named else ["owner_name", "owner_id"]


def has_owner(document: Document, sure: Thresholds) -> bool:
    """An identifier above threshold; or, where none stands on the paper, a name with birth or establishment data."""
    identifier = document.fields.get("owner_id")
    if identifier is not None:
        return _is_sure(identifier, sure.owner)
    named = _is_sure(document.fields.get("owner_name"), sure.owner)
    return named and any(
        _is_sure(document.fields.get(name), sure.field)
        for name in ("birth_date", "first_issue_date", "birth_year")
    )


def _needed(name: str, sure: Thresholds) -> float:
    return {"number": sure.number, "issue_date": sure.issue_date, "agency": sure.agency}.get(name, sure.field)


def about_picture(finding: Finding) -> bool:
    """Whether a finding is about the picture of a page that could be read."""
    return finding.rule in _PICTURE


def _is_sure(field: Field | None, needed: float) -> bool:
    return (
        field is not None
        and field.value is not None
        and (field.confidence if field.confidence is not None else 1.0) >= needed
    )


def lost_pages(findings: Iterable[Finding]) -> tuple[int, ...]:
    """Pages that an error finding says could not be read."""
    return tuple(
        sorted(
            {
                each.page
                for each in findings
                if each.page and each.rule in _LOST and each.severity is Severity.ERROR
            }
        )
    )
