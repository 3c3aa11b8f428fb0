"""Character and word errors of what `read_page` reads, by kind of paper and by wear, line by printed line.

    python -m benchmarks errors [--each 2] [--wear clean,sealed,worn,shadow] [--write]

A read word belongs to the printed line whose box its centre lies in; a line's words are joined from left to right. Errors
are edits over the truth's length (CER, WER). Words in no line (stamps, seals, specks) are counted apart.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz.distance import Levenshtein

from benchmarks import corpus, tables
from benchmarks.measuring import machine
from schemas.text import nfc


class Errors(NamedTuple):
    """Edits and lengths of a page, and words that lie in no printed line."""

    characters: int
    letters: int
    words: int
    tokens: int
    outside: int


def page_errors(lines: Sequence[dict[str, Any]], words: Sequence[tuple[str, Sequence[int]]]) -> Errors:
    """Compare a page's printed lines with its read words (text, box)."""
    mine: list[list[tuple[float, str]]] = [[] for _ in lines]
    outside = 0
    for text, (left, top, right, bottom) in words:
        across, down = (left + right) / 2, (top + bottom) / 2
        at = _line_at(lines, across, down)
        if at is None:
            outside += 1
        else:
            mine[at].append((left, text))
    characters = letters = edits = tokens = 0
    for line, found in zip(lines, mine, strict=True):
        wanted = nfc(line["text"]).split()
        got = nfc(" ".join(text for _, text in sorted(found))).split()
        characters += Levenshtein.distance(" ".join(wanted), " ".join(got))
        letters += len(" ".join(wanted))
        edits += Levenshtein.distance(wanted, got)
        tokens += len(wanted)
    return Errors(characters, letters, edits, tokens, outside)


def _line_at(lines: Sequence[dict[str, Any]], across: float, down: float) -> int | None:
    """The line that a point lies in; of several the one whose middle is nearest."""
    near = [
        (abs((line["box"][1] + line["box"][3]) / 2 - down), at)
        for at, line in enumerate(lines)
        if line["box"][0] - 8 <= across <= line["box"][2] + 8 and line["box"][1] <= down <= line["box"][3]
    ]
    return min(near)[1] if near else None


def read_sample(kind: str, seed: str, name: str) -> list[Errors]:
    """Make one paper, read it, compare."""
    from configs.loader import load_image_rules, load_limits, load_reading_profile
    from extractors import intake, reading
    from extractors.pages import list_pages
    from samples import make_one

    os.environ["OMP_THREAD_LIMIT"] = "1"
    one = make_one(kind, seed, wear=corpus.WEAR[name], container="pdf_jpeg", dpi=corpus.DPI)
    limits, profile, rules = load_limits(), load_reading_profile(), load_image_rules()
    with tempfile.NamedTemporaryFile(suffix=one.suffix) as file:
        Path(file.name).write_bytes(one.data)
        format_ = intake.sniff(file.name)
        found = []
        for source, truth in zip(
            list_pages(file.name, format_, limits).pages, one.truth["pages"], strict=True
        ):
            page = reading.read_page(file.name, format_, source, profile, rules, limits)
            found.append(page_errors(truth["lines"], [(word.text, word.box) for word in page.words]))
    return found


def main() -> int:
    """Run the benchmark."""
    from samples import KINDS

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--each", type=int, default=2, help="papers of a kind under each wear")
    parser.add_argument("--wear", default="clean,sealed,worn,shadow")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    names, kinds = given.wear.split(","), sorted(KINDS)
    found: dict[tuple[str, str], list[Errors]] = defaultdict(list)
    with ProcessPoolExecutor(given.workers) as pool:
        jobs = {
            (kind, name, number): pool.submit(read_sample, kind, f"e{number}", name)
            for name in names
            for kind in kinds
            for number in range(given.each)
        }
        for (kind, name, _), job in jobs.items():
            found[kind, name].extend(job.result())
    for name in names:
        found["**all**", name] = [one for kind in kinds for one in found[kind, name]]
    rows = [[kind, *(_cell(found[kind, name]) for name in names)] for kind in [*kinds, "**all**"]]
    pages = len(found["**all**", names[0]])
    told = (
        f"{machine()}. {pages} pages under each wear; each cell: CER / WER in %, (words in no printed line a page).\n\n"
        + tables.table(["kind", *names], rows)
    )
    data = {f"{kind} {name}": [list(one) for one in each] for (kind, name), each in found.items()}
    tables.put("errors", told, data, write=given.write)
    return 0


def _cell(pages: Sequence[Errors]) -> str:
    characters = 100 * sum(one.characters for one in pages) / sum(one.letters for one in pages)
    words = 100 * sum(one.words for one in pages) / sum(one.tokens for one in pages)
    return f"{characters:.2f} / {words:.2f} ({sum(one.outside for one in pages) / len(pages):.1f})"


if __name__ == "__main__":
    sys.exit(main())
