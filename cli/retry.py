"""`sohoa batch retry`: files that were set aside or read in part, again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.batch import shown_batch
from cli.catalogue import database_of
from cli.digitize import digitize_folder
from cli.options import AsJson, Batch, command, named_batch
from cli.shapes import print_json
from cli.wording import words
from configs.settings import Settings
from schemas.wording import text
from storage.catalogue import batches


@command
def retry(
    settings: Settings,
    batch: Batch,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE...]", help=words("batch.retry_files"))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Try files that were set aside or read in part again, now."""
    with database_of(settings) as database:
        row = batches.batch(database, named_batch(batch))
        chosen = batches.requeue(database, row.name, files)
        found = None if chosen else shown_batch(database, row.name, settings.lang)
    if not as_json:
        sys.stdout.write(text("retry.chosen", settings.lang, count=len(chosen)) + "\n")
    if found is not None:
        if as_json:
            print_json(found)
        return 0

    return digitize_folder(settings, Path(row.path), as_json)
