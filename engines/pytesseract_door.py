"""Tesseract as a subprocess, through pytesseract: the portable engine, for machines without tesserocr."""

from __future__ import annotations

import re
import shlex
import tempfile
from pathlib import Path
from typing import Final

import cv2
import pytesseract.pytesseract as door

from engines import tesseract
from engines.ocr import EngineWord, Grey
from engines.runner import ProgramFailed, ProgramTimedOut, run
from schemas.errors import SetupError
from schemas.rules import ReadingProfile

_COLUMNS: Final = [
    *("level", "page_num", "block_num", "par_num", "line_num", "word_num"),
    *("left", "top", "width", "height", "conf", "text"),
]


def identity(languages: str) -> str:
    """Identity of this engine for the reading digest."""
    program = tesseract.probe()
    if program is None:
        raise SetupError("tesseract is not installed", remedy="tesseract_missing")
    return tesseract.identity("pytesseract", program.version, languages)


def recognise(image: Grey, profile: ReadingProfile, *, dpi: int, timeout: float) -> list[EngineWord]:
    """Read one image in one pass of the program."""
    with tempfile.TemporaryDirectory(prefix="ocr-") as folder:
        source, target = _written(image, folder), f"{folder}/page"
        config = (
            f"--dpi {dpi} --psm {profile.page_segmentation} --tessdata-dir {shlex.quote(str(tesseract.data_folder()))}"
            " -c tessedit_create_tsv=1 -c tessedit_create_txt=0"
        )
        config += "".join(f" -c {shlex.quote(f'{name}={value}')}" for name, value in profile.variables)
        try:
            door.run_tesseract(source, target, "tsv", profile.languages, config=config, timeout=timeout)
        except door.TesseractError as error:
            message = str(error.message)[:400]
            raise ProgramFailed(
                "page_broken", f"tesseract: {message}", program="tesseract", detail=message
            ) from error
        except UnicodeDecodeError as error:
            message = "its messages are not UTF-8"
            raise ProgramFailed(
                "page_broken", f"tesseract: {message}", program="tesseract", detail=message
            ) from error
        except RuntimeError as error:
            # pytesseract reports a time-out as a bare RuntimeError.
            message = f"tesseract: no end after {timeout:g} s"
            raise ProgramTimedOut("page_timed_out", message, program="tesseract", seconds=timeout) from error
        return _parse_tsv(Path(f"{target}.tsv"))


def orientation(image: Grey, *, dpi: int, timeout: float) -> tuple[int, float] | None:
    """Degrees clockwise to turn an image upright, and how sure that is; None if unknown."""
    program = tesseract.probe()
    if program is None or not tesseract.can_tell_orientation():
        return None
    with tempfile.TemporaryDirectory(prefix="osd-") as folder:
        source = _written(image, folder)
        argv = [program.path, source, "-", "--psm", "0", "-l", "osd", "--dpi", str(dpi)]
        result = run([*argv, "--tessdata-dir", str(tesseract.data_folder())], timeout=timeout, check=False)
    turn = re.search(rb"Rotate: (\d+)", result.stdout)
    sure = re.search(rb"Orientation confidence: ([\d.]+)", result.stdout)
    return (int(turn[1]) % 360, float(sure[1])) if turn and sure else None


def _written(image: Grey, folder: str) -> str:
    """Write the image uncompressed, which is cheapest to write and to read."""
    path = f"{folder}/page.bmp"
    cv2.imwrite(path, image)
    return path


def _parse_tsv(path: Path) -> list[EngineWord]:
    """Parse a TSV; anything that Tesseract would not write is a failure, never a page without words."""
    try:
        rows = path.read_text(encoding="utf-8").split("\n")
        if rows[0].split("\t") != _COLUMNS:
            raise ValueError(f"header {rows[0][:80]!r}")
        return [word for row in rows[1:] if row for word in _parse_row(row)]
    except (OSError, ValueError) as error:
        # A missing config makes Tesseract exit 0 without the file that was asked for.
        message = f"no usable TSV: {error}"[:300]
        raise ProgramFailed(
            "page_broken", f"tesseract: {message}", program="tesseract", detail=message
        ) from error


def _parse_row(row: str) -> list[EngineWord]:
    cells = row.split("\t", maxsplit=len(_COLUMNS) - 1)
    if len(cells) != len(_COLUMNS):
        raise ValueError(f"row {row[:80]!r}")
    text = cells[11].strip()
    if cells[0] != "5" or not text:
        return []
    block, paragraph, line, _, left, top, width, height = (int(cell) for cell in cells[2:10])
    confidence = min(1.0, max(0.0, float(cells[10]) / 100))
    return [
        EngineWord(text, confidence, left, top, left + width, top + height, block, (block, paragraph, line))
    ]
