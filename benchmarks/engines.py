"""Engines side by side: words missed and added, and processor time of a page's whole reading, on the same scans.

    python -m benchmarks engines [--pages 24] [--wear sealed,worn] [--real FOLDER] [--each 3] [--engines tesserocr,line_net]

Every page goes through `read_page` in this process, one engine after the other, after a page to warm up. Words are compared
with the truth as in `versus`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import corpus, tables
from benchmarks.corpus import Scans
from benchmarks.measuring import NotRun, fail, machine
from benchmarks.words import missed, words


class Total(NamedTuple):
    """Sums over the pages of a set."""

    pages: int
    printed: int
    missed: int
    added: int
    seconds: float


def read_set(scans: Scans, engine: str) -> Total:
    """Read every page of a set with one engine first."""
    from configs.loader import load_image_rules, load_limits, load_reading_profile
    from engines import ocr
    from extractors import intake, reading
    from extractors.pages import list_pages

    if ocr.loaded(engine)[0] != engine:
        raise NotRun(f"engine {engine} is not on this machine")
    limits, rules, profile = load_limits(), load_image_rules(), load_reading_profile(engine=engine)
    kind = intake.sniff(str(scans.path))
    listed = list_pages(str(scans.path), kind, limits).pages
    reading.read_page(str(scans.path), kind, listed[0], profile, rules, limits)
    printed = lost = more = 0
    began = time.process_time()
    for source, truth in zip(listed, scans.truth, strict=True):
        page = reading.read_page(str(scans.path), kind, source, profile, rules, limits)
        true, got = words(truth), words(" ".join(word.text for word in page.words))
        printed, lost, more = printed + true.total(), lost + missed(true, got), more + missed(got, true)
    return Total(len(listed), printed, lost, more, time.process_time() - began)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=24, help="sample pages under each wear")
    parser.add_argument("--wear", default="sealed,worn")
    parser.add_argument("--real", type=Path, help="folder of born-digital PDFs")
    parser.add_argument("--each", type=int, default=3, help="most pages of one real PDF")
    parser.add_argument("--engines", default="tesserocr,line_net")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    os.environ.update({"OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"})
    rows, kept = [], {}
    try:
        sets = corpus.sample_sets(tables.WORK, given.wear.split(","), given.pages)
        if given.real:
            sets += corpus.real_sets(tables.WORK, given.real, given.each)
        for scans in sets:
            for engine in given.engines.split(","):
                total = read_set(scans, engine)
                kept[f"{scans.name}, {engine}"] = total._asdict()
                shares = (f"{100 * part / total.printed:.2f} %" for part in (total.missed, total.added))
                rows.append([scans.name, total.pages, engine, *shares, f"{total.seconds / total.pages:.2f}"])
    except NotRun as error:
        return fail(error)
    head = ["scans", "pages", "engine", "words missed", "words added", "CPU s/page"]
    tables.put("engines", f"{machine()}.\n\n{tables.table(head, rows)}", kept, write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
