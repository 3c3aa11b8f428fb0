"""The interface to OCR engines: an image in, words with boxes out, in one pass.

An engine is a module with the functions of `OcrEngine`, named in `ENGINES`; a new one is its module and its line there.
Where the wanted engine cannot be loaded on a machine, the next in the list that can be reads instead; the reading's digest
names the one that did.
"""

from __future__ import annotations

import functools
import importlib
from typing import Final, NamedTuple, Protocol, cast

import numpy as np
import numpy.typing as npt

from schemas.errors import SetupError
from schemas.rules import ReadingProfile

Grey = npt.NDArray[np.uint8]
ENGINES: Final[dict[str, str]] = {
    "tesserocr": "engines.tesserocr_door",
    "pytesseract": "engines.pytesseract_door",
}


class EngineWord(NamedTuple):
    """One recognised word, in pixels of the image it was given; confidence 0–1."""

    text: str
    confidence: float
    left: int
    top: int
    right: int
    bottom: int
    block: int
    line: tuple[int, int, int]


class OcrEngine(Protocol):
    """Interface of an engine's module."""

    def identity(self, languages: str) -> str:
        """Identity of the engine for the reading digest: engine, version, digest of its data.

        Raises:
            SetupError: the engine is absent, refused, or lacks a language.
        """

    def recognise(
        self, image: Grey, profile: ReadingProfile, *, dpi: int, timeout: float
    ) -> list[EngineWord]:
        """Read one image in one pass.

        Raises:
            ProgramTimedOut, ProgramFailed: the engine ran past its limit or failed.
        """

    def orientation(self, image: Grey, *, dpi: int, timeout: float) -> tuple[int, float] | None:
        """Degrees clockwise the image must be turned to stand upright, and how sure that is; None if unknown."""


@functools.cache
def engine_named(name: str) -> OcrEngine:
    """The engine of a name, or the next one that this machine can load.

    Raises:
        SetupError: there is no such engine, or none can be loaded.
    """
    if name not in ENGINES:
        raise SetupError(f"no OCR engine {name}; there are {', '.join(ENGINES)}", remedy="tesseract_missing")
    order = [name, *(other for other in ENGINES if other != name)]
    for candidate in order:
        try:
            return cast(OcrEngine, importlib.import_module(ENGINES[candidate]))
        except ImportError:
            continue
    raise SetupError(f"no OCR engine can be loaded: {', '.join(order)}", remedy="tesseract_missing")


@functools.cache
def identity(name: str, languages: str) -> str:
    """Identity of the named engine; raises as `engine_named` and `OcrEngine.identity` do."""
    return engine_named(name).identity(languages)


def recognise(image: Grey, profile: ReadingProfile, *, dpi: int, timeout: float) -> list[EngineWord]:
    """Read one image by the profile's engine; raises as `identity` and `OcrEngine.recognise` do."""
    identity(profile.engine, profile.languages)
    return engine_named(profile.engine).recognise(image, profile, dpi=dpi, timeout=timeout)


def orientation(
    image: Grey, profile: ReadingProfile, *, dpi: int, timeout: float
) -> tuple[int, float] | None:
    """Detect the orientation with the profile's engine; a reduced image is sufficient."""
    return engine_named(profile.engine).orientation(image, dpi=dpi, timeout=timeout)
