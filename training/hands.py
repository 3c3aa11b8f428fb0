"""Digits as people write them: scanned ones, fonts of handwriting, and strokes drawn as clerks' pens go.

Sources are packages of the npm registry, pinned in `requirements/hands/`: `mnist` 1.1.0 (MIT, 10,000 digits) and fonts of
`@fontsource` (OFL, Apache). None of the pens that `samples/` writes with is among them, so samples stay unseen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from training.text import Random

Grey = npt.NDArray[np.uint8]
Points = tuple[tuple[float, float], ...]
_SCANNED, _FONTS = 0.38, 0.20  # shares; the rest are strokes
_TALL = 64
_WRITERS = 900
# Paths of a pen, x and y in hundredths of a digit's height, y down; strokes of one shape are parted by `;`. Shapes that
# Vietnamese clerks write: 1 with a long up-stroke or a bare bar, 4 open and closed, 7 crossed, 9 straight and curled.
_SHAPES: Final[dict[str, tuple[str, ...]]] = {
    "0": (
        "30,4 8,28 5,66 24,98 46,72 50,32 34,4 20,12",
        "26,0 2,28 3,74 28,100 56,72 55,24 25,1",
        "42,10 16,14 3,56 16,94 40,90 52,48 42,8 28,4",
        "36,2 14,20 6,60 20,96 44,80 48,30 30,0 44,-6",
    ),
    "1": (
        "2,48 20,28 39,0 36,50 31,100",
        "0,84 22,44 41,0 38,50 34,100",
        "30,0 28,50 26,100",
        "12,22 29,0 30,100",
        "12,24 30,1 30,98; 10,100 50,99",
        "0,96 20,50 37,1 40,50 37,100",
        "34,0 24,100",
    ),
    "2": (
        "6,26 20,4 44,8 47,34 28,70 5,96 0,90 12,82 34,95 60,92",
        "5,22 25,0 50,18 36,60 2,100; 2,100 58,96",
        "12,30 6,14 25,0 48,14 40,50 18,90 4,98 5,83 20,82 40,97 62,88",
        "18,30 2,27 10,5 38,0 48,26 30,66 8,97 60,94",
        "4,18 26,2 46,22 30,60 4,98 30,92 56,100",
    ),
    "3": (
        "5,15 25,0 45,14 38,40 18,47 42,55 50,80 25,100 2,88",
        "5,2 48,3; 48,3 22,40; 22,40 50,55 45,88 20,100 0,90",
        "8,12 30,0 42,20 22,42; 22,42 45,60 35,95 10,104 2,94",
        "2,10 30,0 40,22 16,44 44,58 36,94 -4,104",
    ),
    "4": (
        "30,0 2,62; 2,62 58,60; 42,30 38,100",
        "8,2 5,50; 5,50 55,48; 48,0 44,100",
        "0,70 20,35 42,0 42,50 40,100; 0,70 58,66",
        "2,98 20,50 40,0 42,50 42,100; 6,68 56,62",
        "45,0 5,60; 5,60 60,56; 45,0 42,100",
        "15,5 4,55 56,50; 52,10 40,100",
        "24,0 2,58 54,60; 40,36 40,104",
    ),
    "5": (
        "12,3 55,0; 12,3 8,42; 8,42 35,38 50,62 38,95 10,100 0,90",
        "15,5 10,45; 10,45 38,42 46,70 25,100 0,95; 15,4 62,0",
        "52,2 18,5; 18,5 8,45; 8,45 35,40 46,65 30,96 2,98",
        "20,10 12,50; 12,50 40,50 46,75 25,100 0,95; 20,8 74,0",
        "50,0 16,4 10,40 40,44 44,78 20,100 -2,92",
    ),
    "6": (
        "42,0 15,30 4,70 20,98 42,88 46,65 30,55 8,72",
        "30,0 8,40 4,80 25,100 45,80 35,58 10,68",
        "50,5 30,5 10,45 8,85 28,100 45,80 35,60 12,72",
        "25,0 10,50 10,85 25,100 40,85 30,68 12,80",
    ),
    "7": (
        "2,8 50,2; 50,2 32,50 22,100; 12,50 50,45",
        "0,5 55,5; 55,5 25,100",
        "0,20 5,5 30,10 52,0; 52,0 35,50 30,100; 15,55 60,45",
        "2,12 45,5; 45,5 40,50 36,100; 15,55 62,50",
        "4,24 6,4 50,4 34,44 28,100",
    ),
    "8": (
        "42,15 22,0 8,20 28,48 48,75 28,100 5,80 25,48 44,20 36,5",
        "48,5 20,2 10,22 35,50 46,80 20,100 4,80 25,50 50,8",
        "30,45 10,25 25,0 45,20 28,48 5,75 25,100 48,78 30,45",
        "10,5 30,40 45,75 28,100 8,78 25,45 50,0",
    ),
    "9": (
        "45,20 25,0 5,20 15,45 40,35 46,12 44,55 35,100",
        "46,15 25,0 4,22 20,48 45,25 45,60 25,100 2,92",
        "42,10 20,2 6,25 20,45 42,20 42,10 46,70 20,102 2,88",
        "40,12 20,2 8,30 25,45 42,10 36,50 26,100",
        "44,8 18,4 6,28 22,46 42,30 44,6 40,100",
    ),
    "/": ("34,-14 0,112", "46,-10 4,108", "26,-20 10,116", "52,-6 40,30 12,104"),
}  # fmt: skip


class Hands:
    """A stock of hands.

    Args:
        random: decides who writes, and how.
        folder: `node_modules` with the packages.
    """

    def __init__(self, random: Random, folder: Path) -> None:
        self._random = random
        self._scanned = _scanned(folder)
        self._fonts = _fonts(folder)
        self._writers = [self._writer() for _ in range(_WRITERS)]

    def signs(self, text: str) -> list[Grey]:
        """Ink masks (255 ink) of a text's digits and slashes, cut to their ink, in one hand."""
        chance = self._random.random()
        if chance < _SCANNED:
            return self._by_scans(text)
        if chance < _SCANNED + _FONTS:
            return self._by_font(text)
        writer = self._writers[self._random.integers(len(self._writers))]
        return [writer[digit][self._random.integers(len(writer[digit]))] for digit in text]

    def _by_scans(self, text: str) -> list[Grey]:
        """Scanned digits of many people, made alike in stroke and slant."""
        level, lean = self._random.uniform(70, 150), self._random.uniform(-0.1, 0.3)
        found = []
        for digit in text:
            if digit == "/":
                found.append(self._slash())
                continue
            stock = self._scanned[digit]
            one = cv2.resize(
                stock[self._random.integers(len(stock))], (84, 84), interpolation=cv2.INTER_CUBIC
            )
            soft = cv2.GaussianBlur(one, (0, 0), 1.5).astype(np.float32)
            sharp = np.clip((soft - level) * 6 + 128, 0, 255).astype(np.uint8)
            slant = np.array([[1, -lean, lean * 60], [0, 1, 0]], np.float32)
            found.append(_cut(cast(Grey, cv2.warpAffine(sharp, slant, (110, 84)))))
        return found

    def _by_font(self, text: str) -> list[Grey]:
        font = self._fonts[self._random.integers(len(self._fonts))]
        thick = int(self._random.integers(2, 6)) if self._random.random() < 0.5 else 0
        found = []
        for digit in text:
            if digit == "/":
                found.append(self._slash())
                continue
            mask = np.pad(font[digit], 8)
            height, width = mask.shape
            corners = np.array([[0, 0], [width, 0], [0, height]], np.float32)
            moved = corners + self._random.normal(0, 0.035, (3, 2)).astype(np.float32) * height
            mask = cast(Grey, cv2.warpAffine(mask, cv2.getAffineTransform(corners, moved), (width, height)))
            found.append(_cut(cast(Grey, cv2.dilate(mask, np.ones((thick, thick)))) if thick else _cut(mask)))
        return found

    def _slash(self) -> Grey:
        writer = self._writers[self._random.integers(len(self._writers))]
        return writer["/"][0]

    def _writer(self) -> dict[str, list[Grey]]:
        """Three of each digit by one imagined person: fixed shapes, slant, breadth and pen."""
        random = self._random
        slant, broad, pen = random.uniform(-0.1, 0.5), random.uniform(0.7, 1.3), random.uniform(0.045, 0.13)
        shaky = random.uniform(0.01, 0.04)
        return {
            digit: [self._drawn(shapes[chosen], slant, broad, pen, shaky) for _ in range(3)]
            for digit, shapes in _SHAPES.items()
            for chosen in [int(random.integers(len(shapes)))]
        }

    def _drawn(self, shape: str, slant: float, broad: float, pen: float, shaky: float) -> Grey:
        random, fine = self._random, 3 * _TALL
        image = np.zeros((2 * fine, 2 * fine), np.uint8)
        shift = random.normal(0, 0.6 * shaky, 2)
        for stroke in shape.split(";"):
            points = np.array([pair.split(",") for pair in stroke.split()], float) / 100
            points += random.normal(0, shaky, points.shape) + shift
            curve = _smooth(points) @ np.array([[broad, 0.0], [-slant, 1.0]])
            place = np.round((curve * fine + [0.7 * fine, 0.4 * fine]) * 8).astype(np.int32)
            thick = max(1, round(pen * fine * random.uniform(0.85, 1.15)))
            cv2.polylines(
                image, [place], isClosed=False, color=255.0, thickness=thick, lineType=cv2.LINE_AA, shift=3
            )
        cut = _cut(image)
        return cast(
            Grey,
            cv2.resize(
                cut, (max(3, cut.shape[1] // 3), max(6, cut.shape[0] // 3)), interpolation=cv2.INTER_AREA
            ),
        )


def _smooth(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A Catmull-Rom curve through points."""
    if len(points) < 3:
        return points
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, 9, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        parts.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        )
    return np.vstack([*parts, points[-1:]])


def _cut(mask: Grey) -> Grey:
    """A mask cut to its ink; a short bar where there is none."""
    rows, columns = np.flatnonzero(mask.max(1) > 60), np.flatnonzero(mask.max(0) > 60)
    if not len(rows):
        return np.full((_TALL, 5), 255, np.uint8)
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scanned(folder: Path) -> dict[str, npt.NDArray[np.uint8]]:
    stock = {}
    for digit in "0123456789":
        text = (folder / "mnist" / "src" / "digits" / f"{digit}.json").read_text(encoding="utf-8")
        flat = np.array(json.loads(text)["data"], np.float32)
        count = len(flat) // 784
        stock[digit] = (flat[: count * 784].reshape(count, 28, 28) * 255).astype(np.uint8)
    return stock


def _fonts(folder: Path) -> list[dict[str, Grey]]:
    fonts = []
    for path in sorted((folder / "@fontsource").glob("*/files/*-latin-400-normal.woff")):
        font = ImageFont.truetype(str(path), _TALL)
        masks = {}
        for digit in "0123456789":
            image = Image.new("L", (3 * _TALL, 3 * _TALL), 0)
            ImageDraw.Draw(image).text((_TALL, _TALL // 2), digit, font=font, fill=255)
            masks[digit] = _cut(np.asarray(image))
        fonts.append(masks)
    return fonts
