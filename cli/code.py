"""`sohoa code show|void`: show a code, or permanently void a wrongly issued one."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.catalogue import database_of
from cli.options import AsJson, command
from cli.shapes import print_json, shown
from cli.wording import words
from configs.loader import load_code_forms
from configs.settings import Settings
from review.voiding import void_code
from schemas.clock import VIETNAM
from schemas.errors import UsageError
from schemas.wording import text
from storage.catalogue import voiding
from workspace.closing import update_board_and_alerts
from workspace.opening import open_workspace

Code = Annotated[str, typer.Argument(metavar="CODE", help=words("code.code"))]


@command
def show(settings: Settings, code: Code, as_json: AsJson = False) -> int:
    """One code: whose it is, when it was issued, whether it is in force or why it was voided."""
    with database_of(settings) as database:
        row = voiding.code_row(database, code.strip())
        if row is None or not voiding.is_stored(database, row.printed):
            raise UsageError(f"no code {code}", remedy="code_absent", value=code)
        papers = voiding.affected(database, row.document_id)
    form = load_code_forms().on(datetime.fromisoformat(row.issued_at).astimezone(VIETNAM).date())
    shape: dict[str, Any] = {
        "code": row.printed,
        "state": row.state,
        "document": row.document_id,
        "batch": papers[0].batch,
        "file": papers[0].file,
        "issued_at": row.issued_at,
        "issued_by": row.issued_by,
        "voided_at": row.voided_at,
        "voided_by": row.voided_by,
        "reason": row.void_reason,
        "successor": row.successor,
        "duplicates": [paper.document.id for paper in papers[1:]],
        "provisional": form.provisional,
        "form": form.source,
    }
    if as_json:
        print_json(shape)
        return 0
    for key, value in shape.items():
        if value not in (None, [], False):
            wording = text(f"code.state_{value}", settings.lang) if key == "state" else value
            wording = text("code.is_provisional", settings.lang) if key == "provisional" else wording
            wording = ", ".join(wording) if isinstance(wording, list) else wording
            wording = shown(wording) if key == "file" else wording
            sys.stdout.write(f"{text(f'code.{key}', settings.lang)}: {wording}\n")
    return 0


@command
def void(
    settings: Settings,
    code: Code,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help=words("code.void_reason"))],
    successor: Annotated[
        str | None, typer.Option("--successor", metavar="CODE", help=words("code.void_successor"))
    ] = None,
    second_operator: Annotated[
        str | None, typer.Option("--second-operator", metavar="NAME", help=words("code.void_second_operator"))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Void a wrongly issued code: its number is never used again, the paper is no longer counted."""
    with open_workspace(settings) as workspace:
        done = void_code(
            workspace, code.strip(), reason=reason, successor=successor, second_operator=second_operator
        )
        update_board_and_alerts(workspace)
    if as_json:
        print_json(
            {"code": done.code, "document": done.document_id, "review": [*done.again], "left": [*done.left]}
        )
        return 0
    sys.stdout.write(text("code.voided", settings.lang, code=done.code, document=done.document_id) + "\n")
    for document in done.again:
        sys.stdout.write(text("code.again", settings.lang, document=document) + "\n")
    for document in done.left:
        sys.stdout.write(text("code.left", settings.lang, document=document) + "\n")
    return 0
