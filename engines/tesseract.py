"""Tesseract behind one callable: a grey image in, words with boxes out, in one pass.

Two doors to the same engine: `pytesseract` (Debian's program, portable) and `tesserocr` (in-process, less overhead). Both
are imported only where they are used: pytesseract pulls pandas.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shlex
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engines import runner
from engines.runner import Program, ProgramFailed, ProgramTimedOut, run
from schemas.errors import SetupError
from schemas.rules import ReadingProfile

Grey = npt.NDArray[np.uint8]
_REFUSED = {"5.4.0"}
_COLUMNS = [
    *("level", "page_num", "block_num", "par_num", "line_num", "word_num"),
    *("left", "top", "width", "height", "conf", "text"),
]
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
    return runner.probe("tesseract", pattern=rb"tesseract\s+v?(\d+\.\d+(?:\.\d+)?)")


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


def languages() -> tuple[str, ...]:
    """Languages whose data lie in the data folder."""
    return tuple(sorted(file.stem for file in data_folder().glob("*.traineddata")))


@functools.cache
def identity(engine: str, wanted: str) -> str:
    """What decides a reading besides our own code: door, engine version, digest of the language data.

    Args:
        engine: `pytesseract` or `tesserocr`.
        wanted: languages as Tesseract takes them, `vie` or `vie+eng`.

    Raises:
        SetupError: Tesseract is absent, is a refused version, or lacks a language.
    """
    version = _version(engine)
    if version in _REFUSED:
        said = f"tesseract {version} is refused"
        raise SetupError(said, remedy="tesseract_refused", version=version)
    digest = hashlib.sha256()
    for language in wanted.split("+"):
        file = data_folder() / f"{language}.traineddata"
        if not file.is_file():
            raise SetupError(f"no language data {language}", remedy="tesseract_data_missing", lang=language)
        digest.update(file.read_bytes())
    return f"{engine} {version} {wanted} {digest.hexdigest()[:12]}"


def _version(engine: str) -> str:
    if engine == "tesserocr":
        try:
            import tesserocr  # noqa: PLC0415
        except ImportError as error:
            raise SetupError(f"tesserocr: {error}", remedy="tesseract_missing") from error
        return str(tesserocr.tesseract_version().split()[1])
    program = probe()
    if program is None:
        raise SetupError("tesseract is not installed", remedy="tesseract_missing")
    return program.version


def recognise(image: Grey, profile: ReadingProfile, *, dpi: int, timeout: float) -> list[EngineWord]:
    """Read one image in one pass.

    Raises:
        ProgramTimedOut, ProgramFailed: the engine ran past its limit or failed.
        SetupError: there is no such engine here, or it is one that is refused.
    """
    identity(profile.engine, profile.languages)
    door = _by_tesserocr if profile.engine == "tesserocr" else _by_pytesseract
    return door(image, profile, dpi, timeout)


def _by_pytesseract(image: Grey, profile: ReadingProfile, dpi: int, timeout: float) -> list[EngineWord]:
    import pytesseract.pytesseract as door  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="ocr-") as folder:
        source, target = _written(image, folder), f"{folder}/page"
        config = (
            f"--dpi {dpi} --psm {profile.page_segmentation} --tessdata-dir {shlex.quote(str(data_folder()))}"
            " -c tessedit_create_tsv=1 -c tessedit_create_txt=0"
        )
        config += "".join(f" -c {shlex.quote(f'{name}={value}')}" for name, value in profile.variables)
        try:
            door.run_tesseract(source, target, "tsv", profile.languages, config=config, timeout=timeout)
        except door.TesseractError as error:
            said = str(error.message)[:400]
            raise ProgramFailed(
                "page_broken", f"tesseract: {said}", program="tesseract", detail=said
            ) from error
        except UnicodeDecodeError as error:
            said = "its messages are not UTF-8"
            raise ProgramFailed(
                "page_broken", f"tesseract: {said}", program="tesseract", detail=said
            ) from error
        except RuntimeError as error:
            # pytesseract tells a time-out by a bare RuntimeError.
            said = f"tesseract: no end after {timeout:g} s"
            raise ProgramTimedOut("page_timed_out", said, program="tesseract", seconds=timeout) from error
        return _parse_tsv(Path(f"{target}.tsv"))


def _written(image: Grey, folder: str) -> str:
    """An uncompressed file costs the least on both sides."""
    import cv2  # noqa: PLC0415

    path = f"{folder}/page.bmp"
    cv2.imwrite(path, image)
    return path


def _parse_tsv(path: Path) -> list[EngineWord]:
    """Words of a TSV; anything that is not what Tesseract writes is a failure, never a page without words."""
    try:
        rows = path.read_text(encoding="utf-8").split("\n")
        if rows[0].split("\t") != _COLUMNS:
            raise ValueError(f"header {rows[0][:80]!r}")
        return [word for row in rows[1:] if row for word in _parse_row(row)]
    except (OSError, ValueError) as error:
        # A missing config makes Tesseract exit 0 without the file that was asked for.
        said = f"no usable TSV: {error}"[:300]
        raise ProgramFailed("page_broken", f"tesseract: {said}", program="tesseract", detail=said) from error


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


@functools.cache
def _api(wanted: str, segmentation: int, variables: tuple[tuple[str, str], ...]) -> Any:
    """One engine a process, kept: loading the language data costs more than a small page."""
    import tesserocr  # noqa: PLC0415

    api = tesserocr.PyTessBaseAPI(path=str(data_folder()), lang=wanted, psm=segmentation)
    for name, value in variables:
        if not api.SetVariable(name, value):
            raise SetupError(f"tesseract knows no variable {name}", remedy="tesseract_missing")
    return api


def _by_tesserocr(image: Grey, profile: ReadingProfile, dpi: int, timeout: float) -> list[EngineWord]:
    import tesserocr  # noqa: PLC0415

    api = _api(profile.languages, profile.page_segmentation, profile.variables)
    started = time.monotonic()
    try:
        _give(api, image, dpi)
        if not api.Recognize(max(1, int(timeout * 1000))):
            if time.monotonic() - started >= timeout:
                said = f"tesseract: no end after {timeout:g} s"
                raise ProgramTimedOut("page_timed_out", said, program="tesserocr", seconds=timeout)
            said = "tesseract could not recognise the page"
            raise ProgramFailed("page_broken", said, program="tesserocr", detail="Recognize")
        iterator = api.GetIterator()
        return [] if iterator is None else _words(tesserocr.iterate_level(iterator, tesserocr.RIL.WORD))
    finally:
        api.Clear()


def _give(api: Any, image: Grey, dpi: int) -> None:
    height, width = image.shape
    api.SetImageBytes(np.ascontiguousarray(image).tobytes(), width, height, 1, width)
    api.SetSourceResolution(dpi)


def _words(items: Iterable[Any]) -> list[EngineWord]:
    import tesserocr  # noqa: PLC0415

    level, words = tesserocr.RIL, []
    block = paragraph = line = 0
    for item in items:
        block += item.IsAtBeginningOf(level.BLOCK)
        paragraph += item.IsAtBeginningOf(level.PARA)
        line += item.IsAtBeginningOf(level.TEXTLINE)
        box = item.BoundingBox(level.WORD)
        if item.Empty(level.WORD) or box is None:
            continue
        text = item.GetUTF8Text(level.WORD).strip()
        if text:
            confidence = min(1.0, max(0.0, item.Confidence(level.WORD) / 100))
            left, top, right, bottom = box
            place = (block, paragraph, line)
            words.append(EngineWord(text, confidence, left, top, right, bottom, block, place))
    return words


def orientation(image: Grey, engine: str, *, dpi: int, timeout: float) -> tuple[int, float] | None:
    """Degrees clockwise the image must be turned to stand upright, and how sure that is; None if it cannot be told.

    Args:
        image: H×W grey; a reduced one does.
        engine: `pytesseract` or `tesserocr`.
        dpi: of the image.
        timeout: seconds.
    """
    if not (data_folder() / "osd.traineddata").is_file():
        return None
    return (
        _orientation_here(image, dpi)
        if engine == "tesserocr"
        else _orientation_by_program(image, dpi, timeout)
    )


def _orientation_here(image: Grey, dpi: int) -> tuple[int, float] | None:
    api = _api("osd", 0, ())
    try:
        _give(api, image, dpi)
        said = api.DetectOrientationScript()
    finally:
        api.Clear()
    return (-int(said["orient_deg"]) % 360, float(said["orient_conf"])) if said else None


def _orientation_by_program(image: Grey, dpi: int, timeout: float) -> tuple[int, float] | None:
    program = probe()
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="osd-") as folder:
        source = _written(image, folder)
        argv = [program.path, source, "-", "--psm", "0", "-l", "osd", "--dpi", str(dpi)]
        said = run([*argv, "--tessdata-dir", str(data_folder())], timeout=timeout, check=False)
    turn = re.search(rb"Rotate: (\d+)", said.stdout)
    sure = re.search(rb"Orientation confidence: ([\d.]+)", said.stdout)
    return (int(turn[1]) % 360, float(sure[1])) if turn and sure else None
