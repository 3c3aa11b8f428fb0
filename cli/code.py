"""`sohoa code show|void`: a code as it stands, and taking a wrongly issued one back for ever."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from cli.app import AsJson, Home, Lang, Operator, app, settings_of
from cli.batch import database_of
from cli.shapes import print_json
from configs.messages import text
from schemas.errors import UsageError

code_app = typer.Typer(help="Mã kết quả số hóa: xem, hủy mã cấp sai.", no_args_is_help=True)
app.add_typer(code_app, name="code")

Code = Annotated[str, typer.Argument(metavar="CODE", help="Mã kết quả số hóa, như in trên danh sách.")]


@code_app.command("show")
def show(
    code: Code, as_json: AsJson = False, home: Home = None, lang: Lang = None, operator: Operator = None
) -> int:
    """Một mã: của giấy tờ nào, cấp lúc nào, còn dùng hay đã hủy và vì sao."""
    settings = settings_of(home, lang, operator)
    from storage.catalogue import voiding  # noqa: PLC0415

    with database_of(settings) as database:
        row = voiding.code_row(database, code.strip())
        if row is None or not voiding.is_stored(database, row.printed):
            raise UsageError(f"no code {code}", remedy="code_absent", value=code)
        papers = voiding.affected(database, row.document_id)
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
        "duplicates": [each.document.id for each in papers[1:]],
    }
    if as_json:
        print_json(shape)
        return 0
    for key, value in shape.items():
        if value not in (None, []):
            said = text(f"code.state_{value}", settings.lang) if key == "state" else value
            said = ", ".join(said) if isinstance(said, list) else said
            sys.stdout.write(f"{text(f'code.{key}', settings.lang)}: {said}\n")
    return 0


@code_app.command("void")
def void(
    code: Code,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Vì sao hủy.")],
    successor: Annotated[
        str | None, typer.Option("--successor", metavar="CODE", help="Mã thay thế, đã cấp.")
    ] = None,
    second_operator: Annotated[
        str | None, typer.Option("--second-operator", metavar="NAME", help="Người thứ hai đồng ý hủy.")
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Hủy một mã cấp sai: số của nó không bao giờ dùng lại, giấy tờ không còn được tính."""
    settings = settings_of(home, lang, operator)
    from review.voiding import void_code  # noqa: PLC0415
    from workspace.closing import tell_department  # noqa: PLC0415
    from workspace.opening import open_workspace  # noqa: PLC0415

    with open_workspace(settings) as workspace:
        done = void_code(
            workspace, code.strip(), reason=reason, successor=successor, second_operator=second_operator
        )
        tell_department(workspace)
    if as_json:
        print_json(
            {"code": done.code, "document": done.document_id, "review": [*done.again], "left": [*done.left]}
        )
        return 0
    sys.stdout.write(text("code.voided", settings.lang, code=done.code, document=done.document_id) + "\n")
    for each in done.again:
        sys.stdout.write(text("code.again", settings.lang, document=each) + "\n")
    for each in done.left:
        sys.stdout.write(text("code.left", settings.lang, document=each) + "\n")
    return 0
