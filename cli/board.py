"""`sohoa board`: rewrite the IT department's board."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.catalogue import database_of
from cli.days import day_of
from cli.options import AsJson, command
from cli.shapes import print_json
from cli.wording import words
from configs.settings import Settings
from quality.quota_notes import shape
from schemas.clock import today
from schemas.wording import text
from workspace.board import write_board


@command
def board(
    settings: Settings,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help=words("command.board_as_of"))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """The IT department's board: one page that opens without a network."""
    with database_of(settings) as database:
        shown, path = write_board(database, settings, day_of(as_of), today())
    if as_json:
        quota = shape(shown.quota, settings.lang)
        print_json(shown.model_dump(mode="json", exclude={"quota"}) | {"quota": quota})
    else:
        sys.stdout.write(text("board.done", settings.lang, path=path) + "\n")
    return 0
