"""Shared by both Tesseract engines: the program, the language data, the identity of a reading."""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path

from engines import runner
from engines.runner import Program
from schemas.errors import SetupError

_REFUSED = {"5.4.0"}
_DATA_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
)


@functools.cache
def probe() -> Program | None:
    """The tesseract program on this machine, None if there is none."""
    return runner.probe("tesseract", pattern=rb"tesseract\s+v?(\d+\.\d+(?:\.\d+)?)")


@functools.cache
def data_folder() -> Path:
    """The folder of the language data.

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
def identity(door: str, version: str, languages: str) -> str:
    """Door, version of Tesseract and digest of the language data.

    Args:
        door: name of the engine's module.
        version: of Tesseract as that engine uses it.
        languages: as Tesseract takes them, `vie` or `vie+eng`.

    Raises:
        SetupError: the version is refused, or a language is missing.
    """
    if version in _REFUSED:
        raise SetupError(f"tesseract {version} is refused", remedy="tesseract_refused", version=version)
    digest = hashlib.sha256()
    for language in languages.split("+"):
        file = data_folder() / f"{language}.traineddata"
        if not file.is_file():
            raise SetupError(f"no language data {language}", remedy="tesseract_data_missing", lang=language)
        digest.update(file.read_bytes())
    return f"{door} {version} {languages} {digest.hexdigest()[:12]}"


def can_tell_orientation() -> bool:
    """True if the data for orientation detection are installed."""
    return (data_folder() / "osd.traineddata").is_file()
