"""`make demo`: sample scans, the main job, and a summary that says where to look. Everything under `var/demo`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import samples
from cli.batch import rendered_batch
from cli.catalogue import database_of
from cli.progress import watched
from cli.quota import quota
from cli.summary import print_overview
from configs.messages import text
from configs.settings import Settings
from flows.digitizing import digitize_batch
from schemas.quotas import InventoryRow
from storage.catalogue import documents, figures

ROOT = Path(__file__).resolve().parent.parent
PAPERS = 12
SEED = 5283


def main() -> int:
    """Make the samples once, digitise every batch, print what came out."""
    started = time.monotonic()
    home = ROOT / "var" / "demo"
    os.environ["SOHOA_HOME"] = str(home)

    settings = Settings.load(home=home)
    lang = settings.lang
    folder = ROOT / "var" / "samples"
    if not (folder / "truth").is_dir():
        _say(text("demo.samples", lang, count=PAPERS))
        samples.make(folder, PAPERS, SEED)
    summaries = []
    for batch in sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "truth"):
        _say(text("demo.batch", lang, name=batch.name))
        with watched(lang) as progress:
            _, found = digitize_batch(settings, batch, progress)
        summaries.append(rendered_batch(found, lang))
    _inventory(settings)
    sys.stdout.write(f"\n{text('demo.title', lang)}\n")
    print_overview(settings, summaries)

    quota(as_of=None, reading="A", explain=home / "quota-explain.csv", home=home)
    seconds = f"{time.monotonic() - started:.0f}"
    sys.stdout.write(text("demo.explain", lang, path=home / "quota-explain.csv") + "\n")
    sys.stdout.write(text("demo.next", lang, home=home.relative_to(ROOT)) + "\n")
    sys.stdout.write(text("demo.seconds", lang, seconds=seconds) + "\n")
    return 0


def _inventory(settings: Settings) -> None:
    """Invented inventory for the invented papers, so that the quota shows a rate as well as its absence."""
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
        figures.put_inventory(database, rows)


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
