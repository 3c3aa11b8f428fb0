"""The line net: finds the lines of a page, reads each with its surroundings, and tells what else each letter might be.

A small CTC recogniser of Vietnamese print (`engines.line_models`), on one thread. Importing this module requires
onnxruntime.
"""

from __future__ import annotations

import math
import time
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from engines import line_models
from engines.ocr import EngineWord, Grey, Letter
from engines.runner import ProgramTimedOut
from schemas.reading import Box
from schemas.rules import ReadingProfile

Ink = npt.NDArray[np.float32]
# The recogniser sees a line 32 px high, with one line's height of the page above it and below.
_HEIGHT, _ROWS = 32, 3
_ABOVE, _BESIDE = 0.2, 0.3  # margins, in line heights
_LONGEST = 1400  # pixels of a line; what is longer is squeezed
_STEP, _HALO = 8, 8
_BATCH, _AREA, _SPREAD = 16, 64 * 640, 1.3
_LONG_SIDE, _LONGEST_SIDE = 1024, 2048  # of the page as the detector sees it
_SMALL, _COMFORTABLE = 9.0, 12.0  # line heights in its pixels
_FEW_LINES = 8
_MULTIPLE, _STRIDE = 32, 2
_CORE = 0.15  # the detected core of a line ends this far inside it, in line heights
_LEAST = -9.0  # log probability of an alternative worth keeping
_BLANK: Final = 0


def identity(languages: str) -> str:
    """Identity of this engine for the reading digest."""
    del languages  # it knows Vietnamese alone
    return f"line_net {line_models.identity()}"


def recognise(image: Grey, profile: ReadingProfile, *, dpi: int, timeout: float) -> list[EngineWord]:
    """Read one image in one pass."""
    del profile, dpi
    until = time.monotonic() + timeout
    words: list[EngineWord] = []
    for number, (box, letters) in enumerate(read_lines(image, find_lines(image), until, timeout)):
        words += _words(letters, box, number)
    return words


def orientation(image: Grey, *, dpi: int, timeout: float) -> tuple[int, float] | None:
    """None: it cannot tell; the second engine does."""
    del image, dpi, timeout
    return None


def find_lines(image: Grey) -> list[Box]:
    """Text lines of a page, in no order."""
    boxes, scale = _detect(image, _LONG_SIDE)
    if len(boxes) >= _FEW_LINES:
        usual = float(np.median(boxes[:, 3] - boxes[:, 1]))
        side = int(min(_LONGEST_SIDE, _LONG_SIDE * _COMFORTABLE / max(usual, 1.0))) // _MULTIPLE * _MULTIPLE
        if usual < _SMALL and side > _LONG_SIDE:
            boxes, scale = _detect(image, side)
    height, width = image.shape
    found = []
    for left, top, right, bottom in (boxes / scale).tolist():
        box = Box(
            max(0, math.floor(left)),
            max(0, math.floor(top)),
            min(width, math.ceil(right)),
            min(height, math.ceil(bottom)),
        )
        if box.right > box.left + 1 and box.height > 2:
            found.append(box)
    return found


def read_lines(
    image: Grey, boxes: Sequence[Box], until: float = math.inf, timeout: float = 0.0
) -> Iterator[tuple[Box, list[Letter]]]:
    """Letters and spaces of each line, left to right, x in pixels of the image.

    Args:
        image: grey, dark on light.
        boxes: its lines.
        until: monotonic time at which to give up.
        timeout: what `until` was made of, for the message.

    Raises:
        ProgramTimedOut: the time is over.
    """
    crops = [crop(image, box) for box in boxes]
    session = line_models.recogniser()
    read: dict[int, list[Letter]] = {}
    for chosen in _batches([crop.shape[1] for crop in crops]):
        if time.monotonic() > until:
            message = f"line net: no end after {timeout:g} s"
            raise ProgramTimedOut("page_timed_out", message, program="line_net", seconds=timeout)
        inputs = _padded([crops[index] for index in chosen])
        names = ["ids", "conf", "lengths", "topv", "topi"]
        ids, sure, lengths, values, classes = session.run(names, inputs)
        step = inputs["x"].shape[3] / ids.shape[1]
        for row, index in enumerate(chosen):
            end, box = int(lengths[row]), boxes[index]
            stretch = (box.right - box.left + 2 * _BESIDE * box.height) / crops[index].shape[1]
            peaks = _Peaks(ids[row, :end], sure[row, :end], values[row, :end], classes[row, :end])
            read[index] = list(_letters(peaks, box.left - _BESIDE * box.height, step * stretch))
    for index, box in enumerate(boxes):
        yield box, read[index]


class _Peaks(NamedTuple):
    """What the recogniser says of each step along a line: class, probability, and its best classes with their logs."""

    ids: npt.NDArray[np.int64]
    sure: npt.NDArray[np.float32]
    values: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]


def _letters(peaks: _Peaks, left: float, step: float) -> Iterator[Letter]:
    """Letters of a line by greedy CTC: a run of one class is one letter, at the step where it was surest."""
    known, ids = line_models.characters(), peaks.ids
    space = known.index(" ") + 1
    starts = np.flatnonzero((ids != _BLANK) & np.concatenate(([True], ids[1:] != ids[:-1])))
    before = -1
    for start in starts.tolist():
        end = start
        while end + 1 < len(ids) and ids[end + 1] == ids[start]:
            end += 1
        best = start + int(peaks.sure[start : end + 1].argmax())
        between = peaks.values[before + 1 : best + 1][peaks.classes[before + 1 : best + 1] == space]
        pairs = zip(peaks.classes[best].tolist(), peaks.values[best].tolist(), strict=True)
        yield Letter(
            known[ids[start] - 1],
            float(peaks.sure[best]),
            left + (start + 0.5) * step,
            tuple((known[one - 1] if one else "", value) for one, value in pairs if value > _LEAST),
            float(between.max()) if before >= 0 and between.size else -math.inf,
        )
        before = best


def _words(letters: Sequence[Letter], box: Box, number: int) -> Iterator[EngineWord]:
    run: list[Letter] = []
    for letter in (*letters, None):
        if letter is not None and letter.text != " ":
            run.append(letter)
        elif run:
            yield _word(run, box, number)
            run = []


def _word(run: Sequence[Letter], box: Box, number: int) -> EngineWord:
    """Letters that stand together as a word of a line; a word is as sure as its least sure letter."""
    left = max(box.left, round(run[0].x - 0.25 * box.height))
    right = min(box.right, round(run[-1].x + 0.3 * box.height))
    text = unicodedata.normalize("NFC", "".join(letter.text for letter in run))
    sure = min(letter.probability for letter in run)
    return EngineWord(
        text, sure, left, box.top, max(left + 1, right), box.bottom, 0, (0, 0, number), tuple(run)
    )


def _detect(image: Grey, long_side: int) -> tuple[npt.NDArray[np.float32], float]:
    """Boxes [N, 4] in pixels of the image as the detector saw it, and that image's scale."""
    height, width = image.shape
    scale = long_side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    ink = np.zeros((1, 1, *(-(-side // _MULTIPLE) * _MULTIPLE for side in size[::-1])), np.float32)
    ink[0, 0, : size[1], : size[0]] = 1.0 - small.astype(np.float32) / 255
    return _boxes(line_models.detector().run(None, {"x": ink})[0][0]), scale


def _boxes(out: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Boxes from the detector's maps: logit of a line's core, and how far its top and foot are from each pixel."""
    core = (out[0] > 0).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
    rows, across = np.nonzero(core)
    part = labels[rows, across]
    middle = (rows.astype(np.float32) + 0.5) * _STRIDE
    number = np.maximum(np.bincount(part, minlength=count), 1)
    top = np.bincount(part, weights=middle - out[1][rows, across], minlength=count) / number
    foot = np.bincount(part, weights=middle + out[2][rows, across], minlength=count) / number
    kept = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= 2)
    kept = kept[kept > 0]
    beyond = _CORE * np.maximum(1.0, foot - top)
    left = stats[:, cv2.CC_STAT_LEFT] * _STRIDE - beyond
    right = (stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH]) * _STRIDE + beyond
    return np.stack([left, top, right, foot], axis=1)[kept].astype(np.float32)


def crop(image: Grey, box: Box) -> Ink:
    """Ink map (0 paper, 1 ink) of a line and what is above and below it; white beyond the page."""
    tall = (_ROWS * (1 + 2 * _ABOVE) - 1) / 2 * box.height
    wide = _BESIDE * box.height
    left, right = math.floor(box.left - wide), math.ceil(box.right + wide)
    top, bottom = math.floor(box.top - tall), math.ceil(box.bottom + tall)
    height, width = image.shape
    dark = _is_light_on_dark(image[box.top : box.bottom + 1, box.left : box.right + 1])
    part = cv2.copyMakeBorder(
        image[max(0, top) : min(height, bottom), max(0, left) : min(width, right)],
        max(0, -top),
        max(0, bottom - height),
        max(0, -left),
        max(0, right - width),
        cv2.BORDER_CONSTANT,
        value=0 if dark else 255,
    )
    high = _HEIGHT * _ROWS
    size = max(_STEP, min(_LONGEST, round(part.shape[1] * high / part.shape[0]))), high
    way = cv2.INTER_AREA if part.shape[0] > high else cv2.INTER_LINEAR
    grey = cv2.resize(part, size, interpolation=way).astype(np.float32) / 255
    return cast(Ink, grey if dark else 1.0 - grey)


def _is_light_on_dark(line: Grey) -> bool:
    """True if the middle of a line's brightness lies nearer its dark end: a banner, the dark head of a table."""
    if not line.size:
        return False
    low, middle, high = np.percentile(line[::2, ::2], (2, 50, 98))
    return bool(high - middle > 2 * (middle - low) + 8)


def _batches(widths: Sequence[int]) -> list[list[int]]:
    """Lines of similar width together, so that little is spent on padding."""
    batches: list[list[int]] = []
    for index in sorted(range(len(widths)), key=widths.__getitem__):
        wide = max(widths[index], 64)
        last = batches[-1] if batches else []
        fits = last and wide <= _SPREAD * max(widths[last[0]], 64) and (len(last) + 1) * wide <= _AREA
        if fits and len(last) < _BATCH:
            last.append(index)
        else:
            batches.append([index])
    return batches


def _padded(crops: Sequence[Ink]) -> dict[str, Any]:
    widest = -(-max(crop.shape[1] for crop in crops) // _STEP) * _STEP + _HALO
    out = np.zeros((len(crops), 1, _HEIGHT * _ROWS, widest), np.float32)
    for row, crop in enumerate(crops):
        out[row, 0, :, : crop.shape[1]] = crop
    return {"x": out, "widths": np.array([crop.shape[1] for crop in crops], np.int64)}
