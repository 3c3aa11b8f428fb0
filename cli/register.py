"""`sohoa register import|match|list`: a clerk's register against the scans of a batch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.options import EXIT_SET_ASIDE, EXIT_WRONG, AsJson, command, named_batch, named_path
from cli.register_shapes import (
    ROWS,
    SCANS,
    imported_json,
    reconciled_json,
    row_cells,
    scan_cells,
    shown_rows,
)
from cli.review import print_applied
from cli.shapes import print_json, shown
from cli.tables import print_table
from cli.wording import words
from configs.settings import Settings
from quality.inventory import describe
from review.labels import target_name
from review.register_columns import MAP_NAMES, Guess, read_mapping
from review.registering import Imported, Reconciled, import_register, match_batch, reconciled
from schemas.clock import today
from schemas.errors import UsageError
from schemas.masking import mask
from schemas.numerals import share_text
from schemas.registers import Pair
from schemas.reports import RowProblem
from schemas.wording import text
from workspace.opening import open_workspace
from workspace.private_csv import private_csv, write_rows

OfBatch = Annotated[str, typer.Option("--batch", metavar="BATCH", help=words("register.batch"))]
_MOST_LINES = 50


@command
def import_(
    settings: Settings,
    file: Annotated[Path, typer.Argument(parser=named_path, metavar="FILE", help=words("register.file"))],
    batch: OfBatch,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="NAME=COLUMN", help=words("register.map"))
    ] = None,
    head: Annotated[int | None, typer.Option("--head", min=0, help=words("register.head"))] = None,
    yes: Annotated[bool, typer.Option("--yes", help=words("register.yes"))] = False,
    as_json: AsJson = False,
) -> int:
    """Import a register for a batch."""
    columns = read_mapping(mapping or ())
    name = named_batch(batch)
    with open_workspace(settings) as workspace:
        done = import_register(
            workspace, name, file, as_of=today(), mapping=columns, head=head, confirmed=yes
        )
    if as_json:
        print_json(imported_json(name, done, settings.lang))
    else:
        _print_import(name, file, done, settings.lang)
    if done.register is None:
        return EXIT_WRONG
    return EXIT_SET_ASIDE if done.problems else 0


@command
def match(settings: Settings, batch: OfBatch, as_json: AsJson = False) -> int:
    """Match the scans of a batch with its register."""
    name = named_batch(batch)
    with open_workspace(settings) as workspace:
        done = match_batch(workspace, name, as_of=today())
    if as_json:
        print_json(reconciled_json(name, done, settings.lang))
        return 0
    _print_counts(name, done, settings.lang)
    if done.applied:
        print_applied(done.applied, settings.lang)
    else:
        sys.stdout.write(text("register.unchanged", settings.lang) + "\n")
    return 0


@command
def list_(
    settings: Settings,
    batch: OfBatch,
    unmatched: Annotated[
        str | None, typer.Option("--unmatched", metavar="rows|scans", help=words("register.unmatched"))
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--csv", parser=named_path, metavar="OUT.csv", help=words("register.csv"))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """How the scans of a batch stand against its register."""
    if unmatched not in {None, ROWS, SCANS}:
        raise UsageError("unmatched", remedy="register_unmatched", value=unmatched)
    if out is not None and (out.exists() or unmatched is None):
        remedy = "register_csv_which" if unmatched is None else "register_csv_there"
        raise UsageError("csv", remedy=remedy, path=out)
    name = named_batch(batch)
    with open_workspace(settings) as workspace:
        workspace.require_current(name)
        found = reconciled(workspace, name)
    if as_json:
        print_json(reconciled_json(name, found, settings.lang, only=unmatched))
        return 0
    if found.register is None:
        sys.stdout.write(text("register.none", settings.lang, batch=shown(name)) + "\n")
        return 0
    if out is not None and unmatched is not None:
        _write_csv(out, found, unmatched, settings.lang)
        return 0
    if unmatched is None:
        _print_counts(name, found, settings.lang)
        _print_pairs(found, settings.lang)
    if found.matched is not None:
        for which in (ROWS, SCANS) if unmatched is None else (unmatched,):
            _print_alone(found, which, settings.lang)
    return 0


def _print_import(batch: str, file: Path, done: Imported, lang: str) -> None:
    for table in done.tables:
        _print_columns(table, lang)
    _print_problems(done.problems, lang)
    if done.confirm:
        names = ", ".join(MAP_NAMES)
        sys.stderr.write(text("register.confirm", lang, names=names) + "\n")
    elif done.register is None:
        sys.stderr.write(text("register.refused", lang, file=shown(file.name)) + "\n")
    else:
        key = "register.imported" if done.new else "register.again"
        register = done.register
        counts = {"rows": len(register.rows), "left": len(register.problems), "version": register.version}
        encoding = text(f"register.encoding_{register.encoding}", lang)
        line = text(key, lang, batch=shown(batch), encoding=encoding, **counts)
        sys.stdout.write(line + "\n")


def _print_columns(table: Guess, lang: str) -> None:
    sheet = shown(table.sheet) if table.sheet else "CSV"
    key = "register.table" if table.certain else "register.table_guessed"
    sys.stdout.write(text(key, lang, sheet=sheet, head=table.head) + "\n")
    for column in table.columns:
        name = text("register.note_column", lang) if column == "note" else target_name(column, lang)
        sys.stdout.write(f"    {table.letter(column)}  {shown(table.names[column])} → {name}\n")


def _print_problems(problems: Sequence[RowProblem], lang: str) -> None:
    for problem in problems[:_MOST_LINES]:
        sys.stderr.write("  • " + mask(shown(" → ".join(describe(problem, lang)))) + "\n")
    if len(problems) > _MOST_LINES:
        sys.stderr.write(text("register.more", lang, count=len(problems) - _MOST_LINES) + "\n")


def _print_counts(batch: str, found: Reconciled, lang: str) -> None:
    register, matched = found.register, found.matched
    if register is None:
        return
    told = {"batch": shown(batch), "file": shown(register.file), "version": register.version}
    sys.stdout.write(text("register.title", lang, rows=len(register.rows), **told) + "\n")
    if matched is None:
        sys.stdout.write(text("register.not_matched", lang, batch=shown(batch)) + "\n")
        return
    counts = {
        "matched": len(matched.pairs),
        "rows": len(found.rows_alone),
        "scans": len(found.papers_alone),
        "ambiguous": len(matched.ambiguous),
        "contradictions": len(found.contradictions),
    }
    sys.stdout.write(text("register.counts", lang, **counts) + "\n")


def _print_pairs(found: Reconciled, lang: str) -> None:
    """Matched pairs with their evidence, then ambiguous ones, then contradictions."""
    register, matched = found.register, found.matched
    if register is None or matched is None:
        return
    files = {row.document.id: row.file for row in found.papers}

    def line(pair: Pair) -> list[str]:
        row = register.rows[pair.position]
        agree, differ = (
            ", ".join(target_name(name, lang) for name in names) or "–" for names in (pair.agree, pair.differ)
        )
        place = f"{shown(row.sheet)}:{row.row}" if row.sheet else str(row.row)
        share = share_text(pair.confidence, lang, 1)
        return [mask(shown(files.get(pair.document_id, "–"))), place, share, agree, differ]

    heads = [text(f"register.head_{key}", lang) for key in ("file", "row", "confidence", "agree", "differ")]
    for key, pairs in (("matched_pairs", matched.pairs), ("ambiguous_pairs", matched.ambiguous)):
        if pairs:
            print_table(heads, [line(pair) for pair in pairs], title=text(f"register.{key}", lang))


def _print_alone(found: Reconciled, which: str, lang: str) -> None:
    rows = shown_rows(found, which, lang)
    title = text(f"register.alone_{which}", lang, count=len(rows))
    if not rows:
        sys.stdout.write(title + "\n")
        return
    heads = row_cells(lang) if which == ROWS else scan_cells(lang)
    print_table(heads, rows, title=title)


def _write_csv(out: Path, found: Reconciled, which: str, lang: str) -> None:
    rows = shown_rows(found, which, lang)
    with private_csv(out) as stream:
        write_rows(stream, row_cells(lang) if which == ROWS else scan_cells(lang), rows)
    sys.stdout.write(text("register.written", lang, path=out, count=len(rows)) + "\n")
