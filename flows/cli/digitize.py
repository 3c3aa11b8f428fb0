"""`sohoa digitize BATCH_DIR`: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from configs.messages import text
from flows.cli.app import EXIT_SET_ASIDE, AsJson, Home, Lang, Operator, app, settings_of
from flows.cli.shapes import print_json
from flows.clock import today
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
    outcome, shown = digitize_batch(settings, batch_dir)
    if as_json:
        print_json(shown)
    else:
        from flows.cli.summary import batch_summary  # noqa: PLC0415

        sys.stdout.write(batch_summary(settings, shown, outcome))
    if shown["state"] == BatchState.STOPPED:
        raise BatchStopped(f"batch {shown['batch']} stopped itself", batch=shown["batch"])
    files = shown["files"]
    partial = any(paper["route"] == "partial" for paper in shown["documents"])
    return EXIT_SET_ASIDE if files["set_aside"] or partial else 0


def digitize_batch(
    settings: Any, batch_dir: Path, halt: Callable[[], BatchState | None] = lambda: None
) -> tuple[Any, dict[str, Any]]:
    """Plan, run and close one batch; `halt` may end it between two files.

    Returns the run's outcome (None where nothing was left to do) and the batch shown.
    """
    from flows.cli.batch import shown_batch  # noqa: PLC0415
    from flows.cli.progress import watched  # noqa: PLC0415
    from flows.house import open_house  # noqa: PLC0415
    from flows.inbox import open_inbox  # noqa: PLC0415
    from flows.locks import hold_batch  # noqa: PLC0415
    from flows.plan import make_plan  # noqa: PLC0415

    name = open_inbox(batch_dir).name
    with open_house(settings) as house, hold_batch(settings.home, name, house.operator):
        plan = make_plan(house, batch_dir)
        outcome = None
        if plan.todo or _unfinished(house, name):
            with watched(settings.lang) as progress:
                outcome = _run(house, plan, progress, halt)
        return outcome, shown_batch(house.database, name, settings.lang)


def _unfinished(house: Any, name: str) -> bool:
    """Whether a run was killed after its last file and before the batch was closed."""
    from storage.catalogue import batches  # noqa: PLC0415

    return batches.batch(house.database, name).state not in {BatchState.FINISHED, BatchState.STOPPED}


def _run(house: Any, plan: Any, progress: Any, halt: Callable[[], BatchState | None]) -> Any:
    from flows.batch import by_threads, run_batch  # noqa: PLC0415

    def work(dispatch: Callable[..., None]) -> Any:
        return run_batch(house, plan, dispatch=dispatch, progress=progress, as_of=today(), halt=halt)

    if house.settings.orchestrator == "plain":
        return work(by_threads(house))
    if "PREFECT_API_URL" not in os.environ:
        sys.stderr.write(text("progress.starting", house.settings.lang) + "\n")
    from flows.orchestra import run_as_flow  # noqa: PLC0415

    return run_as_flow(house, plan.name, work)
