"""Whether a PDF/A shows what its original shows, page by page, in Poppler and in PDFium; and, if asked, is valid.

    .venv/bin/python -m benchmarks.fidelity FILE_OR_FOLDER... [--verapdf] [--keep OUT] [--pages 3] [--json]

Nothing is read by OCR: pages are listed, written, and both files are rendered at a coarse size by the same program. An
image original is compared with what Pillow decodes. A page "differs" where, after a shift of at most one pixel, more
than three thousandths of it, or all of it a little, are off by more than anti-aliasing, JPEG and colour conversion
explain. Where the original's own two renderings differ from each other, the PDF/A must be like one of them in each
program. Exit code 1 if a page differs.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import pypdfium2
from PIL import Image, ImageCms, ImageOps

from configs.loader import load_limits
from engines import pdfium, poppler, verapdf
from engines.pool import WorkPool
from extractors import intake, pages
from schemas.errors import SohoaError, SourceError
from schemas.reading import Format, PageOrigin, PageSource
from schemas.renditions import RenditionIdentity
from schemas.rules import Limits, RenditionProfile

Pixels = npt.NDArray[np.uint8]
LONG_SIDE = 700  # pixels a page is compared at
OFF = 48  # of 255, after smoothing: what counts as another colour
SHARE = 0.003  # of a page's pixels
FAINT = 4.0  # of 255: mean difference of a whole page, as of a wrong tint
_SECONDS = 90.0
_CLAIM = "6.6.4-3"  # the level that a file names for itself: ours name 2b, and may keep all that 2u asks
_SRGB = ImageCms.createProfile("sRGB")
_IDENTITY = RenditionIdentity(
    document_id="0" * 32, original_sha256="0" * 64, title="fidelity", created=datetime(2026, 1, 1, tzinfo=UTC)
)


class Difference(NamedTuple):
    """Share of pixels that are off, and mean difference, 0–255."""

    share: float
    mean: float

    @property
    def same(self) -> bool:
        return self.share <= SHARE and self.mean <= FAINT


def difference(one: Pixels, other: Pixels) -> Difference:
    """How far two pictures of a page lie apart, both H×W×3, whatever their sizes; a shift of a pixel is forgiven."""
    height, width = one.shape[:2]
    factor = min(1.0, LONG_SIDE / max(height, width))
    size = max(8, round(width * factor)), max(8, round(height * factor))
    left, right = (_smooth(cv2.resize(each, size, interpolation=cv2.INTER_AREA)) for each in (one, other))
    off = np.abs(left - right).max(axis=2)
    # Off only where it is off from the darkest and the lightest neighbour: edges may lie a pixel elsewhere.
    kernel = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(right, kernel), cv2.dilate(right, kernel)
    outside = np.maximum(np.maximum(low - left, left - high), 0).max(axis=2)
    return Difference(float((outside > OFF).mean()), float(np.minimum(off, outside + 8).mean()))


def _smooth(picture: Any) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.blur(picture, (3, 3)), np.float32)


def compare(path: str, name: str, keep: str, most: int) -> dict[str, Any]:
    """Write one file's PDF/A to `keep` and compare the first `most` of its pages; runs in a worker."""
    from storage.pdfa import write_pdfa

    limits = load_limits()
    kind = intake.sniff(path)
    listed = pages.list_pages(path, kind, limits)
    sources = listed.pages[:most]
    rendition = write_pdfa(path, kind, sources, [], keep, _IDENTITY, RenditionProfile())
    lost = {each.page for each in rendition.findings if each.rule == "page_placeholder"}
    compared = []
    for index, source in enumerate(sources, 1):
        if source.number in lost:
            compared.append({"page": source.number, "state": "placeholder"})
            continue
        worst = _page(path, kind, source, keep, index, limits)
        how = sorted({each.rule for each in rendition.findings if each.page == source.number})
        compared.append({"page": source.number, "how": how, **worst})
    return {"file": name, "state": "written", "pages": compared}


def _page(
    path: str, kind: Format, source: PageSource, out: str, index: int, limits: Limits
) -> dict[str, Any]:
    # Renderers draw hairlines a pixel wide: only as fine as the page was drawn for the PDF/A are they as dark.
    dpi = 300.0 if source.origin is not PageOrigin.IMAGE else 2 * LONG_SIDE / max(_points(source)) * 72
    before = list(_originals(path, kind, source, min(dpi, 12_000 / max(_points(source)) * 72)))
    if not before:
        return {"state": "unrendered"}
    worst = Difference(0.0, 0.0)
    for after in _renderings(out, index, _fit(out, index)):
        nearest = min((difference(each, after) for each in before), key=lambda each: (not each.same, each))
        worst = max(worst, nearest, key=lambda each: (not each.same, each))
    state = "same" if worst.same else "differs"
    return {"state": state, "share": round(worst.share, 4), "mean": round(worst.mean, 2)}


def _points(source: PageSource) -> tuple[float, float]:
    return source.page_points or (source.width, source.height)


def _fit(path: str, page: int) -> float:
    with pypdfium2.PdfDocument(path) as document:
        return float(2 * LONG_SIDE / max(document[page - 1].get_size()) * 72)


def _originals(path: str, kind: Format, source: PageSource, dpi: float) -> Iterator[Pixels]:
    if kind is Format.PDF:
        yield from _renderings(path, source.number, dpi)
    else:
        yield from _decoded(path, source)


def _renderings(path: str, page: int, dpi: float) -> Iterator[Pixels]:
    try:
        drawn = poppler.render_page(path, page, dpi, timeout=_SECONDS)
        if not drawn.complaint or int(drawn.array.min()) < 250:
            yield drawn.array
    except SourceError:
        pass
    second = pdfium.render_page(path, page, dpi)
    if second is not None:
        yield second


def _decoded(path: str, source: PageSource) -> Iterator[Pixels]:
    """What an image file shows, without and with its colour profile."""
    with Image.open(path) as image:
        if image.format == "TIFF":
            image.seek(source.number - 1)
            image.load()  # turns it
            shown: Image.Image = image
        else:
            shown = ImageOps.exif_transpose(image)
        yield _on_white(shown)
        profile = shown.info.get("icc_profile")
        if profile and shown.mode in {"L", "P", "RGB", "CMYK"}:
            with suppress(ImageCms.PyCMSError, OSError):
                given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
                plain = shown.convert("RGB") if shown.mode == "P" else shown
                managed = ImageCms.profileToProfile(plain, given, _SRGB, outputMode="RGB")
                if managed is not None:
                    yield _on_white(managed)


def _on_white(image: Image.Image) -> Pixels:
    if image.mode.startswith(("I", "F")):
        wide = np.asarray(image).astype(np.float32)
        top = 65535.0 if image.mode.startswith("I;16") or wide.max(initial=0) > 255 else 255.0
        grey = np.clip(wide * (255.0 / top), 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        return np.asarray(Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB"))
    return np.asarray(image.convert("RGB"))


def files_of(given: Sequence[str]) -> list[Path]:
    """Files named, and all files under folders named."""
    found: list[Path] = []
    for each in map(Path, given):
        found += sorted(path for path in each.rglob("*") if path.is_file()) if each.is_dir() else [each]
    return found


def run(given: Sequence[str], keep: Path, most: int, workers: int) -> Iterator[dict[str, Any]]:
    """Compare files in worker processes, so that a hostile one costs itself alone; answers as they come."""
    from benchmarks import fidelity  # noqa: PLW0406 - the name workers know it by when it is __main__

    limits = load_limits()
    with tempfile.TemporaryDirectory() as room, WorkPool(workers, limits, "fidelity", Path(room)) as pool:

        def one(numbered: tuple[int, Path]) -> dict[str, Any]:
            number, path = numbered
            out = keep / f"{number:05d}.pdf"
            try:
                arguments = (os.fspath(path.absolute()), str(path), str(out), most)
                answer = pool.run(fidelity.compare, arguments, _SECONDS * 2)
            except SohoaError as error:
                rule = getattr(error, "rule", error.code)
                return {"file": str(path), "state": "set_aside", "rule": rule, "said": str(error)[:200]}
            return {**answer, "out": str(out)}

        with ThreadPoolExecutor(workers) as threads:
            yield from threads.map(one, enumerate(files_of(given)))


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("given", nargs="+", metavar="FILE_OR_FOLDER")
    parser.add_argument("--keep", type=Path, help="where the PDF/A files stay")
    parser.add_argument("--pages", type=int, default=3, help="pages compared of each file")
    parser.add_argument("--verapdf", action="store_true", help="ask veraPDF for 2b and 2u")
    parser.add_argument("--json", action="store_true", help="one JSON object a file on stdout")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        keep = asked.keep or Path(room)
        keep.mkdir(parents=True, exist_ok=True)
        files, states, outs = Counter[str](), Counter[str](), []
        for answer in run(asked.given, keep, asked.pages, asked.workers):
            files[answer.get("rule", answer["state"])] += 1
            told = answer.get("pages", [])
            states.update(page["state"] for page in told)
            if answer["state"] == "written":
                outs.append(answer["out"])
            if asked.json:
                print(json.dumps(answer, ensure_ascii=False), flush=True)
            for page in told:
                if page["state"] == "differs":
                    print(f"differs: {answer['file']} page {page['page']} {page}", file=sys.stderr)
        print(f"files {dict(files)}\npages {dict(states)}", file=sys.stderr)
        refused = _judged(outs) if asked.verapdf else 0
    return int(bool(states["differs"] or refused))


def _judged(outs: Sequence[str]) -> int:
    refused = 0
    with verapdf.VeraPdf() as judge:
        for flavour in ("2b", "2u"):
            verdicts = Counter[str]()
            for path, report in judge.check(outs, flavour).items():
                kept = report.verdict == "valid" or (flavour == "2u" and set(report.rules) == {_CLAIM})
                verdicts["kept" if kept else str(report.verdict)] += 1
                if not kept:
                    refused += 1
                    print(f"  {path}: {report.verdict} {report.rules} {report.reason}", file=sys.stderr)
            print(f"veraPDF {flavour} {dict(verdicts)}", file=sys.stderr)
    return refused


if __name__ == "__main__":
    sys.exit(main())
