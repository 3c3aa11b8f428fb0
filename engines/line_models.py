"""The line net's models: where they lie, that they are those which were measured, and their sessions.

They come in the wheel `trueocr` (Apache-2.0), of which only the files are used; nothing of its code is imported. A file
that is missing, cut or another than the one pinned here is refused: a lesser reading must never pass for the measured one.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any, Final

import onnxruntime

from schemas.errors import SetupError

_PACKAGE: Final = "trueocr"
_DIGESTS: Final = {
    "det.onnx": "f2bd4cba23e9c328cf7ec824634e423e191a2c6aacbbf35c62bd79dd70f62f59",
    "rec.onnx": "360b800dcbebd1099270f703ac35a43a6c86b40de049c4be78a130184b3bfef0",
    "meta.json": "934c619f2b8579aa0fa0ead0ec20afc79fd92966be0255ebaf821142fe8740cd",
}
_FLOAT, _INT64 = 1, 7  # ONNX's numbers of these types


def _folder() -> Path:
    """Folder of the models.

    Raises:
        ImportError: the package that brings them is not installed.
    """
    found = importlib.util.find_spec(_PACKAGE)
    for place in (found.submodule_search_locations or ()) if found else ():
        if (Path(place) / "models").is_dir():
            return Path(place) / "models"
    raise ImportError(f"no package {_PACKAGE}")


FOLDER: Final = _folder()


def content(name: str) -> bytes:
    """Bytes of one model file.

    Raises:
        SetupError: it is missing, or not the file that was measured.
    """
    file = FOLDER / name
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SetupError(f"{file}: {error}", remedy="line_net_changed", file=str(file)) from error
    if hashlib.sha256(data).hexdigest() != _DIGESTS[name]:
        raise SetupError(f"{file} is not the pinned file", remedy="line_net_changed", file=str(file))
    return data


@functools.cache
def identity() -> str:
    """Digest of the models together, and the version of what runs them.

    Raises:
        SetupError: as `content`.
    """
    digest = hashlib.sha256()
    for name in _DIGESTS:
        digest.update(content(name))
    return f"onnxruntime {onnxruntime.__version__} {digest.hexdigest()[:12]}"


@functools.cache
def characters() -> tuple[str, ...]:
    """What the recogniser's classes stand for; class 0 is the blank, class n the n-th of these."""
    return tuple(json.loads(content("meta.json"))["charset"])


@functools.cache
def detector() -> Any:
    """Session of the detector of text lines: ink map [1, 1, H, W] → [1, 3, H/2, W/2]."""
    return _session(content("det.onnx"))


@functools.cache
def recogniser() -> Any:
    """Session of the recogniser: ink maps [B, 1, 96, W] and their widths → classes, and the alternatives to each."""
    return _session(content("rec.onnx") + _more_outputs({"topv": _FLOAT, "topi": _INT64}))


def _session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    # One thread: the pool runs a worker for each core.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Its arena keeps the largest batch there ever was, for no gain in speed.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _more_outputs(outputs: dict[str, int]) -> bytes:
    """Bytes that, put behind a serialised model, declare further outputs of its graph.

    Messages of protocol buffers merge when they are concatenated: this one holds only graph (field 7) → output (field 12) →
    name (1), type (2) → tensor (1) → element type (1).
    """
    declared = b""
    for name, kind in outputs.items():
        tensor = _field(1, bytes([0x08, kind]))
        declared += _field(12, _field(1, name.encode()) + _field(2, tensor))
    return _field(7, declared)


def _field(number: int, data: bytes) -> bytes:
    if len(data) > 127:
        raise ValueError("longer than one byte of length")
    return bytes([number << 3 | 2, len(data)]) + data
