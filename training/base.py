"""What tuning begins with: the recogniser of the wheel `trueocr` 0.1.1 (Apache-2.0), pinned, and its characters."""

from __future__ import annotations

import json

from engines.line_models import FOLDER
from engines.onnx_models import content

_RECOGNISER = "360b800dcbebd1099270f703ac35a43a6c86b40de049c4be78a130184b3bfef0"
_META = "934c619f2b8579aa0fa0ead0ec20afc79fd92966be0255ebaf821142fe8740cd"
# Signs of state papers that the wheel's net does not know.
NEW = tuple('!"?=[]{}–—…°§²³')


def model() -> bytes:
    """The recogniser's file.

    Raises:
        SetupError: it is missing, or another.
    """
    return content(FOLDER / "rec.onnx", _RECOGNISER)


def characters() -> tuple[str, ...]:
    """What its classes stand for, the blank left out; raises as `model`."""
    return tuple(json.loads(content(FOLDER / "meta.json", _META))["charset"])
