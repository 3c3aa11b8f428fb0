"""`sohoa digitize BATCH_DIR`: the main job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.batch import rendered_batch
from cli.options import EXIT_SET_ASIDE, AsJson, command, named_path
from cli.progress import watched
from cli.shapes import print_json
from cli.summary import batch_summary
from cli.wording import words
from configs.settings import Settings
from flows.digitizing import digitize_batch
from schemas.batches import BatchState
from schemas.errors import BatchStopped


@command
def digitize(
    settings: Settings,
    batch_dir: Annotated[
        Path, typer.Argument(parser=named_path, metavar="BATCH_DIR", help=words("command.digitize_batch_dir"))
    ],
    plain: Annotated[bool, typer.Option("--plain", help=words("command.digitize_plain"))] = False,
    as_json: AsJson = False,
) -> int:
    """Digitise a batch: read, classify, issue codes, store PDF/A, write the report."""
    if plain:
        settings = settings.model_copy(update={"orchestrator": "plain"})
    return digitize_folder(settings, batch_dir, as_json)


def digitize_folder(settings: Settings, folder: Path, as_json: bool) -> int:
    """Digitise a batch folder and print the batch. Returns the exit code.

    Raises:
        BatchStopped: most of its files were set aside.
    """
    with watched(settings.lang) as progress:
        outcome, found = digitize_batch(settings, folder, progress)
    shown = rendered_batch(found, settings.lang)
    if as_json:
        print_json(shown)
    else:
        sys.stdout.write(batch_summary(settings, shown, outcome))
    if shown["state"] == BatchState.STOPPED:
        raise BatchStopped(f"batch {shown['batch']} stopped itself", batch=shown["batch"])
    files = shown["files"]
    partial = any(paper["route"] == "partial" for paper in shown["documents"])
    return EXIT_SET_ASIDE if files["set_aside"] or partial else 0
