"""`sohoa batch rescan`: pages to scan again, by box and sheet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.catalogue import require_current
from cli.options import AsJson, Batch, command, named_batch
from cli.shapes import finding_json, print_json, shown
from cli.tables import print_table
from cli.wording import words
from configs.settings import Settings
from review.rescans import Rescan, rescans
from schemas.wording import render, text
from workspace.opening import open_workspace
from workspace.private_csv import private_csv, write_rows

_HEADS: Final = (
    "box",
    "dossier_file",
    "separator",
    "after",
    "scan",
    "page",
    "reason",
    "remedy",
    "document_id",
)


@command
def rescan(
    settings: Settings,
    batch: Batch,
    csv_file: Annotated[Path | None, typer.Option("--csv", help=words("batch.failed_csv_file"))] = None,
    every: Annotated[bool, typer.Option("--all", help=words("batch.rescan_every"))] = False,
    as_json: AsJson = False,
) -> int:
    """Pages to scan again, sorted by box, file and separator sheet."""
    name = named_batch(batch)
    with open_workspace(settings) as workspace:
        require_current(workspace.database, settings)
        found = rescans(workspace, name, every=every)
    heads = [text(f"head.{key}", settings.lang) for key in _HEADS]
    rows = [_cells(page, settings.lang) for page in found]
    if csv_file:
        with private_csv(csv_file) as out:
            write_rows(out, heads, rows)
    if as_json:
        print_json({"batch": name, "pages": [_shape(page, settings.lang) for page in found]})
    elif found:
        print_table(
            heads[:7], [[shown("–" if cell is None else str(cell)) for cell in row[:7]] for row in rows]
        )
        sys.stdout.write(text("rescan.count", settings.lang, count=len(found)) + "\n")
    else:
        sys.stdout.write(text("rescan.none", settings.lang) + "\n")
    return 0


def _cells(page: Rescan, lang: str) -> list[Any]:
    message, remedy = render(page.reason, lang)
    place = [page.box or None, page.file or None, page.separator, page.after, page.scan]
    return [*place, page.page, message, remedy, page.document_id]


def _shape(page: Rescan, lang: str) -> dict[str, Any]:
    return {**page._asdict(), "reason": finding_json(page.reason, lang)}
