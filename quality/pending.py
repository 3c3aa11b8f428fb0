"""Kinds that wait for a result code, counted by unit, and the workbook that the asking office gets. Pure but for the file.

May import schemas. Cells are text: a spreadsheet must run none of them as a formula.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from schemas.kinds import Kind
from schemas.pending import PendingKind, PendingPaper

_WIDEST = 60


def pending_kinds(
    papers: Iterable[PendingPaper], kinds: Sequence[Kind], always: Iterable[str] = ()
) -> list[PendingKind]:
    """Waiting papers counted by kind, unit and reason, most first.

    Args:
        papers: the waiting papers.
        kinds: the configured kinds, for titles and sources.
        always: kinds to list even where no paper waits: the ministry is asked before the scanning begins.
    """
    known = {kind.id: kind for kind in kinds}
    counts = Counter(
        (paper.kind, paper.level, paper.unit, paper.reason, paper.candidates) for paper in papers
    )
    rows = [
        _row(known.get(kind or ""), kind, level, unit).model_copy(
            update={"reason": reason, "candidates": candidates, "papers": count}
        )
        for (kind, level, unit, reason, candidates), count in counts.items()
    ]
    seen = {row.kind for row in rows}
    rows += [_row(known[kind], kind, None, None) for kind in always if kind not in seen]
    return sorted(rows, key=lambda row: (-row.papers, row.title or "", row.unit or "", row.reason))


def _row(kind: Kind | None, kind_id: str | None, level: str | None, unit: str | None) -> PendingKind:
    return PendingKind(
        kind=kind_id,
        title=kind.title if kind else None,
        level=level,
        unit=unit,
        reason="no_national_code",
        papers=0,
        source=kind.source if kind else "",
    )


def write_pending(
    out: BinaryIO, sheets: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str | int]]]]
) -> None:
    """Write a workbook of sheets (title, headings, rows) whose texts are no formulas."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, heads, rows in sheets:
        sheet = book.create_sheet(title)
        for at, line in enumerate([list(heads), *rows], start=1):
            for column, value in enumerate(line, start=1):
                cell = sheet.cell(at, column, value)
                if isinstance(value, str):
                    cell.data_type = "s"
                if at == 1:
                    cell.font = Font(bold=True)
        for column, head in enumerate(heads, start=1):
            longest = max([len(head), *(len(str(row[column - 1])) for row in rows)])
            sheet.column_dimensions[get_column_letter(column)].width = min(_WIDEST, longest + 2)
        sheet.freeze_panes = "A2"
    book.save(out)
