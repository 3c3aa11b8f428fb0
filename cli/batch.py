"""`sohoa batch list|show|failed`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from cli.catalogue import database_of
from cli.options import AsJson, Batch, command, named_batch
from cli.shapes import finding_json, print_json
from cli.summary import batch_summary
from cli.tables import print_table
from cli.wording import words
from configs.settings import Settings
from schemas.wording import render, text
from storage.catalogue import batches, views
from storage.catalogue.batches import FileRow
from storage.catalogue.database import Database
from workspace.private_csv import private_csv, write_rows


def shown_batch(database: Database, name: str, lang: str) -> dict[str, Any]:
    """A batch in the shape of the contract."""
    return rendered_batch(views.show(database, name), lang)


def rendered_batch(found: dict[str, Any], lang: str) -> dict[str, Any]:
    """A batch as `views.show` gives it, its findings with their sentences."""
    return {
        **found,
        "findings": [finding_json(finding, lang, with_file=True) for finding in found["findings"]],
    }


@command
def list_batches(settings: Settings, as_json: AsJson = False) -> int:
    """Known batches."""
    with database_of(settings) as database:
        rows = batches.batches(database)
    if as_json:
        print_json(
            [
                {"batch": row.name, "state": str(row.state), "files": row.files, "documents": row.documents}
                for row in rows
            ]
        )
        return 0

    heads = [text(f"head.{key}", settings.lang) for key in ("batch", "state", "files", "documents")]
    print_table(
        heads,
        [
            [row.name, text(f"state.{row.state}", settings.lang), str(row.files), str(row.documents)]
            for row in rows
        ],
        numbers={2, 3},
    )
    return 0


@command
def show(settings: Settings, batch: Batch, as_json: AsJson = False) -> int:
    """One batch: files, pages, papers, findings."""
    with database_of(settings) as database:
        shown = shown_batch(database, named_batch(batch), settings.lang)
    if as_json:
        print_json(shown)
    else:
        sys.stdout.write(batch_summary(settings, shown, None, every_paper=True))
    return 0


@command
def failed(
    settings: Settings,
    batch: Batch,
    csv_file: Annotated[Path | None, typer.Option("--csv", help=words("batch.failed_csv_file"))] = None,
    as_json: AsJson = False,
) -> int:
    """Files set aside or read in part, with cause and remedy."""
    with database_of(settings) as database:
        batches.batch(database, named_batch(batch))
        rows = batches.failed(database, named_batch(batch))
    lines = [
        {
            "file": row.name,
            "status": str(row.status),
            "sha256": row.sha256,
            "findings": [finding_json(finding, settings.lang) for finding in row.findings],
        }
        for row in rows
    ]
    if csv_file:
        with private_csv(csv_file) as out:
            _write_csv(out, rows, settings.lang)
    if as_json:
        print_json(lines)
    elif not csv_file:
        _write_csv(sys.stdout, rows, settings.lang)
    return 0


def _write_csv(out: TextIO, rows: list[FileRow], lang: str) -> None:
    lines = []
    keys = ("file", "status", "page", "rule", "severity", "message", "remedy", "sha256")
    for row in rows:
        weightiest = [note for note in row.findings if note.severity == "error"] or row.findings
        for finding in weightiest:
            message, remedy = render(finding, lang)
            line = (
                row.name,
                text(f"status.{row.status}", lang),
                finding.page or "",
                finding.rule,
                str(finding.severity),
                message,
                remedy or "",
                row.sha256 or "",
            )
            lines.append(line)
    write_rows(out, [text(f"head.{key}", lang) for key in keys], lines)
