"""Pages on which nothing is printed: what a reader invents on them, beside bare Tesseract.

    python -m benchmarks ghosts [--pages 24] [--write]

*empty*: paper with its tint, folds, stains, holes, black edges and noise. *bleed-through*: the printing of the other
side shines through, mirrored. *ghost*: printing that rubbed off the sheet that lay on it, mirrored and pale. *beneath*:
the sheet below shows through thin paper, upright: faint words that are there to be read and belong to another page.
*printed*: a printed page with the other side shining through: words read that are not printed.

Ours is `sohoa read --json`: the words of each page, the pages that it keeps as blank, the papers that it would accept.
Tesseract reads the bare images (`-l vie`). Exit code 5 if a page is not accounted for.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from benchmarks import corpus, tables
from benchmarks.measuring import SOHOA, NotRun, fail, machine, run
from benchmarks.words import words
from samples import KINDS, wear
from samples.containers import CONTAINERS, FilePage
from samples.papers import print_paper
from samples.wear import Scan
from samples.wear.scan import Pixels, multiply

SORTS = ("empty", "bleed-through", "ghost", "beneath", "printed")
_PAPER = ("paper_tint", "fold_lines", "stains", "punch_holes", "black_edges", "noise")


class Made(NamedTuple):
    """A page's file and the words that are printed on it."""

    name: str
    printed: str


def shine(scan: Scan, source: Pixels, strength: float, *, mirrored: bool, soft: float) -> None:
    """Lay the printing of another page over a scan, paler and softer."""
    width, height = scan.size
    grey = cv2.cvtColor(cv2.resize(source, (width, height)), cv2.COLOR_RGB2GRAY)
    veil = cv2.GaussianBlur(cv2.flip(grey, 1) if mirrored else grey, (0, 0), soft)
    multiply(scan, (255 - (255 - veil.astype(np.float32)) * strength).astype(np.uint8))


def make(folder: Path, pages: int) -> Iterator[Made]:
    """Write the pages as PDFs, each sort as many."""
    for number in range(pages):
        kind = sorted(KINDS)[number % len(KINDS)]
        rng = random.Random(f"ghost/{number}")
        front, back = (
            print_paper(kind, random.Random(f"ghost/{number}/{side}"), None, corpus.DPI).sheets[0]
            for side in ("front", "back")
        )
        other = np.array(back.image, dtype=np.uint8)
        strength = (0.08, 0.14, 0.22, 0.32)[number % 4]
        for sort in SORTS:
            scan = Scan(np.full_like(other, 255), corpus.DPI, [])
            printed = ""
            if sort == "printed":
                scan = Scan.of(front)
                printed = "\n".join(line.text for line in scan.lines)
            if sort in {"bleed-through", "printed"}:
                shine(scan, other, strength, mirrored=True, soft=4.0)
            elif sort == "ghost":
                shine(scan, other, 0.6 * strength, mirrored=True, soft=1.2)
            elif sort == "beneath":
                shine(scan, other, strength, mirrored=False, soft=4.0)
            chosen = [name for name in _PAPER if rng.random() < 0.5] if sort != "printed" else ["noise"]
            wear.apply(scan, chosen, f"ghost/{number}/{sort}")
            name = f"{number:02d}-{sort}.pdf"
            (folder / name).write_bytes(CONTAINERS["pdf_jpeg"].write([FilePage(scan.pixels, corpus.DPI)]))
            yield Made(name, printed)


class Count(NamedTuple):
    """Of one sort of pages: words read that are not printed, pages that have any, and what ours says of the pages."""

    pages: int
    added: int
    with_words: int
    most: int
    blank: int = 0
    again: int = 0
    accepted: int = 0


def ours(files: Sequence[Path], room: Path) -> dict[str, dict[str, Any]]:
    """`sohoa read --json` of every file, by its name.

    Raises:
        NotRun: a page is not accounted for.
    """
    log = room / "ours.jsonl"
    run([SOHOA, "read", "--json", "--home", room / "home", *files], log=log)
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    found = {Path(answer["file"]).name: answer for answer in map(json.loads, lines)}
    for file in files:
        answer = found.get(file.name)
        if answer is None or answer["status"] != "read" or len(answer["pages"]) != 1:
            raise NotRun(f"the page of {file.name} is not accounted for")
    return found


def bare(files: Sequence[Path], room: Path) -> dict[str, str]:
    """Text by Tesseract alone, by the file's name."""
    texts = {}
    for file in files:
        run(["pdfimages", "-j", file, room / file.stem], log=room / "log")
        image = str(room / f"{file.stem}-000.jpg")
        given = ["tesseract", image, "-", "-l", "vie", "--dpi", str(corpus.DPI)]
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        done = subprocess.run(given, check=True, capture_output=True, text=True, env=environment)
        texts[file.name] = done.stdout
    return texts


def counted(made: Sequence[Made], texts: dict[str, str], answers: dict[str, dict[str, Any]] | None) -> Count:
    """Count the pages of one sort."""
    added = [(words(texts[page.name]) - words(page.printed)).total() for page in made]
    blank = again = accepted = 0
    if answers is not None:
        for page in made:
            answer = answers[page.name]
            blank += (
                any(note["rule"] == "page_blank" for note in answer["findings"]) or not answer["documents"]
            )
            again += any(note["rule"] == "page_mirrored" for note in answer["findings"])
            accepted += sum(paper["route"] == "accepted" for paper in answer["documents"])
    return Count(len(made), sum(added), sum(map(bool, added)), max(added), blank, again, accepted)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=24, help="of each sort")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    given = parser.parse_args()
    room = tables.WORK / "ghosts"
    shutil.rmtree(room, ignore_errors=True)
    (room / "in").mkdir(parents=True)
    made = list(make(room / "in", given.pages))
    files = [room / "in" / page.name for page in made]
    try:
        answers, theirs = ours(files, room), bare(files, room)
    except NotRun as error:
        return fail(error)
    texts = {name: answer["pages"][0]["text"] for name, answer in answers.items()}
    rows, data = [], {}
    for sort in SORTS:
        some = [page for page in made if page.name.endswith(f"-{sort}.pdf")]
        us, they = counted(some, texts, answers), counted(some, theirs, None)
        data[sort] = {"ours": us._asdict(), "tesseract": they._asdict()}
        rows.append(
            [
                sort,
                us.pages,
                us.added,
                us.with_words,
                us.most,
                us.blank,
                us.again,
                us.accepted,
                they.added,
                they.with_words,
                they.most,
            ]
        )
    head = [
        "pages",
        "n",
        "ours: words added",
        "on pages",
        "most",
        "kept as blank",
        "asked again",
        "papers accepted",
    ]
    head += ["bare tesseract: words added", "on pages", "most"]
    tables.put("ghosts", f"{machine()}.\n\n{tables.table(head, rows)}", data, write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
