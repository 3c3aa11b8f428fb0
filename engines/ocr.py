"""The interface to OCR engines: an image in, words with boxes out, in one pass.

An engine is a module with the functions of `OcrEngine`, named in `ENGINES`; a new one is its module and its line there. An
engine's module raises ImportError where what it needs is not installed: then the next in the list reads instead, the
reading's digest names the one that did, and a page that another recogniser read says so.
"""

from __future__ import annotations

import functools
import importlib
import math
from typing import Final, NamedTuple, Protocol, cast

import numpy as np
import numpy.typing as npt

from schemas.errors import SetupError
from schemas.rules import ReadingProfile

Grey = npt.NDArray[np.uint8]


class Entry(NamedTuple):
    """An engine's module, and the recogniser behind it: two doors to one recogniser read alike."""

    module: str
    recogniser: str


ENGINES: Final[dict[str, Entry]] = {
    "tesserocr": Entry("engines.tesserocr_door", "Tesseract"),
    "pytesseract": Entry("engines.pytesseract_door", "Tesseract"),
    "line_net": Entry("engines.line_net", "line net"),
}


class Letter(NamedTuple):
    """One letter of a word, by an engine that tells letters apart.

    Attributes:
        text: the letter.
        probability: that it is this one, 0–1.
        x: where along the line it was seen, pixels; near its left side.
        alternatives: what else it might be, with log probabilities; "" for no letter at all.
        space: log probability of a space before it.
    """

    text: str
    probability: float
    x: float
    alternatives: tuple[tuple[str, float], ...] = ()
    space: float = -math.inf


class EngineWord(NamedTuple):
    """One recognised word, in pixels of the image it was given; confidence 0–1; its letters where the engine has them."""

    text: str
    confidence: float
    left: int
    top: int
    right: int
    bottom: int
    block: int
    line: tuple[int, int, int]
    letters: tuple[Letter, ...] = ()


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
def loaded(name: str) -> tuple[str, OcrEngine]:
    """The engine of a name, or the next one that this machine can load; with its own name.

    Raises:
        SetupError: there is no such engine, or none can be loaded.
    """
    if name not in ENGINES:
        known = ", ".join(ENGINES)
        raise SetupError(
            f"no OCR engine {name}; there are {known}", remedy="engine_unknown", name=name, known=known
        )
    order = [name, *(other for other in ENGINES if other != name)]
    for candidate in order:
        try:
            return candidate, cast(OcrEngine, importlib.import_module(ENGINES[candidate].module))
        except ImportError:
            continue
    raise SetupError(f"no OCR engine can be loaded: {', '.join(order)}", remedy="tesseract_missing")


def replacement(name: str) -> str | None:
    """The recogniser that reads instead of the named engine's own on this machine; None where its own does."""
    found = ENGINES[loaded(name)[0]].recogniser
    return found if found != ENGINES[name].recogniser else None


@functools.lru_cache(maxsize=16)
def identity(profile: ReadingProfile) -> str:
    """Identity of the engines of a profile; raises as `loaded` and `OcrEngine.identity` do."""
    names = dict.fromkeys((profile.engine, profile.second))
    return " + ".join(dict.fromkeys(loaded(name)[1].identity(profile.languages) for name in names))


def recognise(image: Grey, profile: ReadingProfile, *, dpi: int, timeout: float) -> list[EngineWord]:
    """Read one image by the profile's engine; raises as `identity` and `OcrEngine.recognise` do."""
    identity(profile)
    return loaded(profile.engine)[1].recognise(image, profile, dpi=dpi, timeout=timeout)


def orientation(
    image: Grey, profile: ReadingProfile, *, dpi: int, timeout: float
) -> tuple[int, float] | None:
    """Detect the orientation with the profile's second engine; a reduced image is sufficient."""
    return loaded(profile.second)[1].orientation(image, dpi=dpi, timeout=timeout)
