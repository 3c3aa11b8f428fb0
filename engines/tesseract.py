"""Tesseract behind one callable: a grey image in, words with boxes out, in one pass.

Two doors to the same engine: `pytesseract` (Debian's program, portable) and `tesserocr` (in-process, less overhead). Both
are imported only where they are used: pytesseract pulls pandas.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engines.runner import Program, ProgramFailed, ProgramTimedOut, find, run
from schemas.errors import SetupError
from schemas.rules import ReadingProfile

Grey = npt.NDArray[np.uint8]
_REFUSED = {"5.4.0"}
_DATA_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
)


class EngineWord(NamedTuple):
    """One word as the engine saw it, in pixels of the image it was given; confidence 0–1."""

    text: str
    confidence: float
    left: int
    top: int
    right: int
    bottom: int
    block: int
    line: tuple[int, int, int]


@functools.cache
def probe() -> Program | None:
    """The tesseract program on this machine, None if there is none."""
    path = find("tesseract")
    if not path:
        return None
    said = run([path, "--version"], timeout=20, check=False)
    match = re.search(rb"tesseract\s+v?(\d+\.\d+(?:\.\d+)?)", said.stdout + said.stderr)
    return Program("tesseract", path, match[1].decode() if match else "?")


@functools.cache
def data_folder() -> Path:
    """Where the language data lie.

    Raises:
        SetupError: no folder holds any.
    """
    given = os.environ.get("TESSDATA_PREFIX")
    for folder in filter(None, (given, *_DATA_FOLDERS)):
        if any(Path(folder).glob("*.traineddata")):
            return Path(folder)
    raise SetupError("no Tesseract language data found", remedy="tesseract_data_missing", lang="vie")


@functools.cache
def identity(engine: str, languages: str) -> str:
    """What decides a reading besides our own code: door, engine version, digest of the language data.

    Raises:
        SetupError: Tesseract is absent, is a refused version, or lacks a language.
    """
    program = probe()
    if program is None:
        raise SetupError("tesseract is not installed", remedy="tesseract_missing")
    if program.version in _REFUSED:
        raise SetupError(f"tesseract {program.version} is refused", remedy="tesseract_refused", version=program.version)
    digest = hashlib.sha256()
    for language in languages.split("+"):
        file = data_folder() / f"{language}.traineddata"
        if not file.is_file():
            raise SetupError(f"no language data {language}", remedy="tesseract_data_missing", lang=language)
        digest.update(file.read_bytes())
    version = program.version
    if engine == "tesserocr":
        import tesserocr  # noqa: PLC0415

        version = tesserocr.tesseract_version().split()[1]
    return f"{engine} {version} {languages} {digest.hexdigest()[:12]}"


def recognise(image: Grey, profile: ReadingProfile, *, dpi: int, timeout: float) -> list[EngineWord]:
    """Read one image in one pass.

    Raises:
        ProgramTimedOut, ProgramFailed: the engine ran past its limit or failed.
    """
    door = _by_tesserocr if profile.engine == "tesserocr" else _by_pytesseract
    return door(image, profile, dpi, timeout)


def _by_pytesseract(image: Grey, profile: ReadingProfile, dpi: int, timeout: float) -> list[EngineWord]:
    import cv2  # noqa: PLC0415
    import pytesseract.pytesseract as door  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="ocr-") as folder:
        # An uncompressed file costs the least on both sides.
        source, target = f"{folder}/page.bmp", f"{folder}/page"
        cv2.imwrite(source, image)
        config = (
            f"--dpi {dpi} --psm {profile.page_segmentation} --tessdata-dir {data_folder()}"
            " -c tessedit_create_tsv=1 -c tessedit_create_txt=0"
        )
        try:
            door.run_tesseract(source, target, "tsv", profile.languages, config=config, timeout=timeout)
        except door.TesseractError as error:
            raise ProgramFailed("page_broken", f"tesseract: {error}", program="tesseract", detail=str(error)) from error
        except RuntimeError as error:
            # pytesseract tells a time-out by a bare RuntimeError.
            raise ProgramTimedOut("page_timed_out", str(error), program="tesseract", seconds=timeout) from error
        tsv = Path(f"{target}.tsv")
        if not tsv.is_file():
            # A missing config makes Tesseract exit 0 without the file that was asked for.
            raise ProgramFailed("page_broken", "tesseract wrote no TSV", program="tesseract", detail="no TSV")
        return _parse_tsv(tsv.read_text(encoding="utf-8", errors="replace"))


def _parse_tsv(text: str) -> list[EngineWord]:
    words = []
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] != "5" or not row["text"].strip():
            continue
        left, top, width, height = (int(row[key]) for key in ("left", "top", "width", "height"))
        line = (int(row["block_num"]), int(row["par_num"]), int(row["line_num"]))
        confidence = max(0.0, float(row["conf"])) / 100
        words.append(EngineWord(row["text"].strip(), confidence, left, top, left + width, top + height, line[0], line))
    return words


_apis: dict[tuple[str, int], Any] = {}


def _api(profile: ReadingProfile) -> Any:
    import tesserocr  # noqa: PLC0415

    key = (profile.languages, profile.page_segmentation)
    if key not in _apis:
        _apis[key] = tesserocr.PyTessBaseAPI(
            path=str(data_folder()), lang=profile.languages, psm=profile.page_segmentation
        )
    return _apis[key]


def _by_tesserocr(image: Grey, profile: ReadingProfile, dpi: int, timeout: float) -> list[EngineWord]:
    import tesserocr  # noqa: PLC0415

    api = _api(profile)
    height, width = image.shape
    api.SetImageBytes(np.ascontiguousarray(image).tobytes(), width, height, 1, width)
    api.SetSourceResolution(dpi)
    if not api.Recognize(int(timeout * 1000)):
        raise ProgramFailed("page_broken", "tesseract could not recognise", program="tesserocr", detail="Recognize")
    words: list[EngineWord] = []
    block = paragraph = line = 0
    level = tesserocr.RIL
    iterator = api.GetIterator()
    if iterator is None:
        return words
    for item in tesserocr.iterate_level(iterator, level.WORD):
        block += item.IsAtBeginningOf(level.BLOCK)
        paragraph += item.IsAtBeginningOf(level.PARA)
        line += item.IsAtBeginningOf(level.TEXTLINE)
        box = item.BoundingBox(level.WORD)
        if item.Empty(level.WORD) or box is None:
            continue
        text = item.GetUTF8Text(level.WORD).strip()
        if text:
            confidence = max(0.0, item.Confidence(level.WORD)) / 100
            words.append(EngineWord(text, confidence, *box, block, (block, paragraph, line)))
    api.Clear()
    return words


def orientation(image: Grey, timeout: float) -> tuple[int, float] | None:
    """Degrees clockwise the image must be turned to stand upright, with the engine's confidence; None if unsure."""
    import cv2  # noqa: PLC0415

    program = probe()
    if program is None or not (data_folder() / "osd.traineddata").is_file():
        return None
    with tempfile.TemporaryDirectory(prefix="osd-") as folder:
        source = f"{folder}/page.bmp"
        cv2.imwrite(source, image)
        argv = [program.path, source, "-", "--psm", "0", "-l", "osd", "--tessdata-dir", str(data_folder())]
        said = run(argv, timeout=timeout, check=False)
    turn = re.search(rb"Rotate: (\d+)", said.stdout)
    sure = re.search(rb"Orientation confidence: ([\d.]+)", said.stdout)
    if not turn or not sure:
        return None
    return int(turn[1]) % 360, float(sure[1])
