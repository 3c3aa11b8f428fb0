"""`make demo`: sample scans, the main job, and one page that links all it made. Everything under `var/demo`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import samples
from cli.batch import rendered_batch
from cli.catalogue import database_of
from cli.demo_page import Made, write_demo_page
from cli.progress import watched
from cli.quota import quota
from cli.summary import print_overview
from configs.settings import Settings
from engines import sweep
from flows.digitizing import digitize_batch
from flows.orchestra import one_server
from schemas.clock import today
from schemas.quotas import InventoryRow
from schemas.wording import text
from storage import outbox
from storage.catalogue import documents, figures
from storage.objects import open_store
from workspace import log_lines
from workspace.board import write_board
from workspace.opening import open_workspace
from workspace.tracing import trace_of, write_page

ROOT = Path(__file__).resolve().parent.parent
PAPERS = 40
SEED = 5283


def main(root: Path = ROOT, papers: int = PAPERS) -> int:
    """Make the samples once, digitise every batch, print what came out and where to look. All lies in `root/var`."""
    started = time.monotonic()
    home = root / "var" / "demo"
    os.environ["SOHOA_HOME"] = str(home)
    settings = Settings.load(home=home)
    lang = settings.lang
    log_lines.configure(settings.log_level, settings.log_format)
    folder = root / "var" / "samples"
    if not (folder / "truth").is_dir():
        _say(text("demo.samples", lang, count=papers))
        samples.make(folder, papers, SEED)
    summaries = []
    with _server(settings):
        for batch in sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "truth"):
            _say(text("demo.batch", lang, name=batch.name))
            with watched(lang) as progress:
                _, found = digitize_batch(settings, batch, progress)
            summaries.append(rendered_batch(found, lang))
    _inventory(settings)
    sys.stdout.write(f"\n{text('demo.title', lang)}\n")
    print_overview(settings, summaries)
    explanation = home / "quota-explain.csv"
    quota(as_of=None, reading="A", explain=explanation, home=home)
    page = home / "index.html"
    board, trace, pdfa = _made(settings, summaries)
    write_demo_page(settings, summaries, Made(board, trace, pdfa, explanation), page)
    sys.stdout.write(text("demo.page", lang, path=page) + "\n")
    sys.stdout.write(text("demo.next", lang, home=home.relative_to(root)) + "\n")
    seconds = f"{time.monotonic() - started:.0f}"
    sys.stdout.write(text("demo.seconds", lang, seconds=seconds) + "\n")
    return 0


@contextmanager
def _server(settings: Settings) -> Iterator[None]:
    """One Prefect server for every batch, unless they are run without."""
    if settings.orchestrator == "plain":
        yield
        return
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    run = sweep.open_run(settings.run_root, sweep.tmp_root())
    try:
        _say(text("progress.starting", settings.lang))
        with one_server(settings.home, run.id):
            yield
    finally:
        run.close()


def _made(settings: Settings, batches: Sequence[dict[str, Any]]) -> tuple[Path, Path | None, Path | None]:
    """The board as it stands now, the trace of one coded paper, and that paper's PDF/A beside it."""
    with database_of(settings) as database:
        _, board = write_board(database, settings, today(), today())
    papers = [paper for shown in batches for paper in shown["documents"]]
    chosen = next((paper for paper in papers if paper["code"]), papers[0] if papers else None)
    if chosen is None or chosen["pdfa"] is None:
        return board, None, None
    trace, pdfa = settings.home / "truy-vet.html", settings.home / "vi-du.pdf"
    with open_workspace(settings) as workspace:
        found, history = trace_of(workspace, chosen["id"], as_of=today(), clear=False)
        write_page(workspace, found, history, trace)
        workspace.store.get(chosen["pdfa"], pdfa)
    return board, trace, pdfa


def _inventory(settings: Settings) -> None:
    """Write a sample inventory for the sample papers, so that the quota shows rates for some units."""
    store = open_store(settings.store, settings.home)
    with database_of(settings) as database:
        units = sorted(
            {(paper.level, paper.unit) for paper in documents.papers(database) if paper.level and paper.unit}
        )
        rows = [
            InventoryRow(
                level=level, unit=unit, kind="*", year=2025, count=20, basis="estimated", source="demo"
            )
            for level, unit in units[:-1]
            if level and unit
        ]
        if rows != figures.inventory(database):
            figures.put_inventory(database, rows)
            outbox.send_all(database, store)


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
