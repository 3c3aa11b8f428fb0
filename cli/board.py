"""`sohoa board`: the IT department's board, written anew."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.app import AsJson, Home, Lang, Operator, app, settings_of
from cli.batch import database_of
from cli.figures import _day
from cli.shapes import print_json
from configs.messages import text
from schemas.clock import today


@app.command("board")
def board(
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Ngày chốt (2026-11-30 hoặc 30/11/2026).")
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Bảng theo dõi cho phòng công nghệ thông tin: một trang, mở được khi không có mạng."""
    settings = settings_of(home, lang, operator)
    from workspace.board import write_board  # noqa: PLC0415

    with database_of(settings) as database:
        shown, path = write_board(database, settings, _day(as_of), today())
    if as_json:
        print_json(shown.model_dump(mode="json"))
    else:
        sys.stdout.write(text("board.done", settings.lang, path=path) + "\n")
    return 0
