"""`sohoa review box`: where the papers of a batch lie, said once for all of them."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import AsJson, Batch, command, named_batch
from cli.review import Note, print_outcome
from cli.wording import words
from configs.settings import Settings
from review.boxes import set_places
from schemas.clock import today
from schemas.review import BOX, FONDS
from schemas.wording import text
from workspace.opening import open_workspace


@command
def box(
    settings: Settings,
    batch: Batch,
    name: Annotated[str, typer.Argument(metavar="BOX", help=words("review.box_name"))],
    fonds: Annotated[str | None, typer.Option("--fonds", help=words("review.box_fonds"))] = None,
    note: Note = "",
    as_json: AsJson = False,
) -> int:
    """Write the box, and the fonds, once for the papers of a batch."""
    said = {BOX: name, **({FONDS: fonds} if fonds else {})}
    with open_workspace(settings) as workspace:
        done = set_places(workspace, named_batch(batch), said, as_of=today(), note=note)
    line = text("review.box_set", settings.lang, box=name, papers=len(done), batch=named_batch(batch))
    return print_outcome(done, settings.lang, as_json, line)
