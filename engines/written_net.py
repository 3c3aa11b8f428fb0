"""The net that reads figures written by hand between printed words: `Số: … /`, `ngày … tháng … năm …`.

It is the line net with a head of blank, the ten digits and the slash between two figures, tuned on synthetic fields
(`training/`, `docs/line-net.md`).
A field is seen in several views; what each view says is kept whole, so that a string's probability can be asked for and
is not one engine's single guess. Importing this module requires onnxruntime.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from engines.onnx_models import OURS, content
from engines.onnx_models import session as started

Grey = npt.NDArray[np.uint8]
Ink = npt.NDArray[np.float32]
SIGNS: Final = "0123456789/"
# Three line heights of 32 px, as the line net sees them, and the same margins around the middle one.
_HIGH, _ROWS = 96, 4.2
_WIDEST = 640
_STEP = 8
_LEAST_CONTRAST = 30.0
_BEAM, _KEPT = 12, 8
_UNLIKELY: Final = math.exp(-9.0)  # a sign that no string is grown by
_MODEL: Final = OURS / "written_vi.onnx"
_DIGEST: Final = "7d5224bdf4245e4ed47ddd7987466da0eed0ae3774a96c54275569cb571c39e9"


class Stretch(NamedTuple):
    """Where figures may stand: a row of print, and how far along it; pixels."""

    top: float
    bottom: float
    left: float
    right: float


class View(NamedTuple):
    """How a field is cut: margins beside it in row heights, and how much wider it is made."""

    before: float
    behind: float
    wider: float


VIEWS: Final = (
    View(0.0, 0.0, 1.4),
    View(-0.15, 0.15, 1.25),
    View(0.15, -0.15, 1.4),
    View(0.1, 0.1, 1.55),
    View(-0.1, -0.1, 1.4),
)


def identity() -> str:
    """Digest of the model, for the reading digest; raises SetupError where the file is not the pinned one."""
    content(_MODEL, _DIGEST)
    return f"written net {_DIGEST[:12]}"


@functools.cache
def session() -> Any:
    """Session of the net: ink maps [B, 1, 96, W] and widths → log probabilities [B, T, 12], and lengths."""
    return started(content(_MODEL, _DIGEST))


def crop(image: Grey, place: Stretch, view: View) -> Ink:
    """Ink map [96, W] of a stretch, 0 paper and 1 ink; white beyond the page.

    Contrast is taken from the row itself: a pen's pale ink counts as ink, whatever the print around it.
    """
    high = place.bottom - place.top
    middle, half = (place.top + place.bottom) / 2, _ROWS * high / 2
    top, bottom = math.floor(middle - half), math.ceil(middle + half)
    left = math.floor(place.left - view.before * high)
    right = max(left + 8, math.ceil(place.right + view.behind * high))
    height, width = image.shape
    inside = image[max(0, top) : max(0, min(height, bottom)), max(0, left) : max(0, min(width, right))]
    if not inside.size:
        return np.zeros((_HIGH, 24), np.float32)
    whole = cv2.copyMakeBorder(
        inside,
        max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width),
        cv2.BORDER_CONSTANT, value=255.0,
    )  # fmt: skip
    wide = round(whole.shape[1] * _HIGH / whole.shape[0] * view.wider)
    way = cv2.INTER_AREA if whole.shape[0] > _HIGH else cv2.INTER_LINEAR
    grey = cv2.resize(whole, (min(_WIDEST, max(24, wide)), _HIGH), interpolation=way).astype(np.float32)
    row = grey[_HIGH // 3 : 2 * _HIGH // 3]
    paper, dark = float(np.percentile(row, 90)), float(np.percentile(row, 2))
    dark = min(dark, paper - _LEAST_CONTRAST)
    return cast(Ink, np.clip((paper - grey) / (paper - dark), 0.0, 1.0).astype(np.float32))


def read(crops: Sequence[Ink], net: Any = None) -> list[npt.NDArray[np.float32]]:
    """Log probabilities [T, 12] of each crop's steps, blank and the signs; by the net in use or another."""
    widest = -(-max(one.shape[1] for one in crops) // _STEP) * _STEP + _STEP
    ink = np.zeros((len(crops), 1, _HIGH, widest), np.float32)
    for row, one in enumerate(crops):
        ink[row, 0, :, : one.shape[1]] = one
    inputs = {"x": ink, "widths": np.array([one.shape[1] for one in crops], np.int64)}
    logs, lengths = (net or session()).run(["logs", "lengths"], inputs)
    return [each[: int(length)] for each, length in zip(logs, lengths, strict=True)]


def guesses(steps: npt.NDArray[np.float32]) -> list[str]:
    """The likeliest strings of one view, by CTC prefix beam search, the best first."""
    # Of each string: probability of the ways that end in a blank, and of those that end in its last sign.
    beam: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
    for step in np.exp(steps.astype(np.float64)).tolist():
        nearer: dict[str, tuple[float, float]] = {}
        likely = [number for number in range(1, len(step)) if step[number] > _UNLIKELY]
        for text, (blank, letter) in beam.items():
            total = blank + letter
            stays = letter * step[SIGNS.index(text[-1]) + 1] if text else 0.0
            _grow(nearer, text, total * step[0], stays)
            for number in likely:
                digit = SIGNS[number - 1]
                _grow(nearer, text + digit, 0.0, (blank if text.endswith(digit) else total) * step[number])
        beam = dict(sorted(nearer.items(), key=lambda one: -sum(one[1]))[:_BEAM])
    return list(beam)[:_KEPT]


def _grow(beam: dict[str, tuple[float, float]], text: str, blank: float, letter: float) -> None:
    before = beam.get(text, (0.0, 0.0))
    beam[text] = (before[0] + blank, before[1] + letter)


def likelihoods(steps: npt.NDArray[np.float32], texts: Sequence[str]) -> dict[str, float]:
    """Probability of each string by one view, 0–1: CTC's sum over all alignments, of all strings at once."""
    if not len(steps) or not texts:
        return {text: 0.0 if text else 1.0 for text in texts}
    # Labels of a string: blank, sign, blank, sign, … blank; shorter strings are filled up with blanks, never counted.
    labels = np.zeros((len(texts), 2 * max(map(len, texts)) + 1), np.intp)
    for row, text in enumerate(texts):
        labels[row, 1 : 2 * len(text) : 2] = [SIGNS.index(sign) + 1 for sign in text]
    skips = np.zeros(labels.shape)
    skips[:, 2:] = (labels[:, 2:] != 0) & (labels[:, 2:] != labels[:, :-2])
    emitted = np.exp(steps.astype(np.float64))[:, labels]
    score = np.zeros(labels.shape)
    score[:, :2] = emitted[0, :, :2]
    for now in emitted[1:]:
        reached = score.copy()
        reached[:, 1:] += score[:, :-1]
        reached[:, 2:] += score[:, :-2] * skips[:, 2:]
        score = reached * now
    return {
        text: float(score[row, max(0, 2 * len(text) - 1) : 2 * len(text) + 1].sum())
        for row, text in enumerate(texts)
    }
