"""Persons' values for the text layer of a PDF/A: which they are, where they lie, and what is said where they cannot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from extractors.corrections import Corrected, corrected, corrections
from extractors.decided import Decided
from schemas.batches import BatchSheet, StagedFile
from schemas.documents import Document
from schemas.findings import Finding, finding
from schemas.reading import Format, PageReading
from schemas.renditions import Correction
from schemas.review import KIND
from schemas.rules import Rulebook

UNKNOWN_TITLE: Final = "Văn bản"  # title of a paper whose kind is unknown


def title_of(rules: Rulebook, kind: str | None) -> str:
    """The title that the PDF/A of a kind of paper bears."""
    known = rules.kind(kind)
    return known.title if known else UNKNOWN_TITLE


def lay_corrections(
    paper: Document,
    readings: Sequence[PageReading],
    decided: Decided,
    rules: Rulebook,
    sheet: BatchSheet | None,
    as_of: date,
    lost: Collection[int] = (),
) -> Corrected:
    """Lay the values in which persons differ from the machine into the words of a paper.

    Args:
        paper: the paper.
        readings: its pages as the machine read them.
        decided: the decisions in force.
        rules: as the paper was understood.
        sheet: the batch sheet of its file.
        as_of: the day of its understanding.
        lost: pages that stand in the PDF/A as a placeholder.
    """
    if not corrections({}, decided):
        return Corrected(tuple(readings))
    from extractors.understanding import understand  # noqa: PLC0415 - `pdfa` need not understand

    # The machine's own values: only the kind stays decided, because it tells which fields there are.
    kind = {KIND: decided[KIND]} if KIND in decided else {}
    (machine,) = understand(
        paper.sha256, readings, rules, sheet, as_of, splits=[paper.pages], decided={paper.id: kind}
    )
    return corrected(readings, machine.fields, decided, lost)


def facts_of(done: Corrected, decided: Decided) -> tuple[Correction, ...]:
    """What was corrected, by whom and when."""
    return tuple(
        Correction(target=target, page=page, operator=decided[target].operator, at=decided[target].at)
        for target, page in done.placed
    )


def without_text(done: Corrected) -> list[Finding]:
    """Findings for corrections that have no place in the text."""
    return [finding("correction_unplaced", field=target) for target in done.unplaced]


def kept_signed(targets: Iterable[str]) -> list[Finding]:
    """Findings for corrections that a signed file does not take."""
    return [finding("correction_signed", field=target) for target in targets]


def any_signed(files: Iterable[StagedFile]) -> bool:
    """True if one of the files is a PDF with a digital signature."""
    from storage.pdfa import is_signed  # noqa: PLC0415 - pikepdf: only where there is work

    return any(file.format is Format.PDF and is_signed(Path(file.path)) for file in files)
