"""Model files: that they are those which were measured, and sessions that run them.

A file that is missing, cut or another than the pinned one is refused: a lesser reading must never pass for the
measured one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import onnxruntime

from schemas.errors import SetupError

OURS: Final = Path(__file__).parent / "weights"


def content(file: Path, digest: str) -> bytes:
    """Bytes of a pinned file.

    Raises:
        SetupError: it is missing, or not the file that was measured.
    """
    remedy = "weights_changed" if file.parent == OURS else "line_net_changed"
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SetupError(f"{file}: {error}", remedy=remedy, file=str(file)) from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise SetupError(f"{file} is not the pinned file", remedy=remedy, file=str(file))
    return data


def session(model: bytes) -> Any:
    """A session of a model, on one thread."""
    options = onnxruntime.SessionOptions()
    # One thread: the pool runs a worker for each core.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Its arena keeps the largest batch there ever was, for no gain in speed.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
