"""Tesseract in process, through tesserocr: less overhead than the program. Importing this module requires tesserocr."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import tesserocr

from engines import tesseract
from engines.ocr import EngineWord, Grey
from engines.runner import ProgramFailed, ProgramTimedOut
from schemas.errors import SetupError
from schemas.rules import ReadingProfile


def identity(languages: str) -> str:
    """Identity of this engine for the reading digest."""
    return tesseract.identity("tesserocr", str(tesserocr.tesseract_version().split()[1]), languages)


def recognise(image: Grey, profile: ReadingProfile, *, dpi: int, timeout: float) -> list[EngineWord]:
    """Read one image in one pass."""
    api = _api(profile.languages, profile.page_segmentation, profile.variables)
    started = time.monotonic()
    try:
        _give(api, image, dpi)
        if not api.Recognize(max(1, int(timeout * 1000))):
            if time.monotonic() - started >= timeout:
                message = f"tesseract: no end after {timeout:g} s"
                raise ProgramTimedOut("page_timed_out", message, program="tesserocr", seconds=timeout)
            message = "tesseract could not recognise the page"
            raise ProgramFailed("page_broken", message, program="tesserocr", detail="Recognize")
        iterator = api.GetIterator()
        return [] if iterator is None else _words(tesserocr.iterate_level(iterator, tesserocr.RIL.WORD))
    finally:
        api.Clear()


def orientation(image: Grey, *, dpi: int, timeout: float) -> tuple[int, float] | None:
    """Degrees clockwise to turn an image upright, and how sure that is; None if unknown."""
    del timeout
    if not tesseract.can_tell_orientation():
        return None
    api = _api("osd", 0, ())
    try:
        _give(api, image, dpi)
        result = api.DetectOrientationScript()
    finally:
        api.Clear()
    return (-int(result["orient_deg"]) % 360, float(result["orient_conf"])) if result else None


@functools.cache
def _api(wanted: str, segmentation: int, variables: tuple[tuple[str, str], ...]) -> Any:
    """One cached engine per process: loading the language data costs more than a small page."""
    api = tesserocr.PyTessBaseAPI(path=str(tesseract.data_folder()), lang=wanted, psm=segmentation)
    for name, value in variables:
        if not api.SetVariable(name, value):
            raise SetupError(f"tesseract knows no variable {name}", remedy="tesseract_missing")
    return api


def _give(api: Any, image: Grey, dpi: int) -> None:
    height, width = image.shape
    api.SetImageBytes(np.ascontiguousarray(image).tobytes(), width, height, 1, width)
    api.SetSourceResolution(dpi)


def _words(items: Iterable[Any]) -> list[EngineWord]:
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
