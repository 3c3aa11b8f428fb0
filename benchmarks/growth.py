"""Time and memory as files and batches grow, and of huge pages.

    python -m benchmarks growth [--pages 10,100,1000] [--files 4,40] [--huge 100] [--write]

`sohoa pdfa` on files of more and more pages (sealed samples over and over, each page an image object of its own), on
folders of more and more one-page files, and on single pages of 100 megapixels in JPEG, TIFF and G4. A process's memory
is what it held resident at most, looked at five times a second; the largest of a run's processes is told.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
from PIL import Image

from benchmarks import corpus, tables
from benchmarks.measuring import SOHOA, NotRun, Spent, fail, machine, run
from benchmarks.words import page_texts, words
from samples.containers import bitonal

_MB = 1_000_000
_FEW_WORDS = 300  # that four pages hold at least
_GOAL = 600  # MB a worker, on the longest file


def fresh(room: Path, name: str) -> Path:
    """An empty folder."""
    place = room / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def file_of(few: Path, pages: int, room: Path) -> tuple[Spent, int]:
    """One file of many pages; what it took, and the size of the PDF/A."""
    place = fresh(room, f"pages-{pages}")
    source = corpus.repeated(few, pages, place / "in.pdf")
    spent = run([SOHOA, "pdfa", source, place / "out.pdf"], log=place / "log", watch=True)
    page_texts(place / "out.pdf", pages)
    size = (place / "out.pdf").stat().st_size
    shutil.rmtree(place)
    return spent, size


def folder_of(few: Path, files: int, room: Path) -> tuple[Spent, int]:
    """A folder of many files of one page; what it took, and the size of all PDF/A."""
    place = fresh(room, f"files-{files}")
    (place / "in").mkdir()
    for number in range(files):
        corpus.repeated(few, 1, place / "in" / f"{number:04}.pdf", seed=number)
    spent = run([SOHOA, "pdfa", place / "in", place / "out"], log=place / "log", watch=True)
    made = list((place / "out").glob("*.pdf"))
    if len(made) != files:
        raise NotRun(f"{len(made)} of {files} files came out")
    size = sum(file.stat().st_size for file in made)
    shutil.rmtree(place)
    return spent, size


def huge(few: Path, megapixels: float, container: str, room: Path) -> tuple[Spent, int]:
    """One page of that many megapixels: four sample pages side by side and below each other, enlarged.

    Raises:
        NotRun: no PDF/A came out, or hardly a word was read.
    """
    place = fresh(room, f"huge-{container}")
    with pikepdf.open(few) as pdf:
        images = [
            Image.open(io.BytesIO(next(iter(page.Resources.XObject.values())).read_raw_bytes()))
            for page in pdf.pages[:4]
        ]
        tiles = [np.array(image.convert("RGB")) for image in images]
    height, width = (min(tile.shape[axis] for tile in tiles) for axis in (0, 1))
    tiles = [tile[:height, :width] for tile in tiles]
    sheet = np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])])
    scale = (megapixels * 1e6 / (sheet.shape[0] * sheet.shape[1])) ** 0.5
    size = (round(sheet.shape[1] * scale), round(sheet.shape[0] * scale))
    image = Image.fromarray(cv2.resize(sheet, size, interpolation=cv2.INTER_CUBIC))
    dpi = round(corpus.DPI * scale)
    source = place / ("in.jpg" if container == "jpeg" else "in.tif")
    if container == "jpeg":
        image.save(source, quality=82, dpi=(dpi, dpi))
    elif container == "tiff":
        image.save(source, compression="tiff_lzw", dpi=(dpi, dpi))
    else:
        bitonal(image).save(source, compression="group4", dpi=(dpi, dpi))
    del sheet, image, tiles
    spent = run([SOHOA, "pdfa", source, place / "out.pdf"], log=place / "log", watch=True)
    got = words(page_texts(place / "out.pdf", 1)[0]).total()
    if got < _FEW_WORDS:
        raise NotRun(f"only {got} words were read of {source}: see {place / 'log'}")
    made = (place / "out.pdf").stat().st_size
    shutil.rmtree(place)
    return spent, made


def _row(name: str, pages: int, spent: Spent, size: int) -> list[Any]:
    return [
        name,
        f"{spent.wall:.1f}",
        f"{spent.cpu:.1f}",
        f"{spent.cpu / pages:.2f}",
        f"{spent.peak / _MB:.0f}",
        f"{size / _MB:.1f}",
        f"{spent.load:.1f}",
    ]


def _growth(kind: str, found: Sequence[tuple[int, Spent]]) -> list[str]:
    """Ratio of time and memory from each size to the next."""
    return [
        f"- {kind} from {small} to {large}: {large / small:.0f}× as many, {two.wall / one.wall:.1f}× the time "
        f"({two.cpu / one.cpu:.1f}× CPU), {two.peak / one.peak:.2f}× the memory of the largest process."
        for (small, one), (large, two) in itertools.pairwise(found)
    ]


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", default="10,100,1000", help="pages of one file")
    parser.add_argument("--files", default="4,40", help="one-page files of a folder")
    parser.add_argument("--huge", type=float, default=100.0, help="megapixels of a huge page, 0 for none")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    room, rows, notes = tables.WORK / "run", [], []
    kept: dict[str, Any] = {}
    try:
        few = corpus.sample_sets(tables.WORK, ["sealed"], 18)[0].path
        for kind, asked, work in (("pages", given.pages, file_of), ("files", given.files, folder_of)):
            found = []
            for count in (int(one) for one in asked.split(",") if one):
                spent, size = work(few, count, room)
                found.append((count, spent))
                rows.append(_row(f"{count} {kind}", count, spent, size))
                kept[f"{kind} {count}"] = spent._asdict()
                sys.stderr.write(f"{rows[-1]}\n")
            notes += _growth(kind, found)
            if kind == "pages" and found:
                peak = found[-1][1].peak / _MB
                notes.append(
                    f"- largest process on the longest file: {peak:.0f} MB, {peak / _GOAL:.2f} of the {_GOAL} allowed."
                )
        for container in ("jpeg", "tiff", "g4") if given.huge else ():
            spent, size = huge(few, given.huge, container, room)
            rows.append(_row(f"{given.huge:.0f} megapixels, {container}", 1, spent, size))
            kept[f"huge {container}"] = spent._asdict()
    except NotRun as error:
        return fail(error)
    head = ["input", "wall s", "CPU s", "CPU s/page", "largest process MB", "PDF/A MB", "load"]
    told = f"{machine()}, {os.cpu_count()} workers.\n\n{tables.table(head, rows)}\n\n" + "\n".join(notes)
    tables.put("growth", told, kept, write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
