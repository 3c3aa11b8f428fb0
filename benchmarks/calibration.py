"""The shipped calibration: the machine's confidence against truth on generated papers, and the thresholds from it.

    .venv/bin/python -m samples /tmp/papers --papers 600 --seed 4711 --quiet
    .venv/bin/python -m benchmarks calibration /tmp/papers --engine line_net --seed 4711 --write

Without `--write` it prints the table. With it, the engine's rows of `configs/calibration.csv`, its table in
`configs/thresholds.toml` and `docs/images/calibration.svg` are written; thresholds that no checked value decides, and
those of other engines, stay as they are. The picture is of the engine that was written last.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tables import table
from configs.loader import ROOT, load_calibration, load_image_rules, load_rulebook
from engines.ocr import ENGINES
from pipeline.checked_samples import checked_samples
from quality.calibration import calibrate
from quality.reliability import field_word, row_words, write_curve
from quality.threshold_file import threshold_lines, with_lines
from schemas.calibration import CalibrationRow
from schemas.clock import today
from schemas.wording import say

PICTURE = ROOT.parent / "docs" / "images" / "calibration.svg"
HEADS = ("n", "right", "ece", "auroc", "threshold", "accepted", "wrong", "bound")


def write_rows(rows: Sequence[CalibrationRow], path: Path) -> None:
    """The table of a calibration; absent figures are empty cells."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, CalibrationRow.model_fields, lineterminator="\n")
        out.writeheader()
        out.writerows(row.model_dump(mode="json") for row in rows)


def _doors(engine: str) -> list[str]:
    """Engines behind which the same recogniser reads; they have one table of thresholds."""
    same = ENGINES[engine].recogniser
    return [name for name, entry in ENGINES.items() if entry.recogniser == same]


def main() -> int:
    """Derive, print, and write where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--engine", help="reads first; default that of configs/reading.toml")
    parser.add_argument("--seed", type=int, help="of the samples, for the table")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    found = checked_samples(
        given.folder,
        load_rulebook(),
        load_image_rules(),
        engine=given.engine,
        workers=given.workers,
        as_of=today(),
    )
    rows = calibrate(found.values, engine=found.engine, papers=found.papers, seed=given.seed)
    figures = [(row, row_words(row, "en")) for row in rows]
    print(f"{found.papers} papers, engine {found.engine}")
    print(
        table(
            ["field", "picture", *HEADS],
            [
                [field_word(row.field, "en"), row.grade, *(told[head] for head in HEADS)]
                for row, told in figures
            ],
        )
    )
    if given.write:
        others = [row for row in load_calibration() if row.engine != found.engine]
        write_rows([*others, *rows], ROOT / "calibration.csv")
        thresholds = ROOT / "thresholds.toml"
        for door in _doors(found.engine):
            text = with_lines(thresholds.read_text(encoding="utf-8"), threshold_lines(rows), door)
            thresholds.write_text(text, encoding="utf-8")
        title = say("calibration", "curve_samples", "vi", engine=found.engine)
        write_curve(found.values, PICTURE, "vi", title)
        PICTURE.chmod(0o644)
    return 0


if __name__ == "__main__":
    sys.exit(main())
