"""CPU of one page's reading by stage, on 300 dpi colour A4; what is spent outside the OCR call.

    python -m benchmarks cost [--pages 20] [--wear sealed] [--write]

Stages are timed in one process by its processor clock, after a page to warm up. What `sohoa pdfa` costs beyond reading
(start-up, staging, writing PDF/A) is the difference between a file of all pages and one of a single page.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from benchmarks import corpus, tables
from benchmarks.measuring import SOHOA, NotRun, fail, machine, run

OCR = "OCR call"
STAGES = {
    "decode": ("extractors.reading", "page_pixels"),
    "ink channel": ("extractors.reading", "ink_channel"),
    "image QA": ("extractors.reading", "measure"),
    "letter sizes": ("extractors.reading", "letters_of"),
    "level, even, rules": ("extractors.looks", "prepare"),
    OCR: ("engines.ocr", "recognise"),
    "order, boxes": ("extractors.layout", "order"),
    "diacritics": ("extractors.diacritics", "choose"),
}
_GOAL = 0.12  # seconds outside the OCR call


def stages(file: Path, pages: int) -> dict[str, float]:
    """Processor seconds a page by stage, with the rest."""
    from configs.loader import load_image_rules, load_limits, load_reading_profile
    from extractors import intake, reading
    from extractors.pages import list_pages

    spent: dict[str, float] = defaultdict(float)

    def timed(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(work)
        def call(*given: Any, **named: Any) -> Any:
            began = time.process_time()
            try:
                return work(*given, **named)
            finally:
                spent[stage] += time.process_time() - began

        return call

    kept = []
    for stage, (module, name) in STAGES.items():
        place = importlib.import_module(module)
        kept.append((place, name, getattr(place, name)))
        setattr(place, name, timed(stage, getattr(place, name)))
    try:
        limits, profile, rules = load_limits(), load_reading_profile(), load_image_rules()
        kind = intake.sniff(str(file))
        listed = list_pages(str(file), kind, limits).pages[:pages]
        reading.read_page(str(file), kind, listed[0], profile, rules, limits)
        spent.clear()
        began = time.process_time()
        for source in listed:
            reading.read_page(str(file), kind, source, profile, rules, limits)
        whole = time.process_time() - began
    finally:
        for place, name, work in kept:
            setattr(place, name, work)
    found = {stage: spent[stage] / len(listed) for stage in STAGES}
    return {**found, "rest": whole / len(listed) - sum(found.values())}


def command(file: Path, pages: int, room: Path) -> tuple[float, float]:
    """Processor seconds of `sohoa pdfa` for a single page, and for each further one."""
    import pikepdf

    spent = []
    for count in (1, pages):
        place = room / f"cost-{count}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        with pikepdf.open(file) as whole, pikepdf.new() as part:
            part.pages.extend(whole.pages[:count])
            part.save(place / "in.pdf")
        spent.append(run([SOHOA, "pdfa", place / "in.pdf", place / "out.pdf"], log=place / "log").cpu)
    return spent[0], (spent[1] - spent[0]) / (pages - 1)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=18)
    parser.add_argument("--wear", default="sealed,worn")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    os.environ.update({"OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"})
    names = given.wear.split(",")
    try:
        sets = {name: corpus.sample_sets(tables.WORK, [name], given.pages)[0] for name in names}
        found = {name: stages(scans.path, given.pages) for name, scans in sets.items()}
        first, further = command(sets[names[0]].path, len(sets[names[0]].truth), tables.WORK / "run")
    except NotRun as error:
        return fail(error)
    outside = {name: sum(spent.values()) - spent[OCR] for name, spent in found.items()}
    rows = [[stage, *(f"{1000 * spent[stage]:.0f}" for spent in found.values())] for stage in found[names[0]]]
    rows.append(["**outside the OCR call**", *(f"{1000 * one:.0f}" for one in outside.values())])
    read = sum(found[names[0]].values())
    kept = "; ".join(f"{name} {one / _GOAL:.2f} of it" for name, one in outside.items())
    told = (
        f"{machine()}, load {os.getloadavg()[0]:.1f}. CPU milliseconds a page.\n\n"
        + tables.table(["stage", *found], rows)
        + f"\n\nGoal outside the OCR call: {1000 * _GOAL:.0f} ms ({kept}). `sohoa pdfa`, {names[0]}: "
        f"{first:.2f} CPU s for a file of one page, {1000 * further:.0f} ms for each further page, of which "
        f"{1000 * max(0.0, further - read):.0f} ms are not reading."
    )
    tables.put("cost", told, {"stages": found, "first": first, "further": further}, write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
