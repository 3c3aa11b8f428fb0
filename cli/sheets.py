"""`sohoa sheets print`: separator sheets to lay between papers before they are scanned."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.app import AsJson, Home, Lang, Operator, app, settings_of
from cli.shapes import print_json
from configs.messages import text

sheets_app = typer.Typer(help="Trang phân cách đặt giữa các giấy tờ trước khi quét.", no_args_is_help=True)
app.add_typer(sheets_app, name="sheets")


@sheets_app.callback()
def _group() -> None:
    """Trang phân cách đặt giữa các giấy tờ trước khi quét."""


@sheets_app.command("print")
def print_(
    out: Annotated[Path, typer.Argument(metavar="OUT.pdf", help="Tệp PDF để in.")],
    box: Annotated[str, typer.Option("--box", help="Hộp số.")] = "",
    file: Annotated[str, typer.Option("--file", help="Hồ sơ số.")] = "",
    count: Annotated[int, typer.Option("--count", min=1, max=1000, help="Bao nhiêu tờ.")] = 20,
    first: Annotated[int, typer.Option("--from", min=1, max=100000, help="Số thứ tự của tờ đầu.")] = 1,
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """In trang phân cách: mã QR cho máy, chữ cho người."""
    settings = settings_of(home, lang, operator)
    from extractors.sheets import SheetMark  # noqa: PLC0415
    from schemas.text import nfc  # noqa: PLC0415
    from workspace.separator_sheets import print_sheets  # noqa: PLC0415

    marks = [SheetMark(nfc(box.strip()), nfc(file.strip()), first + at) for at in range(count)]
    print_sheets(marks, out)
    if as_json:
        print_json({"path": str(out), "sheets": count})
    else:
        sys.stdout.write(text("sheets.printed", settings.lang, path=out, count=count) + "\n")
    return 0
