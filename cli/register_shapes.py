"""Registers as JSON and as lines of a table; identifiers are masked."""

from __future__ import annotations

from typing import Any, Final

from cli.shapes import shown
from quality.inventory import describe
from review.labels import target_name
from review.registering import Imported, Reconciled
from schemas.masking import mask, mask_value
from schemas.numerals import value_text
from schemas.registers import Pair, Register, RegisterRow
from schemas.reports import RowProblem
from schemas.wording import text

ROWS: Final = "rows"
SCANS: Final = "scans"
_COLUMNS: Final = ("number", "issue_date", "document_type", "subject", "agency", "owner_name", "owner_id")


def imported_json(batch: str, done: Imported, lang: str) -> dict[str, Any]:
    """What an import did, or why it did nothing."""
    return {
        "batch": batch,
        "imported": done.register is not None and done.new,
        "confirm": done.confirm,
        "tables": [
            {
                "sheet": table.sheet,
                "head": table.head,
                "certain": table.certain,
                "columns": {
                    name: {"column": table.letter(name), "header": table.names[name]}
                    for name in table.columns
                },
            }
            for table in done.tables
        ],
        "register": _register_json(done.register) if done.register else None,
        "problems": [_problem_json(problem, lang) for problem in done.problems],
    }


def reconciled_json(batch: str, found: Reconciled, lang: str, *, only: str | None = None) -> dict[str, Any]:
    """How a batch stands against its register; `only` rows or scans that are unmatched."""
    register, matched = found.register, found.matched
    files = {row.document.id: row.file for row in found.papers}
    rows = [_row_json(row) for row in found.rows_alone]
    scans = [{"id": paper.id, "file": files[paper.id]} for paper in found.papers_alone]
    if only is not None:
        return {"batch": batch, only: rows if only == ROWS else scans}

    def pairs(given: tuple[Pair, ...]) -> list[dict[str, Any]]:
        assert register is not None
        return [_pair_json(pair, register, files) for pair in given]

    return {
        "batch": batch,
        "register": _register_json(register) if register else None,
        "matched": pairs(matched.pairs) if matched else None,
        "ambiguous": pairs(matched.ambiguous) if matched else None,
        "rows": rows if matched else None,
        "scans": scans if matched else None,
        "contradictions": [
            {
                "id": paper.id,
                "file": files[paper.id],
                "fields": [
                    str(note.params["field"])
                    for note in paper.findings
                    if note.rule == "register_contradicts"
                ],
            }
            for paper in found.contradictions
        ],
        "changed": [applied.after.document.id for applied in found.applied],
        "problems": [_problem_json(problem, lang) for problem in register.problems] if register else [],
    }


def _register_json(register: Register) -> dict[str, Any]:
    return {
        "version": register.version,
        "file": register.file,
        "sha256": register.sha256,
        "operator": register.operator,
        "at": register.at,
        "encoding": register.encoding,
        "rows": len(register.rows),
        "left_out": len(register.problems),
    }


def _pair_json(pair: Pair, register: Register, files: dict[str, str]) -> dict[str, Any]:
    row = register.rows[pair.position]
    return {
        "id": pair.document_id,
        "file": files.get(pair.document_id),
        "sheet": row.sheet,
        "row": row.row,
        "confidence": pair.confidence,
        "agree": list(pair.agree),
        "differ": list(pair.differ),
    }


def _row_json(row: RegisterRow) -> dict[str, Any]:
    values = {name: mask_value(name, value) for name, value in row.values.items()}
    return {"sheet": row.sheet, "row": row.row, "values": values}


def _problem_json(problem: RowProblem, lang: str) -> dict[str, Any]:
    message, remedy = describe(problem, lang)
    place = {"file": problem.file, "sheet": problem.sheet, "row": problem.row, "column": problem.column}
    return {**place, "code": problem.code, "message": mask(message), "remedy": remedy}


def row_cells(lang: str) -> list[str]:
    """Heads of a list of rows."""
    return [text("register.head_row", lang), *(target_name(name, lang) for name in _COLUMNS)]


def scan_cells(lang: str) -> list[str]:
    """Heads of a list of scans."""
    return [text(f"register.head_{key}", lang) for key in ("file", "id", "route")] + [
        target_name(name, lang) for name in ("number", "issue_date", "owner_name")
    ]


def shown_rows(found: Reconciled, which: str, lang: str) -> list[list[str]]:
    """Lines of the list of rows without scan, or of scans without row."""
    if which == ROWS:
        return [_row_line(row, lang) for row in found.rows_alone]
    files = {row.document.id: row.file for row in found.papers}
    lines = []
    for paper in found.papers_alone:
        values = [_cell(name, paper.value(name), lang) for name in ("number", "issue_date", "owner_name")]
        route = text(f"route.{paper.route}", lang)
        lines.append([mask(shown(files[paper.id])), paper.id, route, *values])
    return lines


def _row_line(row: RegisterRow, lang: str) -> list[str]:
    place = f"{row.sheet}:{row.row}" if row.sheet else str(row.row)
    return [shown(place), *(_cell(name, row.values.get(name), lang) for name in _COLUMNS)]


def _cell(name: str, value: str | None, lang: str) -> str:
    if value is None:
        return "–"
    written = value_text(value, lang) if name.endswith("_date") else value
    return shown(mask_value(name, written))
