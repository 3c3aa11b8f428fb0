"""Findings: observations about a file, page, document or batch, as data.

A finding carries a rule (stable English code) and parameters; its sentence for people is rendered at the border from
`schemas/messages/{vi,en}.toml`. `RULES` is the closed list; a test holds it against the message table.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

Param = str | int | float | bool | None


class Severity(StrEnum):
    """Severity of a finding: only `error` prevents acceptance of a paper."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class RuleSpec(NamedTuple):
    """Properties shared by all findings of a rule. `transient`: a re-run tries again once."""

    severity: Severity
    transient: bool = False


class Finding(BaseModel):
    """One observation. `page` is 1-based within the file; `file` is the path as shown to people."""

    model_config = ConfigDict(frozen=True)

    rule: str
    severity: Severity
    page: int | None = None
    params: dict[str, Param] = {}
    transient: bool = False
    file: str | None = None


_I, _W, _E = Severity.INFO, Severity.WARNING, Severity.ERROR

RULES: Final[dict[str, RuleSpec]] = {
    # a file as a whole (intake)
    "file_absent": RuleSpec(_E, transient=True),
    "file_is_directory": RuleSpec(_E),
    "file_not_regular": RuleSpec(_E),
    "file_unreadable": RuleSpec(_E, transient=True),
    "file_empty": RuleSpec(_E),
    "file_vanished": RuleSpec(_E, transient=True),
    "file_changed": RuleSpec(_E, transient=True),
    "file_too_large": RuleSpec(_E),
    "link_out_of_inbox": RuleSpec(_E),
    "format_unknown": RuleSpec(_E),
    "paper_file_unusable": RuleSpec(_E),
    "format_misnamed": RuleSpec(_W),
    "pdf_broken": RuleSpec(_E),
    "pdf_repaired": RuleSpec(_W),
    "pdf_password": RuleSpec(_E),
    "pdf_no_pages": RuleSpec(_E),
    "image_broken": RuleSpec(_E),
    "image_too_large": RuleSpec(_E),
    "too_many_pages": RuleSpec(_E),
    "sidecar_lost": RuleSpec(_E),
    "twin_code_voided": RuleSpec(_E),
    "secret_document": RuleSpec(_E),
    "secret_mark_possible": RuleSpec(_E),
    "secret_mark_released": RuleSpec(_I),
    "duplicate_file": RuleSpec(_I),
    "disk_full": RuleSpec(_E, transient=True),
    "work_failed": RuleSpec(_E, transient=True),
    # one page
    "page_broken": RuleSpec(_E),
    "page_too_large": RuleSpec(_E),
    "page_timed_out": RuleSpec(_E, transient=True),
    "page_worker_died": RuleSpec(_E, transient=True),
    "page_blank": RuleSpec(_I),
    "page_mirrored": RuleSpec(_E),
    "page_separator": RuleSpec(_I),
    "page_retried": RuleSpec(_I),
    "page_turned": RuleSpec(_I),
    "page_read_again": RuleSpec(_I),
    "page_rendered": RuleSpec(_I),
    "page_placeholder": RuleSpec(_W),
    "stream_reencoded": RuleSpec(_I),
    "text_layer_garbled": RuleSpec(_W),
    "dpi_assumed": RuleSpec(_W),
    "dpi_contradicted": RuleSpec(_W),
    "engine_replaced": RuleSpec(_W),
    # image quality; severities here are defaults, configs/image_rules.csv decides
    "image_low_resolution": RuleSpec(_W),
    "image_bitonal": RuleSpec(_W),
    "image_skewed": RuleSpec(_W),
    "image_blurred": RuleSpec(_W),
    "image_low_contrast": RuleSpec(_W),
    "image_black_edges": RuleSpec(_W),
    "image_cut_off": RuleSpec(_W),
    "image_oversize": RuleSpec(_W),
    "image_low_confidence": RuleSpec(_W),
    # one document
    "kind_unknown": RuleSpec(_W),
    "no_result_code": RuleSpec(_W),
    "kind_handed_over": RuleSpec(_E),
    "kind_not_counted": RuleSpec(_I),
    "result_code_ambiguous": RuleSpec(_W),
    "result_code_unlisted": RuleSpec(_W),
    "field_missing": RuleSpec(_W),
    "required_absent": RuleSpec(_W),
    "field_unread": RuleSpec(_W),
    "field_uncertain": RuleSpec(_W),
    "field_written": RuleSpec(_W),
    "field_unconfirmed": RuleSpec(_W),
    "field_second_keying": RuleSpec(_W),
    "field_keyings_differ": RuleSpec(_W),
    "field_malformed": RuleSpec(_W),
    "closed_not_codable": RuleSpec(_I),
    "acceptance_awaited": RuleSpec(_I),
    "field_conflict": RuleSpec(_W),
    "register_contradicts": RuleSpec(_W),
    "name_confirms": RuleSpec(_I),
    "name_contradicts": RuleSpec(_W),
    "order_confirms": RuleSpec(_I),
    "order_contradicts": RuleSpec(_W),
    "unit_unresolved": RuleSpec(_W),
    "validity_unknown": RuleSpec(_I),
    "date_in_future": RuleSpec(_W),
    "code_part_differs": RuleSpec(_W),
    "code_voided": RuleSpec(_W),
    "identity_duplicate": RuleSpec(_I),
    "possible_duplicate": RuleSpec(_W),
    "running_number_exhausted": RuleSpec(_E),
    "pages_missing": RuleSpec(_E),
    # rendition
    "pdfa_failed": RuleSpec(_E),
    "pdfa_invalid": RuleSpec(_E),
    "pdfa_not_checked": RuleSpec(_I),
    "correction_unplaced": RuleSpec(_I),
    "correction_signed": RuleSpec(_I),
    "correction_unwritten": RuleSpec(_W),
    "output_unwritable": RuleSpec(_E, transient=True),
    "store_failed": RuleSpec(_E, transient=True),
    # batch
    "batch_stopped": RuleSpec(_E),
    "batch_sheet_unusable": RuleSpec(_E),
    "batch_sheet_row_unusable": RuleSpec(_E),
    "batch_sheet_file_absent": RuleSpec(_W),
    "batch_sheet_absent": RuleSpec(_I),
    "sheets_differ": RuleSpec(_W),
    "register_not_imported": RuleSpec(_I),
    "not_started": RuleSpec(_I, transient=True),
}


def finding(
    rule: str,
    *,
    page: int | None = None,
    severity: Severity | None = None,
    file: str | None = None,
    **params: Param,
) -> Finding:
    """Make a finding of a known rule.

    Raises:
        KeyError: `rule` is not in `RULES`; a programmer's mistake, caught by the suite.
    """
    spec = RULES[rule]
    return Finding(
        rule=rule,
        severity=severity or spec.severity,
        page=page,
        params=params,
        transient=spec.transient,
        file=file,
    )


# Parameters that distinguish two findings of one rule; the others only affect the wording.
_SUBJECTS: Final = ("field", "part", "code")


def joined(known: Iterable[Finding], *more: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with those of `more` that are not among them yet: of another rule, page, field or part of a code."""
    found = [*known]
    for group in more:
        seen = {_key(note) for note in found}
        found += [note for note in group if _key(note) not in seen]
    return tuple(found)


def new_among(more: Iterable[Finding], known: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings of `more` that `joined` would add to those known."""
    given = tuple(known)
    return joined(given, more)[len(given) :]


def _key(note: Finding) -> tuple[Param, ...]:
    return (note.rule, note.page, *(note.params.get(name) for name in _SUBJECTS))
