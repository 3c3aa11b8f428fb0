"""A page image under wear, with the places that marks go to."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.sheet import Blank, Box, Sheet, TextLine

Pixels = NDArray[np.uint8]


@dataclass
class Scan:
    """A page image (height x width x 3, RGB) with its truth and its anchors, both in its own pixels.

    Attributes:
        back: the image of the page on the other side of the sheet, for what shines through.
        wear: names of what has been done, in order.
    """

    pixels: Pixels
    dpi: int
    lines: list[TextLine]
    blanks: list[Blank] = field(default_factory=list)
    anchors: dict[str, list[Box]] = field(default_factory=dict)
    seal: tuple[str, str, bool] = ("", "", False)
    issuer: str = ""
    signed_on: str = ""
    codes: list[str] = field(default_factory=list)
    back: Pixels | None = None
    wear: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, sheet: Sheet) -> Scan:
        """A fresh scan of a printed page."""
        return cls(
            np.array(sheet.image, dtype=np.uint8),
            sheet.dpi,
            [TextLine(line.text, line.box) for line in sheet.lines],
            list(sheet.blanks),
            dict(sheet.anchors),
            sheet.seal,
            sheet.issuer,
            sheet.signed_on,
            list(sheet.codes),
        )

    def px(self, millimetres: float) -> int:
        """Pixels of a length in millimetres."""
        return round(millimetres * self.dpi / 25.4)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


Wear = Callable[[Scan, random.Random], bool]
"""A wear returns whether it found something to do (no seal without a signature)."""


def numbers(rng: random.Random) -> np.random.Generator:
    """A NumPy generator seeded from a Python one."""
    return np.random.default_rng(rng.getrandbits(64))


def ink_on(scan: Scan, mask: Pixels, left: int, top: int, colour: tuple[int, int, int]) -> None:
    """Lay transparent ink on the page: a mask (255 = full ink) whose corner lies at (left, top); clipped."""
    height, width = mask.shape
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(scan.size[0], left + width), min(scan.size[1], top + height)
    if x1 <= x0 or y1 <= y0:
        return
    part = mask[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.uint16)
    region = scan.pixels[y0:y1, x0:x1]
    for channel in range(3):
        gain = 255 - (part * (255 - colour[channel])) // 255
        region[:, :, channel] = (region[:, :, channel] * gain) // 255


def cloud(rng: random.Random, shape: tuple[int, int], cells: int, low: int, high: int) -> Pixels:
    """Smooth random field of a shape (height, width), values low..high."""
    rows = max(2, round(cells * shape[0] / max(shape)))
    columns = max(2, round(cells * shape[1] / max(shape)))
    small = numbers(rng).integers(low, high + 1, size=(rows, columns)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def multiply(scan: Scan, field_of_light: Pixels) -> None:
    """Darken the page by a grey field (255 = unchanged)."""
    three = cv2.merge((field_of_light, field_of_light, field_of_light))
    cv2.multiply(scan.pixels, three, dst=scan.pixels, scale=1 / 255)
