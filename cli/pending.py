"""`sohoa lists pending`: kinds and papers that wait for a result code, for the office that asks the ministry."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.catalogue import database_of
from cli.options import AsJson, command, named_path
from cli.shapes import print_json
from cli.tables import print_table
from cli.wording import words
from configs.loader import load_kinds, load_validity
from configs.settings import Settings
from engines.private_files import whole_file
from quality.pending import pending_kinds, write_pending
from schemas.clock import today
from schemas.errors import UsageError
from schemas.numerals import number_text
from schemas.pending import PendingKind, PendingPaper
from schemas.wording import say, text
from storage.catalogue.pending import pending_papers
from workspace.private_csv import harmless, private_csv, write_rows

_KINDS: Final = ("kind", "unit", "level", "reason", "candidates", "papers_waiting", "legal_basis")
_PAPERS: Final = (
    "document_id",
    "batch",
    "file",
    "kind",
    "unit",
    "number",
    "issue_date",
    "agency",
    "reason",
    "candidates",
)


@command
def pending(
    settings: Settings,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=named_path, metavar="FILE.xlsx|csv", help=words("lists.pending_out")),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Kinds and papers that wait for a result code."""
    if out is not None and out.suffix.lower() not in {".xlsx", ".csv"}:
        raise UsageError(f"not a table: {out}", remedy="pending_suffix", path=out)
    if out is not None and out.exists():
        raise UsageError(f"{out} is there already", remedy="review_workbook_there", path=out)
    with database_of(settings) as database:
        papers = list(pending_papers(database))
    kinds = pending_kinds(papers, load_kinds(), _without_code())
    if out is not None:
        _write(out, kinds, papers, settings.lang)
    if as_json:
        print_json(
            {
                "kinds": [row.model_dump(mode="json") for row in kinds],
                "papers": [row.model_dump(mode="json") for row in papers],
            }
        )
        return 0
    _print(kinds, papers, out, settings.lang)
    return 0


def _without_code() -> list[str]:
    """Kinds that are counted and judged, and for which the list in force has no code."""
    judged = {rule.kind for rule in load_validity() if rule.holds_on(today()) and rule.rule != "UNKNOWN"}
    return [
        kind.id for kind in load_kinds() if not kind.result_codes and kind.is_counted and kind.id in judged
    ]


def _print(kinds: Sequence[PendingKind], papers: Sequence[PendingPaper], out: Path | None, lang: str) -> None:
    if not kinds:
        sys.stdout.write(text("lists.pending_none", lang) + "\n")
        return
    rows = [[str(cell) for cell in line] for line in _kind_rows(kinds, lang)]
    heads = _heads(_KINDS, lang)
    print_table(heads[:-1], [row[:-1] for row in rows], numbers={5})
    count = number_text(len(papers), lang)
    sys.stdout.write(text("lists.pending_papers", lang, count=count) + "\n")
    if out is not None:
        sys.stdout.write(text("lists.pending_written", lang, path=out) + "\n")


def _write(out: Path, kinds: Sequence[PendingKind], papers: Sequence[PendingPaper], lang: str) -> None:
    """An XLSX file of two sheets, or a CSV file of the papers; texts are guarded against formulas."""
    if out.suffix.lower() == ".csv":
        with private_csv(out) as stream:
            write_rows(stream, _heads(_PAPERS, lang), _paper_rows(papers, lang))
        return
    tables = [
        (text("lists.pending_kinds_sheet", lang), _heads(_KINDS, lang), _guarded(_kind_rows(kinds, lang))),
        (
            text("lists.pending_papers_sheet", lang),
            _heads(_PAPERS, lang),
            _guarded(_paper_rows(papers, lang)),
        ),
    ]
    with whole_file(out) as stream:
        write_pending(stream, tables)


def _heads(keys: Sequence[str], lang: str) -> list[str]:
    return [text(f"head.{key}", lang) for key in keys]


def _guarded(rows: Sequence[Sequence[str | int]]) -> list[list[str | int]]:
    return [[harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]


def _kind_rows(kinds: Sequence[PendingKind], lang: str) -> list[list[str | int]]:
    return [
        [
            row.title or text("lists.pending_no_kind", lang),
            row.unit or "",
            text(f"level.{row.level}", lang) if row.level else "",
            say("pending_reason", row.reason, lang),
            ", ".join(row.candidates),
            row.papers,
            row.source,
        ]
        for row in kinds
    ]


def _paper_rows(papers: Sequence[PendingPaper], lang: str) -> list[list[str | int]]:
    titles = {kind.id: kind.title for kind in load_kinds()}
    return [
        [
            row.document_id,
            row.batch,
            row.file,
            titles.get(row.kind or "", text("lists.pending_no_kind", lang)),
            row.unit or "",
            row.number or "",
            row.issue_date or "",
            row.agency or "",
            say("pending_reason", row.reason, lang),
            ", ".join(row.candidates),
        ]
        for row in papers
    ]
