"""`sohoa pages split|join|turn|replace`: what a person does to the pages of stored documents."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.options import AsJson, command, named_path
from cli.shapes import print_json, shown
from cli.wording import words
from configs.settings import Settings
from review import page_edits
from schemas.clock import today
from schemas.errors import UsageError
from schemas.masking import mask_code
from schemas.wording import text
from storage.catalogue import documents
from storage.catalogue.documents import Committed, DocumentRow
from workspace.closing import update_board_and_alerts
from workspace.opening import Workspace, open_workspace

Paper = Annotated[str, typer.Argument(metavar="ID", help=words("pages.paper"))]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help=words("pages.reason"))]
Page = Annotated[int, typer.Option("--page", metavar="N", help=words("pages.page"))]


@command
def split(
    settings: Settings,
    paper: Paper,
    at: Annotated[str, typer.Option("--at", metavar="N[,M...]", help=words("pages.split_at"))],
    reason: Reason,
    code_to: Annotated[
        int | None, typer.Option("--code-to", metavar="K", help=words("pages.split_code_to"))
    ] = None,
    void: Annotated[bool, typer.Option("--void-code", help=words("pages.split_void"))] = False,
    second_operator: Annotated[
        str | None, typer.Option("--second-operator", metavar="NAME", help=words("code.void_second_operator"))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Split a document: each page of --at begins a new one."""
    pages = [int(part) for part in at.split(",") if part.strip().isdecimal()]
    if len(pages) != len(at.split(",")):
        raise UsageError(f"not pages: {at}", remedy="pages_split_at", page=at, pages="–")
    with open_workspace(settings) as workspace:
        row = _row(workspace, paper)
        done = page_edits.split(
            workspace,
            row,
            pages,
            heir=None if code_to is None else code_to - 1,
            reason=reason,
            as_of=today(),
            void=void,
            second_operator=second_operator,
        )
        update_board_and_alerts(workspace)
    return _print_outcome("split", [row], done, settings.lang, as_json)


@command
def join(
    settings: Settings,
    papers: Annotated[list[str], typer.Argument(metavar="ID ID...", help=words("pages.join_papers"))],
    reason: Reason,
    as_json: AsJson = False,
) -> int:
    """Join documents of one file that follow each other into one."""
    with open_workspace(settings) as workspace:
        rows = [_row(workspace, paper) for paper in papers]
        done = page_edits.join(workspace, rows, reason=reason, as_of=today())
        update_board_and_alerts(workspace)
    return _print_outcome("joined", rows, done, settings.lang, as_json)


@command
def turn(
    settings: Settings,
    paper: Paper,
    page: Page,
    by: Annotated[Literal["90", "180", "270"], typer.Option("--by", help=words("pages.turn_by"))],
    reason: Reason,
    as_json: AsJson = False,
) -> int:
    """Turn a page clockwise, in the PDF/A and for reading; the original stays as it came."""
    with open_workspace(settings) as workspace:
        row = _row(workspace, paper)
        degrees = {"90": 90, "180": 180, "270": 270}[by]
        done = page_edits.turn(workspace, row, page, degrees, reason=reason, as_of=today())  # type: ignore[arg-type]
        update_board_and_alerts(workspace)
    return _print_outcome("turned", [row], done, settings.lang, as_json)


@command
def replace(
    settings: Settings,
    paper: Paper,
    page: Page,
    file: Annotated[
        Path, typer.Argument(parser=named_path, metavar="FILE", help=words("pages.replace_file"))
    ],
    reason: Reason,
    as_json: AsJson = False,
) -> int:
    """Let a new image stand for a page; document id and code stay, both originals are kept."""
    with open_workspace(settings) as workspace:
        row = _row(workspace, paper)
        done = page_edits.replace_page(workspace, row, page, file, reason=reason, as_of=today())
        update_board_and_alerts(workspace)
    return _print_outcome("replaced", [row], done, settings.lang, as_json)


def _row(workspace: Workspace, paper: str) -> DocumentRow:
    return documents.find_one(workspace.database, paper.strip())


def _print_outcome(
    action: str, before: list[DocumentRow], done: list[Committed], lang: str, as_json: bool
) -> int:
    if as_json:
        made = [
            {
                "id": part.document.id,
                "pages": list(part.document.pages),
                "kind": part.document.kind,
                "code": part.code,
                "new_code": part.new_code,
                "route": str(part.document.route),
            }
            for part in done
        ]
        print_json({"action": action, "before": [row.document.id for row in before], "documents": made})
        return 0
    names = ", ".join(row.document.id for row in before)
    sys.stdout.write(text(f"page_work.{action}", lang, before=names, file=shown(before[0].file)) + "\n")
    for part in done:
        line = text(
            "page_work.document",
            lang,
            id=part.document.id,
            pages=", ".join(map(str, part.document.pages)),
            route=text(f"route.{part.document.route}", lang),
            code=mask_code(part.code) if part.code else "–",
        )
        sys.stdout.write(line + "\n")
    return 0
