"""Round seals of agencies, as ink masks: double ring, text along it, emblem or name in the middle."""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np
from PIL import Image, ImageDraw

from samples import fonts
from samples.wear.scan import Pixels

DIAMETER_MM = 36.0
_SCALE = 2


@functools.lru_cache(maxsize=64)
def seal_mask(seal: tuple[str, str, bool], dpi: int) -> Pixels:
    """Ink mask of a seal (ring text, lower text or middle lines, whether it bears the emblem)."""
    ring, other, emblem = seal
    side = round((DIAMETER_MM + 2) * dpi / 25.4) * _SCALE
    radius = DIAMETER_MM / 2 * dpi / 25.4 * _SCALE
    image = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(image)
    middle = side / 2
    _ring(pen, middle, radius, 0.05)
    _ring(pen, middle, radius * 0.925, 0.018)
    _ring(pen, middle, radius * 0.63, 0.022)
    size = radius * 0.2
    if emblem:
        upper = _arc_span(ring, radius * 0.705, size, 236)
        _around(image, ring, middle, radius * 0.705, size, upper, top=True)
        lower = _arc_span(other, radius * 0.705, size * 0.86, 104)
        _around(image, other, middle, radius * 0.84, size * 0.86, lower, top=False)
        for side_sign in (-1, 1):
            at = math.radians(-90 + side_sign * (upper / 2 + (360 - upper - lower) / 4))
            _star(
                pen,
                middle + radius * 0.775 * math.cos(at),
                middle + radius * 0.775 * math.sin(at),
                radius * 0.055,
            )
        _emblem(pen, middle, radius * 0.5)
    else:
        upper = _arc_span(ring, radius * 0.705, size, 300)
        _around(image, ring, middle, radius * 0.705, size, upper, top=True)
        _star(pen, middle, middle + radius * 0.775, radius * 0.09)
        _centre(pen, other.split("|"), middle, radius)
    small = cv2.resize(
        np.array(image, dtype=np.uint8), (side // _SCALE, side // _SCALE), interpolation=cv2.INTER_AREA
    )
    return np.asarray(small, dtype=np.uint8)


def _ring(pen: ImageDraw.ImageDraw, middle: float, radius: float, weight: float) -> None:
    pen.ellipse(
        (middle - radius, middle - radius, middle + radius, middle + radius),
        outline=255,
        width=max(2, round(radius * weight)),
    )


def _arc_span(text: str, radius: float, size: float, most: float) -> float:
    """Degrees that a text takes along a circle, at most `most`."""
    font = fonts.styled("sans", round(size, 1), True, False)
    return min(most, math.degrees(font.getlength(text) * 1.12 / radius))


def _around(
    image: Image.Image, text: str, middle: float, radius: float, size: float, span: float, top: bool
) -> None:
    """Letters along a circle; `radius` is where their feet stand."""
    font = fonts.styled("sans", round(size, 1), True, False)
    widths = [font.getlength(char) for char in text]
    total = sum(widths) or 1.0
    narrow = min(1.0, math.radians(span) * radius / (total * 1.08))
    passed = 0.0
    for char, width in zip(text, widths, strict=True):
        share = (passed + width / 2) / total - 0.5
        passed += width
        if char == " ":
            continue
        angle = -90 + share * span if top else 90 - share * span
        box = round(size * 2.4)
        glyph = Image.new("L", (box, box), 0)
        ImageDraw.Draw(glyph).text((box / 2, box * 0.7), char, fill=255, font=font, anchor="ms")
        if narrow < 0.98:
            thin = glyph.resize((max(1, round(box * narrow)), box))
            glyph = Image.new("L", (box, box), 0)
            glyph.paste(thin, (round(box * (1 - narrow) / 2), 0))
        turned = glyph.rotate(-(angle + 90) if top else -(angle - 90), resample=Image.Resampling.BILINEAR)
        lift = box * 0.2 if top else -box * 0.2
        reach = radius + lift
        x = middle + reach * math.cos(math.radians(angle)) - box / 2
        y = middle + reach * math.sin(math.radians(angle)) - box / 2
        image.paste(255, (round(x), round(y)), turned)


def _star(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    corners = []
    for index in range(10):
        reach = radius if index % 2 == 0 else radius * 0.382
        angle = -math.pi / 2 + index * math.pi / 5
        corners.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    pen.polygon(corners, fill=255)


def _emblem(pen: ImageDraw.ImageDraw, middle: float, radius: float) -> None:
    """A likeness of the national emblem in line: disc, star, sheaves, cogwheel, ribbon."""
    _ring(pen, middle, radius * 0.98, 0.05)
    _star(pen, middle, middle - radius * 0.3, radius * 0.36)
    for side in (-1, 1):
        for row in range(11):
            at = math.radians(90 + side * (14 + row * 13))
            for reach in (0.86, 0.72):
                x, y = middle + reach * radius * math.cos(at), middle + reach * radius * math.sin(at)
                grain = radius * 0.055
                pen.ellipse((x - grain, y - grain * 1.7, x + grain, y + grain * 1.7), fill=255)
    cog = radius * 0.26
    y = middle + radius * 0.42
    pen.ellipse(
        (middle - cog, y - cog, middle + cog, y + cog), outline=255, width=max(2, round(radius * 0.06))
    )
    for tooth in range(10):
        at = math.radians(tooth * 36)
        x0, y0 = middle + cog * math.cos(at), y + cog * math.sin(at)
        pen.line(
            (x0, y0, x0 + cog * 0.3 * math.cos(at), y0 + cog * 0.3 * math.sin(at)),
            fill=255,
            width=max(2, round(radius * 0.06)),
        )
    pen.rectangle(
        (middle - radius * 0.6, middle + radius * 0.8, middle + radius * 0.6, middle + radius * 0.92),
        fill=255,
    )


def _centre(pen: ImageDraw.ImageDraw, lines: list[str], middle: float, radius: float) -> None:
    """Name of the office in the middle, as large as it fits."""
    room = radius * 1.02
    size = min(radius * 0.26, radius * 1.0 / len(lines) * 0.8)
    while (
        size > 8
        and max(fonts.styled("sans", round(size, 1), True, False).getlength(line) for line in lines) > room
    ):
        size *= 0.94
    font = fonts.styled("sans", round(size, 1), True, False)
    top = middle - size * 1.12 * (len(lines) - 1) / 2 + size * 0.36
    for row, line in enumerate(lines):
        pen.text((middle, top + row * size * 1.16), line, fill=255, font=font, anchor="ms")
