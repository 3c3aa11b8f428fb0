"""Pages of known truth, as PDF files of scans that every side is given alike.

Sample pages come from `samples`. Real ones come from born-digital PDFs that are given by path and never kept in the
repository: their pages are drawn at 300 dpi, their own text is the truth.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pikepdf

from benchmarks.words import printed_texts, words
from engines import poppler
from samples import KINDS, make_one, wear
from samples.containers import CONTAINERS, FilePage
from samples.wear import Scan

DPI = 300
WEAR: dict[str, tuple[str, ...]] = {
    "clean": (),
    "sealed": ("signature", "seal"),
    "worn": ("signature", "seal", "skew", "noise", "blur", "fading", "stains"),
    "shadow": ("signature", "seal", "skew", "shadow", "bleed_through", "fold_lines"),
    "degraded": ("fading", "paper_tint", "skew", "blur", "noise"),
}
_FEW_WORDS = 60
_A_FILE = 60


class Scans(NamedTuple):
    """One PDF of scans with what is printed on each page.

    Attributes:
        name: of the set it belongs to.
        path: the PDF.
        truth: text of each page.
    """

    name: str
    path: Path
    truth: list[str]


def sample_sets(folder: Path, names: Sequence[str], pages: int, seed: int = 1) -> list[Scans]:
    """Sample papers of all kinds in turn, the same papers under each wear."""
    return [
        scans
        for name in names
        for scans in _files(folder / f"samples-{pages}-{seed}", name, _samples(WEAR[name], pages, seed))
    ]


def real_sets(folder: Path, sources: Path, each: int) -> list[Scans]:
    """Pages of real PDFs, as they are drawn and worn.

    Args:
        folder: where the scans are made, outside the repository's tracked files.
        sources: a folder of born-digital PDFs.
        each: most pages taken from one of them.
    """
    found = sorted(sources.glob("*.pdf"))
    return [
        scans
        for name in ("clean", "degraded")
        for scans in _files(folder / f"real-{each}", f"real, {name}", _real(found, WEAR[name], each))
    ]


Made = tuple[bytes, list[str]]


def _samples(wears: Sequence[str], pages: int, seed: int) -> Iterator[Made]:
    made = number = 0
    while made < pages:
        for kind in sorted(KINDS):
            if made >= pages:
                return
            one = make_one(kind, f"{seed}-{number}", wear=wears, container="pdf_jpeg", dpi=DPI)
            texts = [page["text"] for page in one.truth["pages"]]
            yield one.data, texts
            made += len(texts)
        number += 1


def _real(sources: Sequence[Path], wears: Sequence[str], each: int) -> Iterator[Made]:
    for source in sources:
        texts = printed_texts(source)
        wordy = [at for at, text in enumerate(texts) if words(text).total() >= _FEW_WORDS]
        for at in wordy[:each]:
            # Drawn by the program that told the text: other renderers leave signatures' captions out.
            scan = Scan(poppler.render_page(str(source), at + 1, DPI, timeout=60.0).array, DPI, [])
            wear.apply(scan, wears, f"{source.name}/{at}")
            yield CONTAINERS["pdf_jpeg"].write([FilePage(scan.pixels, DPI)]), [texts[at]]


def _files(folder: Path, name: str, made: Iterator[Made]) -> list[Scans]:
    """Scans in files of up to sixty pages, made once."""
    place = folder / name.replace(", ", "-")
    done = place / "truth.json"
    if not done.exists():
        place.mkdir(parents=True, exist_ok=True)
        truths: dict[str, list[str]] = {}
        group: list[Made] = []
        for number in range(1, 1_000):
            group = [*_take(made, _A_FILE)]
            if not group:
                break
            file = f"scans-{number}.pdf"
            _join([data for data, _ in group], place / file)
            truths[file] = [text for _, texts in group for text in texts]
        done.write_text(json.dumps(truths, ensure_ascii=False), encoding="utf-8")
    kept = json.loads(done.read_text(encoding="utf-8"))
    return [Scans(name, place / file, texts) for file, texts in kept.items()]


def _take(made: Iterator[Made], pages: int) -> Iterator[Made]:
    count = 0
    while count < pages and (one := next(made, None)) is not None:
        yield one
        count += len(one[1])


def _join(parts: Sequence[bytes], target: Path) -> None:
    with pikepdf.new() as whole:
        for part in parts:
            with pikepdf.open(io.BytesIO(part)) as one:
                whole.pages.extend(one.pages)
        whole.save(target)


def repeated(source: Path, pages: int, target: Path, seed: int = 1) -> Path:
    """A file of many pages out of a few, each page with an image object of its own."""
    order = random.Random(seed)
    with pikepdf.open(source) as few, pikepdf.new() as many:
        for _ in range(pages):
            # A page copied from a fresh opening shares nothing with those before it.
            at = order.randrange(len(few.pages))
            page = few.pages[at]
            image = next(iter(page.Resources.XObject.values()))
            own = many.make_stream(image.read_raw_bytes(), {k: v for k, v in image.items() if k != "/Length"})
            blank = many.add_blank_page(page_size=(float(page.mediabox[2]), float(page.mediabox[3])))
            blank.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=own))
            blank.Contents = many.make_stream(page.Contents.read_bytes())
        many.save(target)
    return target
