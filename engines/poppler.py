"""Poppler through pdf2image: one page rendered, one page's text with boxes. Hostile files may hang: limits always."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pdf2image import convert_from_path
from pdf2image.exceptions import (
    PDFInfoNotInstalledError,
    PDFPageCountError,
    PDFPopplerTimeoutError,
    PDFSyntaxError,
)

from engines import runner
from engines.runner import Program, ProgramTimedOut, find, run
from schemas.errors import SetupError, SourceError

Pixels = npt.NDArray[np.uint8]


class TextWord(NamedTuple):
    """A word of a text layer; coordinates as fractions of the displayed page."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    line: int


def probe() -> Program | None:
    """Poppler's renderer on this machine, None if there is none."""
    return runner.probe("pdftoppm", argument="-v", pattern=rb"version ([\d.]+)")


class Rendered(NamedTuple):
    """A rendered page: H×W×3 RGB or H×W, and Poppler's warnings about it, empty if none."""

    array: Pixels
    complaint: str


def render(path: str, page: int, dpi: float, *, timeout: float) -> Pixels:
    """Pixels of `render_page`, H×W×3 RGB; raises as it does."""
    return render_page(path, page, dpi, timeout=timeout).array


def render_page(
    path: str,
    page: int,
    dpi: float,
    *,
    timeout: float,
    grey: bool = False,
    size: tuple[int, int] | None = None,
) -> Rendered:
    """Render one page as a viewer shows it (CropBox, /Rotate).

    Poppler leaves white what it cannot interpret, and prints a warning.

    Args:
        path: the PDF.
        page: 1-based.
        dpi: pixels an inch.
        timeout: seconds per run of either of Poppler's two programs.
        grey: one channel.
        size: exact width and height in pixels, whatever `dpi` says.

    Raises:
        SourceError: `page_broken` or `page_timed_out`.
        SetupError: Poppler is not installed.
    """
    options: dict[str, Any] = {
        "dpi": dpi,
        "first_page": page,
        "last_page": page,
        "grayscale": grey,
        "size": size,
        "use_cropbox": True,
        "timeout": int(timeout) + 1,
    }
    complaint = ""
    try:
        # Via a file: through a pipe and Pillow a large page would be in memory three times.
        with tempfile.TemporaryDirectory(prefix="poppler-") as folder:
            try:
                convert_from_path(path, strict=True, output_folder=folder, paths_only=True, **options)
            except PDFSyntaxError as error:
                complaint = " ".join(str(error).split())[:200] or "syntax error"
            drawn = next(Path(folder).iterdir(), None)
            array = None if drawn is None else _netpbm(drawn)
            if array is None:
                _refuse_full_disk(Path(folder), page)
    except PDFInfoNotInstalledError as error:
        raise SetupError("poppler is not installed", remedy="poppler_missing") from error
    except (PDFPopplerTimeoutError, subprocess.TimeoutExpired) as error:
        raise SourceError("page_timed_out", "poppler ran too long", page=page, seconds=timeout) from error
    except (PDFPageCountError, OSError, ValueError, IndexError) as error:
        detail = " ".join(str(error).split())[:200]
        raise SourceError("page_broken", f"poppler: {detail}", page=page, detail=detail) from error
    if array is None:
        detail = complaint or "pdftoppm"
        raise SourceError("page_broken", "poppler made no image", page=page, detail=detail)
    return Rendered(array, complaint)


def _refuse_full_disk(folder: Path, page: int) -> None:
    """A picture cut off by a full disk says nothing about the page: another renderer must not stand in for it.

    Raises:
        SourceError: `disk_full`.
    """
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE:
        megabytes = _LEAST_FREE // 1_000_000
        raise SourceError(
            "disk_full", f"no room in {folder}", page=page, free=free // 1_000_000, needed=megabytes
        )


def _netpbm(path: Path) -> Pixels | None:
    """The pixels of a PPM or PGM file as pdftoppm writes them; None if it was cut off."""
    with path.open("rb") as stream:
        magic, size = stream.readline().strip(), stream.readline().split()
        stream.readline()
        start = stream.tell()
    channels = 3 if magic == b"P6" else 1
    width, height = int(size[0]), int(size[1])
    pixels = np.fromfile(path, np.uint8, width * height * channels, offset=start)
    if pixels.size != width * height * channels:
        return None
    return pixels.reshape((height, width, 3) if channels == 3 else (height, width))


_LEAST_FREE = 32_000_000  # a colour page of 300 dpi takes 26 MB while it is drawn
_PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)"')
_LINE = re.compile(r"<line\b.*?</line>", re.DOTALL)
_WORD = re.compile(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>')


def text_words(path: str, page: int, *, wide: bool, timeout: float) -> list[TextWord]:
    """Words of one page's text layer in reading order, boxes as fractions of the displayed page.

    Args:
        path: the PDF.
        page: 1-based.
        wide: whether the page as displayed is wider than high. Poppler gives boxes on the page as turned, but its size
            as before the turn.
        timeout: seconds.

    Raises:
        SourceError: `page_timed_out`, or `page_broken` if the text is too long.
        SetupError: Poppler is not installed.
    """
    program = find("pdftotext")
    if program is None:
        raise SetupError("poppler is not installed", remedy="poppler_missing")
    argv = [program, "-bbox-layout", "-cropbox", "-f", str(page), "-l", str(page), "-enc", "UTF-8", path, "-"]
    try:
        result = run(argv, timeout=timeout, check=False)
    except ProgramTimedOut as error:
        raise SourceError("page_timed_out", str(error), page=page, seconds=timeout) from error
    text = result.stdout.decode("utf-8", "replace")
    size = _PAGE.search(text)
    if not size or float(size[1]) <= 0 or float(size[2]) <= 0:
        return []
    width, height = float(size[1]), float(size[2])
    if (width > height) != wide:
        width, height = height, width
    words = []
    for number, line in enumerate(_LINE.findall(text)):
        for left, top, right, bottom, word in _WORD.findall(line):
            content = html.unescape(word).strip()
            if content:
                box = (float(left) / width, float(top) / height, float(right) / width, float(bottom) / height)
                words.append(TextWord(content, *box, number))
    return words
