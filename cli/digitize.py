"""`sohoa digitize BATCH_DIR`: the main job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.app import EXIT_SET_ASIDE, AsJson, Home, Lang, Operator, app, settings_of
from cli.shapes import print_json
from schemas.batches import BatchState
from schemas.errors import BatchStopped


@app.command("digitize")
def digitize(
    batch_dir: Annotated[Path, typer.Argument(metavar="BATCH_DIR", help="Thư mục lô quét.")],
    plain: Annotated[bool, typer.Option("--plain", help="Chạy thẳng, không qua máy chủ Prefect.")] = False,
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Số hóa một lô: đọc, phân loại, cấp mã, lưu PDF/A, lập báo cáo."""
    given = {"orchestrator": "plain"} if plain else {}
    settings = settings_of(home, lang, operator, **given)
    from cli.batch import rendered_batch  # noqa: PLC0415
    from cli.progress import watched  # noqa: PLC0415
    from flows.digitizing import digitize_batch  # noqa: PLC0415

    with watched(settings.lang) as progress:
        outcome, found = digitize_batch(settings, batch_dir, progress)
    shown = rendered_batch(found, settings.lang)
    if as_json:
        print_json(shown)
    else:
        from cli.summary import batch_summary  # noqa: PLC0415

        sys.stdout.write(batch_summary(settings, shown, outcome))
    if shown["state"] == BatchState.STOPPED:
        raise BatchStopped(f"batch {shown['batch']} stopped itself", batch=shown["batch"])
    files = shown["files"]
    partial = any(paper["route"] == "partial" for paper in shown["documents"])
    return EXIT_SET_ASIDE if files["set_aside"] or partial else 0
