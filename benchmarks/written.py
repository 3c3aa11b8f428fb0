"""Figures that a pen wrote: how many are read right, how many may pass as sure, and how many of these are wrong.

    .venv/bin/python -m samples /tmp/papers --papers 100 --seed 77 --quiet
    .venv/bin/python -m benchmarks written /tmp/papers [--engine line_net] [--show]
    .venv/bin/python -m benchmarks written SCANS --labels LABELS.json

With samples, the number and the day of issue of every paper as understood, against the truth. With labels, the places of
each scan's first page: `{"<start of a file's name>": {"number": ["2253", true], "day": ["12", true]}}`, true for ink.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from benchmarks import tables
from configs.loader import load_rulebook
from extractors.places import Place, places_of
from extractors.split import mark_separators
from extractors.understanding import understand
from extractors.written import goes_before, is_sure, seen_at
from pipeline.known_papers import cache_of, fill_cache, kept_readings, read_scan, same, truths
from schemas.reading import PageReading
from schemas.routing import lacks
from schemas.rules import Rulebook

_HEADING = 0.4
_FIELDS = ("number", "issue_date")


class Counts:
    """Values by field and ink: all, read right, sure, and wrong though sure."""

    def __init__(self) -> None:
        self.of: Counter[tuple[str, str, str]] = Counter()
        self.wrong: list[str] = []

    def add(self, name: str, pen: bool, right: bool, sure: bool, told: str) -> None:
        """Count one value; `told` names it if it is wrong."""
        ink = "by hand" if pen else "print"
        for fate, holds in (
            ("all", True),
            ("right", right),
            ("sure", sure),
            ("sure, wrong", sure and not right),
        ):
            self.of[name, ink, fate] += holds
        if not right:
            self.wrong.append(f"{'SURE ' if sure else ''}{told}")

    def rows(self) -> list[list[str]]:
        """A row a field and ink."""
        keys = sorted({key[:2] for key in self.of})
        fates = ("all", "right", "sure", "sure, wrong")
        return [[*key, *(str(self.of[(*key, fate)]) for fate in fates)] for key in keys]


def of_samples(folder: Path, engine: str | None) -> Counts:
    """Numbers and days of issue of sample papers, as understood."""
    rules, counts = load_rulebook(), Counts()
    found = [truth for truth in truths(folder) if truth.get("documents")]
    cache = cache_of(folder, engine)
    fill_cache(found, folder, cache, 2, engine)
    for truth in found:
        papers = understand(truth["sha256"], mark_separators(kept_readings(truth, cache), rules), rules)
        by_first = {paper.pages[0]: paper for paper in papers}
        for wanted in truth["documents"]:
            paper = by_first.get(wanted["pages"][0])
            for name in _FIELDS:
                if name not in wanted["fields"]:
                    continue
                value = paper.value(name) if paper else None
                right = same(wanted["fields"][name], value)
                sure = paper is not None and value is not None and name not in lacks(paper, rules)
                told = f"{truth['file']} {name}: {wanted['fields'][name]}, read {value}"
                counts.add(name, name in wanted.get("handwritten", []), right, sure, told)
    return counts


def of_scans(folder: Path, labels: Path, engine: str | None) -> Counts:
    """Places of the first pages of labelled scans."""
    rules, counts = load_rulebook(), Counts()
    for stem, wanted in sorted(json.loads(labels.read_text(encoding="utf-8")).items()):
        (path,) = folder.glob(f"{stem}*")
        page = PageReading.model_validate(read_scan(str(path), engine)[0])
        places = [place for place in places_of(page) if place.row.top < _HEADING * page.height]
        for what, (text, pen) in wanted.items():
            found = next((place for place in places if place.what == what), None)
            value, sure = _value(found, page, rules) if found else ("", False)
            right = value == text or (what != "number" and value.isdigit() and int(value) == int(text))
            counts.add(what, bool(pen), right, sure, f"{stem} {what}: {text}, read {value or '-'}")
    return counts


def _value(place: Place, page: PageReading, rules: Rulebook) -> tuple[str, bool]:
    seen = seen_at(place, page)
    if seen is None:
        return place.read, True
    if not seen.guesses:
        return place.read, False
    value = seen.guesses[0][0] if goes_before(seen, place) else place.read
    return value, is_sure(seen, rules.thresholds)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--engine", help="reads first; default that of configs/reading.toml")
    parser.add_argument("--show", action="store_true", help="what was read wrong")
    given = parser.parse_args()
    counts = (
        of_scans(given.folder, given.labels, given.engine)
        if given.labels
        else of_samples(given.folder, given.engine)
    )
    print(tables.table(["field", "ink", "all", "right", "sure", "of these wrong"], counts.rows()))
    if given.show:
        print("\n".join(counts.wrong))
    return 0


if __name__ == "__main__":
    sys.exit(main())
