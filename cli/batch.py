"""`sohoa batch list|show|failed|retry`."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.app import AsJson, Home, Lang, Operator, batch_app, settings_of
from cli.shapes import finding_json, print_json
from configs.messages import render, text

Batch = Annotated[str, typer.Argument(metavar="BATCH", help="Tên lô.")]


@contextmanager
def database_of(settings: Any) -> Iterator[Any]:
    """The catalogue of a home, opened for one command."""
    from storage.catalogue.database import Database  # noqa: PLC0415

    database = Database(settings.catalogue_url)
    try:
        yield database
    finally:
        database.close()


def shown_batch(database: Any, name: str, lang: str) -> dict[str, Any]:
    """A batch in the shape of the contract."""
    from storage.catalogue import views  # noqa: PLC0415

    return rendered_batch(views.show(database, name), lang)


def rendered_batch(found: dict[str, Any], lang: str) -> dict[str, Any]:
    """A batch as `views.show` gives it, its findings with their sentences."""
    return {**found, "findings": [finding_json(each, lang, with_file=True) for each in found["findings"]]}


@batch_app.command("list")
def list_batches(
    as_json: AsJson = False, home: Home = None, lang: Lang = None, operator: Operator = None
) -> int:
    """Các lô đã biết."""
    settings = settings_of(home, lang, operator)
    from storage.catalogue import batches  # noqa: PLC0415

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
    from cli.tables import print_table  # noqa: PLC0415

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


@batch_app.command("show")
def show(
    batch: Batch, as_json: AsJson = False, home: Home = None, lang: Lang = None, operator: Operator = None
) -> int:
    """Một lô: tệp, trang, giấy tờ, phát hiện."""
    settings = settings_of(home, lang, operator)
    with database_of(settings) as database:
        shown = shown_batch(database, named_batch(batch), settings.lang)
    if as_json:
        print_json(shown)
    else:
        from cli.summary import batch_summary  # noqa: PLC0415

        sys.stdout.write(batch_summary(settings, shown, None, every_paper=True))
    return 0


@batch_app.command("failed")
def failed(
    batch: Batch,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Ghi danh sách ra tệp CSV.")] = None,
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Tệp bị để riêng hoặc đọc không trọn, kèm lý do và cách xử lý."""
    settings = settings_of(home, lang, operator)
    from storage.catalogue import batches  # noqa: PLC0415

    with database_of(settings) as database:
        batches.batch(database, named_batch(batch))
        rows = batches.failed(database, named_batch(batch))
    lines = [
        {
            "file": row.name,
            "status": str(row.status),
            "sha256": row.sha256,
            "findings": [finding_json(each, settings.lang) for each in row.findings],
        }
        for row in rows
    ]
    if csv_file:
        with open(csv_file, "w", encoding="utf-8-sig", newline="", opener=_private) as out:
            _write_csv(out, rows, settings.lang)
    if as_json:
        print_json(lines)
    elif not csv_file:
        _write_csv(sys.stdout, rows, settings.lang)
    return 0


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write_csv(out: Any, rows: list[Any], lang: str) -> None:
    writer = csv.writer(out)
    keys = ("file", "status", "page", "rule", "severity", "message", "remedy", "sha256")
    writer.writerow([text(f"head.{key}", lang) for key in keys])
    for row in rows:
        told = [each for each in row.findings if each.severity == "error"] or row.findings
        for finding in told:
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
            writer.writerow([_harmless(str(cell)) for cell in line])


def _harmless(cell: str) -> str:
    """A file may be named like a formula; a spreadsheet must not run it."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


@batch_app.command("retry")
def retry(
    batch: Batch,
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE...]", help="Chỉ những tệp này.")] = None,
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Đưa tệp bị để riêng hoặc đọc không trọn vào chạy lại ngay."""
    settings = settings_of(home, lang, operator)
    from storage.catalogue import batches  # noqa: PLC0415

    with database_of(settings) as database:
        row = batches.batch(database, named_batch(batch))
        chosen = batches.requeue(database, row.name, files)
    if not as_json:
        sys.stdout.write(text("retry.chosen", settings.lang, count=len(chosen)) + "\n")
    if not chosen:
        return 0
    from cli.digitize import digitize  # noqa: PLC0415

    return digitize(Path(row.path), as_json=as_json, home=home, lang=lang, operator=operator)


def named_batch(batch: str) -> str:
    """A batch by its name, or by its folder."""
    import unicodedata  # noqa: PLC0415

    return unicodedata.normalize("NFC", batch.rstrip("/").rpartition("/")[2])
