"""`sohoa sheets print`: separator sheets to lay between papers before they are scanned."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.options import AsJson, command, named_path
from cli.shapes import print_json
from cli.wording import words
from configs.settings import Settings
from extractors.sheets import SheetMark
from schemas.errors import UsageError
from schemas.text import nfc
from schemas.wording import text
from workspace.separator_sheets import print_sheets

_MOST_LETTERS: Final = 200  # of box and file: what a code takes that is still read when stained


@command
def print_(
    settings: Settings,
    out: Annotated[
        Path, typer.Argument(parser=named_path, metavar="OUT.pdf", help=words("sheets.print_out"))
    ],
    box: Annotated[str, typer.Option("--box", help=words("sheets.print_box"))] = "",
    file: Annotated[str, typer.Option("--file", help=words("sheets.print_file"))] = "",
    count: Annotated[int, typer.Option("--count", min=1, max=1000, help=words("sheets.print_count"))] = 20,
    first: Annotated[int, typer.Option("--from", min=1, max=100000, help=words("sheets.print_first"))] = 1,
    as_json: AsJson = False,
) -> int:
    """Print separator sheets: a QR code for the machine, words for people."""
    if len(nfc(box.strip())) + len(nfc(file.strip())) > _MOST_LETTERS:
        raise UsageError("too long for a sheet", remedy="sheet_too_long", most=_MOST_LETTERS)
    marks = [SheetMark(nfc(box.strip()), nfc(file.strip()), first + at) for at in range(count)]
    print_sheets(marks, out, settings.lang)
    if as_json:
        print_json({"path": str(out), "sheets": count})
    else:
        sys.stdout.write(text("sheets.printed", settings.lang, path=out, count=count) + "\n")
    return 0
