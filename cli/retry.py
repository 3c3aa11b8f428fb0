"""`sohoa batch retry`: files that were set aside or read in part, again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.catalogue import database_of
from cli.digitize import digitize
from cli.options import AsJson, Batch, Home, Lang, Operator, named_batch, settings_of
from cli.wording import words
from schemas.wording import text
from storage.catalogue import batches


def retry(
    batch: Batch,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE...]", help=words("batch.retry_files"))
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Try files that were set aside or read in part again, now."""
    settings = settings_of(home, lang, operator)

    with database_of(settings) as database:
        row = batches.batch(database, named_batch(batch))
        chosen = batches.requeue(database, row.name, files)
    if not as_json:
        sys.stdout.write(text("retry.chosen", settings.lang, count=len(chosen)) + "\n")
    if not chosen:
        return 0

    return digitize(Path(row.path), as_json=as_json, home=home, lang=lang, operator=operator)
