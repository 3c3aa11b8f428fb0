"""Beside OCRmyPDF 17, plain and careful, and bare Tesseract: speed, CPU and words missed, on the same pages.

    python -m benchmarks versus [--pages 60] [--real FOLDER] [--each 5] [--jobs 2] [--write]

Sides: `sohoa pdfa FOLDER OUT`; `ocrmypdf -l vie --output-type pdfa -j JOBS`; the same with `--deskew --rotate-pages`
("careful"); `tesseract PAGE - -l vie` on each page's image, JOBS at a time. All start cold for each file of up to
sixty pages and take turns file by file, so that a busy minute is shared out. Words are taken from what each side left
(PDFs by the same pdftotext) and compared with the truth as a multiset of letters and digits. All sides read with the
same language data file. Exit code 5 if a side did not run or did not leave every page.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import corpus, tables
from benchmarks.corpus import Scans
from benchmarks.measuring import (
    PEER,
    SOHOA,
    NotRun,
    Spent,
    fail,
    machine,
    measured,
    peer_version,
    run,
    version_of,
)
from benchmarks.words import missed, page_texts, words
from engines import ocr

OURS, PLAIN, CAREFUL, BARE = "sohoa pdfa", "OCRmyPDF", "OCRmyPDF careful", "bare tesseract"
_POINT, _WORDS = 0.01, 5  # what a page may be worse by before it is listed


class Page(NamedTuple):
    """One page as one side left it: words of the truth that it lacks, and words that the truth lacks."""

    missed: int
    extra: int
    of: int


class Total(NamedTuple):
    """One side on one set."""

    spent: list[Spent]
    pages: list[Page]

    @property
    def wall(self) -> float:
        return sum(one.wall for one in self.spent)

    @property
    def cpu(self) -> float:
        return sum(one.cpu for one in self.spent) / len(self.pages)

    @property
    def speed(self) -> float:
        return len(self.pages) / self.wall

    @property
    def missed(self) -> float:
        return sum(page.missed for page in self.pages) / sum(page.of for page in self.pages)

    @property
    def extra(self) -> float:
        return sum(page.extra for page in self.pages) / sum(page.of for page in self.pages)


def ours(scans: Scans, room: Path, jobs: int) -> tuple[Spent, list[str]]:
    """`sohoa pdfa` on a folder that holds the file."""
    (room / "in").mkdir()
    shutil.copy(scans.path, room / "in" / "scans.pdf")
    home = ["--home", room / "home"]
    # As many workers as cores is the default; --jobs asks the peer for as many.
    del jobs
    spent = run([SOHOA, "pdfa", room / "in", room / "out", *home], log=room / "log")
    return spent, page_texts(room / "out" / "scans.pdf", len(scans.truth))


def plain(scans: Scans, room: Path, jobs: int, *more: str) -> tuple[Spent, list[str]]:
    """OCRmyPDF as it comes, with options."""
    out = room / "out.pdf"
    given = ["-l", "vie", "--output-type", "pdfa", "-j", str(jobs), *more]
    # It makes itself nicer by five; that is taken back, so that on a busy machine all sides wait alike.
    spent = run(["nice", "-n", "-5", PEER, *given, scans.path, out], log=room / "log")
    found = subprocess.run(["pdfinfo", str(out)], capture_output=True, text=True, check=False).stdout
    if "PDF subtype" not in found and b"pdfaid" not in out.read_bytes():
        raise NotRun(f"{out} is no PDF/A")
    return spent, page_texts(out, len(scans.truth))


def careful(scans: Scans, room: Path, jobs: int) -> tuple[Spent, list[str]]:
    """OCRmyPDF when it also levels and turns pages."""
    return plain(scans, room, jobs, "--deskew", "--rotate-pages")


def bare(scans: Scans, room: Path, jobs: int) -> tuple[Spent, list[str]]:
    """Tesseract alone on each page's image: no PDF, no preparation."""
    run(["pdfimages", "-j", scans.path, room / "page"], log=room / "log")
    images = sorted(room.glob("page-*.jpg"))
    if len(images) != len(scans.truth):
        raise NotRun(f"{len(images)} images out of {scans.path}")

    def one(image: Path) -> None:
        subprocess.run(
            ["tesseract", image, image.with_suffix(""), "-l", "vie", "--dpi", str(corpus.DPI)],
            check=True,
            capture_output=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )

    with ThreadPoolExecutor(jobs) as threads:
        spent = measured(lambda: list(threads.map(one, images)), "tesseract")
    return spent, [image.with_suffix(".txt").read_text(encoding="utf-8") for image in images]


SIDES: dict[str, Callable[[Scans, Path, int], tuple[Spent, list[str]]]] = {
    OURS: ours,
    PLAIN: plain,
    CAREFUL: careful,
    BARE: bare,
}


def compare(sets: list[Scans], room: Path, jobs: int, sides: list[str]) -> dict[str, dict[str, Total]]:
    """Every side on every file, turn by turn; totals by set and side."""
    found: dict[str, dict[str, Total]] = defaultdict(lambda: {side: Total([], []) for side in sides})
    for number, scans in enumerate(sets):
        wanted = [words(text) for text in scans.truth]
        turn = sides[number % len(sides) :] + sides[: number % len(sides)]
        for side in turn:
            place = room / "run" / f"{number}-{side.replace(' ', '-')}"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            spent, texts = SIDES[side](scans, place, jobs)
            got = [words(text) for text in texts]
            pages = [
                Page(missed(want, have), missed(have, want), want.total())
                for want, have in zip(wanted, got, strict=True)
            ]
            if sum(page.missed for page in pages) > 0.6 * sum(page.of for page in pages):
                raise NotRun(f"{side} left hardly any words of {scans.path}: see {place / 'log'}")
            found[scans.name][side].spent.append(spent)
            found[scans.name][side].pages.extend(pages)
            sys.stderr.write(
                f"{scans.name:16} {side:18} {len(pages)} pages {spent.wall:6.1f} s, {spent.cpu:6.1f} CPU s, "
                f"load {spent.load:.1f}, missed {sum(page.missed for page in pages)}\n"
            )
    return found


def shown(found: dict[str, dict[str, Total]]) -> str:
    """The table, with ratios, and the pages where ours is the worse."""
    head = [
        *("scans", "pages", "side", "pages/s", "CPU s/page", "load", "words missed", "words added"),
        *("ours: speed", "ours: CPU", "ours: missed"),
    ]
    rows = []
    for name, sides in found.items():
        us = sides[OURS]
        for side, total in sides.items():
            load = max(one.load for one in total.spent)
            ratios = [""] * 3
            if side != OURS:
                part = us.missed / total.missed if total.missed else float("inf")
                ratios = [
                    f"{us.speed / total.speed:.1f}×",
                    f"{total.cpu / us.cpu:.1f}×",
                    f"{part:.2f}",
                ]
            rows.append(
                [
                    *(name, len(total.pages), side, f"{total.speed:.2f}", f"{total.cpu:.2f}", f"{load:.1f}"),
                    *(f"{100 * total.missed:.2f} %", f"{100 * total.extra:.2f} %", *ratios),
                ]
            )
    return "\n".join([tables.table(head, rows), "", *_worse(found)])


def _worse(found: dict[str, dict[str, Total]]) -> list[str]:
    """Pages on which ours misses more than careful, or than bare Tesseract, by over a point and over five words."""
    lines = []
    for name, sides in found.items():
        for peer in (CAREFUL, BARE):
            if peer in sides:
                lines.append(_beside(name, peer, sides[OURS].pages, sides[peer].pages))
    return lines


def _beside(name: str, peer: str, ours_: list[Page], theirs: list[Page]) -> str:
    pairs = list(zip(ours_, theirs, strict=True))
    at_all = [(number, us, other) for number, (us, other) in enumerate(pairs) if us.missed > other.missed]
    much = [
        f"page {number + 1}: {us.missed} against {other.missed} of {us.of}"
        for number, us, other in at_all
        if us.missed - other.missed > max(_WORDS, _POINT * us.of)
    ]
    most = max((us.missed - other.missed for _, us, other in at_all), default=0)
    return (
        f"- {name}: worse than {peer} on {len(at_all)} of {len(pairs)} pages, at most by {most} words; "
        f"beyond the allowance {len(much)}{': ' + '; '.join(much) if much else ''}."
    )


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=60, help="sample pages under each wear")
    parser.add_argument("--wear", default="sealed,worn", help="of the sample pages; empty for none")
    parser.add_argument("--real", type=Path, help="folder of born-digital PDFs")
    parser.add_argument("--each", type=int, default=5, help="most pages of one real PDF")
    parser.add_argument("--jobs", type=int, default=2, help="what the peers may run at once")
    parser.add_argument("--sides", default=",".join(SIDES), help="for a quick look; never with --write")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    given = parser.parse_args()
    try:
        peer, engine = peer_version(), version_of(["tesseract", "--version"])
        sets = corpus.sample_sets(tables.WORK, [name for name in given.wear.split(",") if name], given.pages)
        if given.real:
            sets += corpus.real_sets(tables.WORK, given.real, given.each)
        found = compare(sets, tables.WORK, given.jobs, given.sides.split(","))
    except NotRun as error:
        return fail(error)
    from configs.loader import load_reading_profile

    profile = load_reading_profile()
    told = (
        f"{machine()}. OCRmyPDF {peer} with Tesseract {engine}; ours with "
        f"`{ocr.identity(profile)}`.\n\n{shown(found)}"
    )
    write = given.write and given.sides == ",".join(SIDES)
    tables.put("versus", told, {name: _plain(sides) for name, sides in found.items()}, write=write)
    return 0


def _plain(sides: dict[str, Total]) -> dict[str, Any]:
    return {
        side: {"spent": [one._asdict() for one in total.spent], "pages": [list(page) for page in total.pages]}
        for side, total in sides.items()
    }


if __name__ == "__main__":
    sys.exit(main())
