"""From page readings to papers: split, classify, extract, decide validity, place, code and route. Pure and repeatable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from extractors import decided as persons
from extractors import validity
from extractors.anchors import Line, has_phrase, plain
from extractors.classify import Classified, classify
from extractors.evidence import doubted_ink, in_ink, weigh
from extractors.fields import ReadFrom
from extractors.fields_heading import heading_of
from extractors.fields_paper import fields_of_paper
from extractors.registered import with_register
from extractors.secrecy import secret_mark
from extractors.split import is_marked_separator, split_pages
from extractors.units import Placed, resolve
from extractors.values import identifier_is_sound
from extractors.written import lines_with_written
from schemas import routing
from schemas.batches import BatchSheet, InDossier
from schemas.clock import today
from schemas.documents import Choice, Document, Field, Role, Validity, ValidityState, document_id
from schemas.findings import Finding, Severity, finding
from schemas.kinds import CodeEvidence, Kind
from schemas.reading import PageReading, PageState
from schemas.review import awaits_acceptance, is_closed
from schemas.rules import Rulebook


def understand(
    sha256: str,
    readings: Sequence[PageReading],
    rulebook: Rulebook,
    sheet: BatchSheet | None = None,
    as_of: date | None = None,
    splits: Sequence[tuple[int, ...]] | None = None,
    decided: Mapping[str, persons.Decided] | None = None,
    name: str | None = None,
) -> tuple[Document, ...]:
    """Understand one original.

    Args:
        sha256: of the original's bytes.
        readings: all its pages in order; failed and blank ones too.
        rulebook: the rules.
        sheet: the batch sheet, or None.
        as_of: day for which validity is determined; default today in Việt Nam.
        splits: page lists fixed when the file was first split; they stay, whatever the rules say now.
        decided: what persons decided, by document id; it wins over what is read.
        name: of the file; evidence for the number of a paper that is alone in it.

    Returns:
        The papers in the order of their pages; every page except marked separators is in exactly one.
    """
    day = as_of or today()
    lines = [lines_with_written(reading) for reading in readings]
    groups = _fixed(readings, splits) if splits else split_pages(readings, lines, rulebook)
    frame = _Frame(sha256, rulebook, sheet, day, decided or {})
    alone = name if len(groups) == 1 else None
    return tuple(
        _paper(frame, [readings[index] for index in group], [lines[index] for index in group], alone)
        for group in groups
    )


class _Frame(NamedTuple):
    """Inputs shared by all papers of one original."""

    sha256: str
    rules: Rulebook
    sheet: BatchSheet | None
    as_of: date
    decided: Mapping[str, persons.Decided]


def _fixed(readings: Sequence[PageReading], splits: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Indices by fixed page numbers; pages that no paper holds and that are no separators make one more paper."""
    at = {reading.number: index for index, reading in enumerate(readings)}
    groups = [tuple(at[number] for number in pages if number in at) for pages in splits]
    held = {index for group in groups for index in group}
    left = tuple(
        index
        for index, reading in enumerate(readings)
        if index not in held and not is_marked_separator(reading)
    )
    return tuple(group for group in (*groups, left) if group)


def _paper(
    frame: _Frame, readings: Sequence[PageReading], pages: Sequence[Sequence[Line]], name: str | None
) -> Document:
    rules, sheet, as_of = frame.rules, frame.sheet, frame.as_of
    numbers = tuple(reading.number for reading in readings)
    own = document_id(frame.sha256, numbers)
    decisions = frame.decided.get(own, {})
    first = next((lines for lines in pages if lines), ())
    source: ReadFrom = next(
        (reading.source for reading in readings if reading.state is PageState.READ), "ocr"
    )
    heading = heading_of(first, rules)
    found = persons.kind_of(classify(pages, heading.number, rules), decisions, rules)
    read = fields_of_paper(pages, found, heading, rules, source)
    by_hand = [str(note.params["field"]) for note in doubted_ink(read, readings, rules.thresholds)]
    registered = with_register(read, decisions, by_hand, found.kind, rules)
    weighed = weigh(registered, readings, decisions, name, rules.thresholds)
    fields = persons.fields_with(weighed.fields, decisions)
    placed = persons.place_of(_placed(pages, fields, sheet, rules), fields, decisions, sheet, rules)
    decided = validity.decide(found.kind.id if found.kind else None, fields, rules, as_of)
    decided = persons.validity_of(decided, decisions)
    codes, code_findings = persons.result_type_of(*_result_type(found, pages, rules), decisions)
    findings = (
        *_secrecy(readings, pages, rules),
        *_kind_findings(found, rules),
        *code_findings,
        *persons.still_open(_field_findings(fields, found.kind, rules, as_of), decisions),
        *persons.still_open(weighed.findings, decisions),
        *(note for note in registered.findings if note.params["field"] not in decisions),
        *persons.unconfirmed(weighed.fields, decisions, rules, own, in_ink(read, readings)),
        *([finding("closed_not_codable")] if is_closed(decisions) else ()),
        *([finding("acceptance_awaited")] if awaits_acceptance(decisions) else ()),
        *_place_findings(placed),
        *_validity_findings(decided),
        *_lost(readings),
    )
    within = sheet.place_of(numbers[0]) if sheet and numbers else InDossier()
    role = within.role or (found.kind.role if found.kind else Role.RESULT)
    document = Document(
        id=own,
        sha256=frame.sha256,
        pages=numbers,
        kind=found.kind.id if found.kind else None,
        kind_confidence=found.confidence,
        result_type=codes,
        procedure=_stated(within.procedure) or _procedure(codes, rules),
        role=role,
        dossier=within.dossier,
        component=within.component if role is Role.COMPONENT else None,
        fields=dict(sorted(fields.items())),
        validity=decided,
        level=placed.level,
        unit=placed.unit,
        findings=tuple(findings),
    )
    page_findings = persons.still_open([note for reading in readings for note in reading.findings], decisions)
    return document.model_copy(update={"route": routing.route(document, rules, page_findings)})


def _placed(
    pages: Sequence[Sequence[Line]], fields: dict[str, Field], sheet: BatchSheet | None, rules: Rulebook
) -> Placed:
    agency, issued = fields.get("agency"), fields.get("issue_date")
    day = date.fromisoformat(issued.value) if issued and issued.value else None
    header = " ".join(line.text for lines in pages[:1] for line in lines if line.top < 0.35)
    within = f"{header} {agency.raw if agency and agency.raw else ''}"
    return resolve(agency.value if agency else None, day, sheet, rules, within)


def _result_type(
    found: Classified, pages: Sequence[Sequence[Line]], rules: Rulebook
) -> tuple[Choice | None, list[Finding]]:
    """The result code of a paper: the kind's only one, else the one that the paper's own words single out.

    A kind whose codes are only candidates is always asked about.
    """
    kind = found.kind
    if kind is None:
        return None, []
    if not kind.result_codes:
        return None, [finding("no_result_code", kind=kind.title)]
    if len(kind.result_codes) == 1 and not kind.evidence and not kind.candidates_only:
        chosen: set[str] = {kind.result_codes[0]}
    else:
        head, paper = _texts(pages)
        chosen = {row.code for row in kind.evidence if _holds(row, head if row.where == "head" else paper)}
    if len(chosen) == 1 and not kind.candidates_only:
        code = next(iter(chosen))
        unlisted = [] if code in rules.result_types else [finding("result_code_unlisted", code=code)]
        return Choice(value=code, confidence=found.confidence, candidates=kind.result_codes), unlisted
    candidates = tuple(code for code in kind.result_codes if not chosen or code in chosen)
    ambiguous = finding("result_code_ambiguous", kind=kind.title, codes=", ".join(candidates))
    return Choice(value=None, confidence=None, candidates=candidates), [ambiguous]


def _texts(pages: Sequence[Sequence[Line]]) -> tuple[str, str]:
    first = next((lines for lines in pages if lines), ())
    head = plain(" ".join(line.text for line in first if line.top < 0.5))
    return head, plain(" ".join(line.text for lines in pages for line in lines))


def _holds(row: CodeEvidence, text: str) -> bool:
    return (
        all(has_phrase(text, phrase) for phrase in row.all_of)
        and (not row.any_of or any(has_phrase(text, phrase) for phrase in row.any_of))
        and not any(has_phrase(text, phrase) for phrase in row.none_of)
    )


def _procedure(codes: Choice | None, rules: Rulebook) -> Choice | None:
    """The procedure, only where the result type has exactly one."""
    listed = rules.result_types.get(codes.value) if codes and codes.value else None
    if codes is None or listed is None or len(listed.procedures) != 1:
        return None
    return Choice(value=listed.procedures[0], confidence=codes.confidence)


def _stated(procedure: str | None) -> Choice | None:
    """The procedure that the batch sheet names."""
    return Choice(value=procedure, confidence=1.0) if procedure else None


def _secrecy(
    readings: Sequence[PageReading], pages: Sequence[Sequence[Line]], rules: Rulebook
) -> list[Finding]:
    """Findings for a mark of secrecy on a page that was not released."""
    closed = [
        lines
        for reading, lines in zip(readings, pages, strict=True)
        if all(note.rule != "secret_mark_released" for note in reading.findings)
    ]
    marks = [mark for mark in (secret_mark(lines, rules.secret_marks) for lines in closed) if mark]
    return [finding("secret_document", page=marks[0].page, mark=marks[0].text)] if marks else []


def _kind_findings(found: Classified, rules: Rulebook) -> list[Finding]:
    if found.kind is None:
        return [finding("kind_unknown")]
    notes = _not_ours(found.kind)
    if (found.confidence or 0.0) < rules.thresholds.kind:
        notes.append(finding("field_uncertain", field="kind", confidence=found.confidence))
    return notes


def _not_ours(kind: Kind) -> list[Finding]:
    """Findings for a kind that another authority keeps now, or that is no result in force."""
    if kind.handed_over_on is not None:
        day = kind.handed_over_on.isoformat()
        return [finding("kind_handed_over", kind=kind.title, to=kind.handed_over_to, day=day)]
    return [] if kind.in_inventory else [finding("kind_not_counted", kind=kind.title)]


def _field_findings(
    fields: dict[str, Field], kind: Kind | None, rules: Rulebook, as_of: date
) -> list[Finding]:
    found = [finding("field_missing", field=name) for name in routing.not_on_paper(fields, kind)]
    for name, field in sorted(fields.items()):
        if field.value is None:
            found.append(finding("field_unread", page=field.page, field=name))
        elif (field.confidence if field.confidence is not None else 1.0) < rules.thresholds.field:
            found.append(finding("field_uncertain", page=field.page, field=name, confidence=field.confidence))
    found.extend(_soundness(fields, as_of))
    return found


def _soundness(fields: dict[str, Field], as_of: date) -> list[Finding]:
    """Findings for impossible values: invalid identifiers, future dates, a paper that expires before its issue."""
    found = []
    issued, expiry = fields.get("issue_date"), fields.get("expiry_date")
    year = int(issued.value[:4]) if issued and issued.value else None
    for name in ("owner_id", "spouse_id"):
        field = fields.get(name)
        if field is not None and field.value and not identifier_is_sound(field.value, year):
            found.append(finding("field_malformed", page=field.page, field=name, value="***"))
    if issued is not None and issued.value and issued.value > as_of.isoformat():
        found.append(finding("date_in_future", page=issued.page, field="issue_date", value=issued.value))
    if issued and expiry and issued.value and expiry.value and expiry.value < issued.value:
        found.append(finding("field_conflict", page=expiry.page, field="expiry_date", other="issue_date"))
    return found


def _place_findings(placed: Placed) -> list[Finding]:
    return [] if placed.unit is not None and placed.level is not None else [finding("unit_unresolved")]


def _validity_findings(decided: Validity) -> list[Finding]:
    return (
        [finding("validity_unknown", basis=decided.basis)] if decided.state is ValidityState.UNKNOWN else []
    )


def _lost(readings: Sequence[PageReading]) -> list[Finding]:
    """Ensure that every failed page has an error finding."""
    return [
        finding("page_broken", page=reading.number, detail="-")
        for reading in readings
        if reading.state is PageState.FAILED
        and not any(note.severity is Severity.ERROR for note in reading.findings)
    ]
