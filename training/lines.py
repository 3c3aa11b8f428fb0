"""Synthetic lines as the net meets them: pages printed, worn, prepared and cut by the same code that reads.

Drawing whole pages costs about ten milliseconds a line and gives what no single drawn line has: the detector's own boxes,
neighbours above and below, the scale that the reading side chooses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from engines import line_net
from engines.fonts import ROOTS, missing_letters
from extractors.preprocess import letters_of, prepare, reading_scale
from schemas.reading import Box
from schemas.rules import ReadingProfile
from training.text import Random, Writer

cv2.setNumThreads(1)
Grey = npt.NDArray[np.uint8]
_FONTS = (
    ("LiberationSerif", 6), ("Tinos", 6), ("texgyretermes", 4), ("LiberationSans", 2), ("Arimo", 2), ("texgyreheros", 1),
    ("Cousine", 2), ("LiberationMono", 1), ("texgyrecursor", 2), ("DejaVuSerif", 1), ("DejaVuSans", 1),
    ("texgyrepagella", 1), ("texgyreschola", 1),
)  # fmt: skip
_STYLES = (("Regular", 9), ("Bold", 5), ("Italic", 4), ("BoldItalic", 2))
_WIDE, _TALL = 2000, 1100


class Line(NamedTuple):
    """A line: its ink map [96, W], and what is printed on it."""

    ink: line_net.Ink
    text: str


class Drawn(NamedTuple):
    """A printed line of a page, in its pixels."""

    text: str
    left: int
    top: int
    right: int
    bottom: int


def lines(seed: int) -> Iterator[Line]:
    """Lines without end. The same seed gives the same lines."""
    random = np.random.default_rng(seed)
    writer, fonts, profile = Writer(random), Fonts(random), ReadingProfile()
    while True:
        page, drawn = _page(writer, fonts, random)
        worn = _worn(page, random)
        scale = reading_scale(letters_of(worn), profile, 300.0) * random.uniform(0.9, 1.1)
        image = prepare(worn, profile, scale=scale, dpi=300.0, skew=None).image
        ratio = image.shape[1] / worn.shape[1]
        for box in line_net.find_lines(image):
            line = _printed_in(box, drawn, ratio)
            if line is not None:
                yield Line(line_net.crop(image, box), line.text)


def _printed_in(box: Box, drawn: list[Drawn], ratio: float) -> Drawn | None:
    """The printed line that a found box holds whole, and nothing else."""
    middle = (box.top + box.bottom) / 2
    for line in drawn:
        high = (line.bottom - line.top) * ratio
        if abs((line.top + line.bottom) / 2 * ratio - middle) < 0.35 * high:
            slack = 0.5 * high
            if abs(line.left * ratio - box.left) < slack and abs(line.right * ratio - box.right) < slack:
                return line
    return None


class Fonts:
    """Fonts of a page, by chance; files found once."""

    def __init__(self, random: Random) -> None:
        found = (path for root in ROOTS for path in sorted(root.rglob("*.[to]tf")))
        files = {path.stem.lower(): path for path in found}
        self._random = random
        self._files: dict[tuple[str, str], str] = {}
        for name, _ in _FONTS:
            for style, _ in _STYLES:
                stem = f"{name}-{style}".lower()
                path = files.get(stem) or files.get(stem.replace("-regular", ""))
                if path is not None and not missing_letters(path):
                    self._files[name, style] = str(path)
        self.names = [name for name, _ in _FONTS if (name, "Regular") in self._files]
        weights = np.array([weight for name, weight in _FONTS if name in self.names], float)
        self._weights = weights / weights.sum()

    def family(self) -> str:
        return str(self._random.choice(self.names, p=self._weights))

    def font(self, family: str, size: int) -> ImageFont.FreeTypeFont:
        styles, weights = zip(*_STYLES, strict=True)
        return self.styled(family, str(self._random.choice(styles, p=np.array(weights) / sum(weights))), size)

    def styled(self, family: str, style: str, size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(self._files.get((family, style), self._files[family, "Regular"]), size)


def _page(writer: Writer, fonts: Fonts, random: Random) -> tuple[Grey, list[Drawn]]:
    """Half a page of text at 300 dpi, in one or two columns, with its lines."""
    page = Image.new("L", (_WIDE, _TALL), 255)
    pen, drawn = ImageDraw.Draw(page), list[Drawn]()
    family, usual = fonts.family(), int(random.integers(38, 62))
    gap = random.uniform(1.12, 1.75)
    columns = [(60, _WIDE - 60)] if random.random() < 0.6 else [(40, 950), (1040, _WIDE - 40)]
    for left, right in columns:
        top = int(random.integers(20, 80))
        while top < _TALL - 100:
            size = usual if random.random() < 0.8 else int(random.integers(30, 72))
            font, text = fonts.font(family, size), writer.line()
            while text and font.getlength(text) > right - left - 10:
                text = text.rpartition(" ")[0]
            if text:
                free = right - left - font.getlength(text)
                at = left + int(random.choice([0.0, 0.5, random.random()]) * free)
                box = font.getbbox(text)
                _line(pen, at, top, text, font, random)
                drawn.append(
                    Drawn(
                        text,
                        at + int(box[0]),
                        top + int(0.22 * size),
                        at + int(box[2]),
                        top + int(1.12 * size),
                    )
                )
            top += int(size * gap)
    return np.asarray(page).copy(), drawn


def _line(
    pen: ImageDraw.ImageDraw, left: int, top: int, text: str, font: ImageFont.FreeTypeFont, random: Random
) -> None:
    chance = random.random()
    wide, foot = int(font.getlength(text)), top + int(font.size * 1.0)
    if chance < 0.05:  # text on leaders
        step = int(random.integers(7, 14))
        for x in range(left, left + wide, step):
            pen.ellipse((x, foot, x + 3, foot + 3), fill=int(random.integers(0, 90)))
    elif chance < 0.08:
        pen.line((left, foot + 6, left + wide, foot + 6), fill=0, width=int(random.integers(2, 5)))
    pen.text((left, top), text, font=font, fill=int(random.integers(0, 60)))


def _worn(page: Grey, random: Random) -> Grey:
    """A print as scanners and years leave it: thin or fat, tilted a little, pale, blurred, noisy, black and white."""
    image = page
    if random.random() < 0.15:
        kernel = np.ones((2, 2), np.uint8)
        image = cast(Grey, (cv2.erode if random.random() < 0.6 else cv2.dilate)(image, kernel))
    if random.random() < 0.4:
        turn = cv2.getRotationMatrix2D((_WIDE / 2, _TALL / 2), random.normal(0, 0.18), 1.0)
        image = cast(Grey, cv2.warpAffine(image, turn, (_WIDE, _TALL), borderValue=255.0))
    low = random.random() < 0.35
    if low:  # 200 dpi
        image = cast(Grey, cv2.resize(image, None, fx=0.667, fy=0.667, interpolation=cv2.INTER_AREA))
    grey = image.astype(np.float32)
    if random.random() < 0.6:
        grey = cv2.GaussianBlur(grey, (0, 0), random.uniform(0.4, 1.6 if not low else 1.0)).astype(np.float32)
    paper, ink = random.uniform(190, 255), random.uniform(0, 110)
    grey = ink + grey * (paper - ink) / 255
    if random.random() < 0.25:  # the ghost of a seal, or a stain
        ghost = np.zeros(grey.shape, np.float32)
        for _ in range(int(random.integers(1, 4))):
            centre = (int(random.integers(grey.shape[1])), int(random.integers(grey.shape[0])))
            cv2.circle(ghost, centre, int(random.integers(60, 260)), 1.0, int(random.choice([-1, 4, 8])))
        grey -= cv2.GaussianBlur(ghost, (0, 0), 2) * random.uniform(5, 45)
    if random.random() < 0.5:
        grey += random.normal(0, random.uniform(2, 14), grey.shape).astype(np.float32)
    worn = cast(Grey, np.clip(grey, 0, 255).astype(np.uint8))
    if random.random() < 0.3:
        level = ink + (paper - ink) * random.uniform(0.35, 0.75)
        worn = cast(Grey, ((worn > level) * 255).astype(np.uint8))
        if random.random() < 0.3:
            specks = random.random(worn.shape) < random.uniform(0, 0.002)
            worn[specks] = 255 - worn[specks]
    elif random.random() < 0.6:
        done, data = cv2.imencode(".jpg", worn, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(30, 90))])
        worn = cast(Grey, cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)) if done else worn
    if low:
        worn = cast(Grey, cv2.resize(worn, (_WIDE, _TALL), interpolation=cv2.INTER_CUBIC))
    return worn
