"""Decorations of pre-printed forms: national emblem, borders, tinted ground, sketch of a plot of land."""

from __future__ import annotations

import math
import random

import cv2
import numpy as np
from PIL import Image

from samples.composer import Block, Composer
from samples.sheet import Ink, Sheet
from samples.typeset import Style

GOLD: Ink = (214, 164, 40)
EMBLEM_RED: Ink = (206, 32, 38)
PINKS: dict[str, Ink] = {
    "pink": (226, 160, 160),
    "green": (150, 190, 160),
    "blue": (150, 175, 205),
    "red": (190, 60, 60),
}


def star(centre: tuple[float, float], radius: float, turn: float = 0.0) -> list[tuple[float, float]]:
    """Corners of a five-pointed star."""
    corners = []
    for index in range(10):
        reach = radius if index % 2 == 0 else radius * 0.382
        angle = -math.pi / 2 + index * math.pi / 5 + turn
        corners.append((centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle)))
    return corners


def draw_emblem(sheet: Sheet, centre_mm: tuple[float, float], diameter: float) -> None:
    """A likeness of the national emblem: red field, star, sheaves, cogwheel, ribbon."""
    pen = sheet.pen
    x, y, radius = sheet.px(centre_mm[0]), sheet.px(centre_mm[1]), sheet.px(diameter / 2)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=GOLD)
    for side in (-1, 1):
        for step in range(9):
            angle = math.radians(100 + step * 17) if side < 0 else math.radians(80 - step * 17)
            px, py = x + 0.9 * radius * math.cos(angle), y + 0.9 * radius * math.sin(angle)
            grain = radius * 0.12
            pen.ellipse(
                (px - grain, py - grain * 1.3, px + grain, py + grain * 1.3),
                outline=(170, 110, 20),
                fill=GOLD,
            )
    inner = radius * 0.76
    pen.ellipse((x - inner, y - inner, x + inner, y + inner), fill=EMBLEM_RED)
    pen.polygon(star((x, y - radius * 0.22), radius * 0.42), fill=(250, 215, 60))
    cog = radius * 0.26
    pen.ellipse(
        (x - cog, y + radius * 0.42, x + cog, y + radius * 0.42 + 2 * cog),
        outline=GOLD,
        width=max(1, radius // 9),
    )
    pen.polygon(
        [
            (x - radius * 0.7, y + radius * 0.78),
            (x + radius * 0.7, y + radius * 0.78),
            (x + radius * 0.55, y + radius * 1.08),
            (x - radius * 0.55, y + radius * 1.08),
        ],
        fill=EMBLEM_RED,
    )


def _emblem(composer: Composer, block: Block) -> None:
    diameter = float(block.get("diameter", 20))
    x = float(block.get("x", composer.left + composer.width / 2))
    draw_emblem(composer.sheet, (x, composer.y + diameter / 2), diameter)
    composer.y += diameter * 1.04 + float(block.get("after", 2))


def _border(composer: Composer, block: Block) -> None:
    """A decorative border: two rules with a row of lozenges or waves between them."""
    sheet, (width, height) = composer.sheet, composer.setup.size
    inset = float(block.get("inset", 9))
    ink = PINKS[block.get("ink", "red")]
    band = float(block.get("band", 5))
    sheet.frame(inset, inset, width - inset, height - inset, 1.6, ink)
    sheet.frame(inset + band, inset + band, width - inset - band, height - inset - band, 0.7, ink)
    pen, size = sheet.pen, band * 0.36
    spots = []
    steps_x, steps_y = round((width - 2 * inset) / band), round((height - 2 * inset) / band)
    for index in range(steps_x):
        across = inset + band / 2 + index * (width - 2 * inset - band) / max(1, steps_x - 1)
        spots += [(across, inset + band / 2), (across, height - inset - band / 2)]
    for index in range(1, steps_y - 1):
        down = inset + band / 2 + index * (height - 2 * inset - band) / max(1, steps_y - 1)
        spots += [(inset + band / 2, down), (width - inset - band / 2, down)]
    for across, down in spots:
        x, y, reach = sheet.px(across), sheet.px(down), sheet.px(size)
        pen.polygon([(x - reach, y), (x, y - reach), (x + reach, y), (x, y + reach)], outline=ink)
        dot = max(1, reach // 3)
        pen.ellipse((x - dot, y - dot, x + dot, y + dot), fill=ink)


def _ground(composer: Composer, block: Block) -> None:
    """A pale security ground: rings of a drum, faint, under the text."""
    sheet, (width, height) = composer.sheet, composer.setup.size
    pen = sheet.pen
    tint = tuple(block.get("tint", (252, 238, 236)))
    line = tuple(block.get("line", (246, 218, 216)))
    inset = float(block.get("inset", 0))
    pen.rectangle(
        (sheet.px(inset), sheet.px(inset), sheet.px(width - inset), sheet.px(height - inset)), fill=tint
    )
    x, y = sheet.px(width / 2), sheet.px(float(block.get("centre", height / 2)))
    for ring in range(3, int(block.get("rings", 15))):
        reach = sheet.px(ring * 5.2)
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), outline=line, width=max(1, sheet.px(0.3)))
        if ring % 3 == 0:
            for spoke in range(48):
                angle = spoke * math.pi / 24
                inner, outer = reach, reach + sheet.px(4.2)
                pen.line(
                    (
                        x + inner * math.cos(angle),
                        y + inner * math.sin(angle),
                        x + outer * math.cos(angle + 0.06),
                        y + outer * math.sin(angle + 0.06),
                    ),
                    fill=line,
                    width=max(1, sheet.px(0.25)),
                )
    pen.polygon(star((x, y), sheet.px(13)), outline=line)


def _metres_per_mm(corners: list[tuple[float, float]], area: float) -> float:
    """Scale that gives a drawn polygon the area printed on the paper."""
    turns = zip(corners, [*corners[1:], corners[0]], strict=True)
    drawn = abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in turns)) / 2
    return math.sqrt(area / drawn)


def _plot(composer: Composer, block: Block) -> None:
    """A sketch of a plot of land with corner numbers, side lengths and neighbours."""
    sheet = composer.sheet
    rng = random.Random(str(block["seed"]))
    height = float(block.get("height", 90))
    centre = (composer.left + composer.width / 2, composer.y + height / 2)
    corners = []
    count = rng.choice((4, 4, 5))
    for index in range(count):
        angle = 2 * math.pi * (index + rng.uniform(-0.12, 0.12)) / count + math.pi / 4
        reach = height * rng.uniform(0.3, 0.42)
        corners.append((centre[0] + 1.1 * reach * math.cos(angle), centre[1] + 0.8 * reach * math.sin(angle)))
    metres = _metres_per_mm(corners, float(str(block["area"]).replace(",", ".")))
    small = Style(composer.setup.family, 10, align="center")
    for index, (x0, y0) in enumerate(corners):
        x1, y1 = corners[(index + 1) % count]
        sheet.rule(x0, y0, x1, y1, 0.9)
        out = (x1 + x0) / 2 - centre[0], (y1 + y0) / 2 - centre[1]
        length = math.hypot(x1 - x0, y1 - y0) * metres
        label = f"{length:.1f}".replace(".", ",")
        composer.still(label, small, (x0 + x1) / 2 + out[0] * 0.16 - 8, 16, (y0 + y1) / 2 + out[1] * 0.16 - 2)
        sheet.rule(x0, y0, x0 + (x0 - centre[0]) * 0.35, y0 + (y0 - centre[1]) * 0.35, 0.5)
        corner = Style(composer.setup.family, 9, align="center")
        composer.still(
            str(index + 1), corner, x0 + (x0 - centre[0]) * 0.08 - 4, 8, y0 + (y0 - centre[1]) * 0.14 - 2
        )
    for line, offset in zip(block.get("labels", []), (-3.0, 2.5), strict=False):
        composer.still(line, small, centre[0] - 20, 40, centre[1] + offset)
    top = composer.y + 2
    right = composer.left + composer.width - 8
    sheet.rule(right, top + 16, right, top, 0.9)
    sheet.rule(right, top, right - 2, top + 4, 0.9)
    sheet.rule(right, top, right + 2, top + 4, 0.9)
    composer.still("B", small, right - 5, 10, top - 5)
    composer.y += height


def _qr(composer: Composer, block: Block) -> None:
    """A QR code at `x`, `y` with sides of `width` millimetres that holds `text`."""
    sheet, side = composer.sheet, composer.sheet.px(float(block.get("width", 20)))
    encoder = cv2.QRCodeEncoder.create()
    modules = np.asarray(encoder.encode(str(block["text"])), dtype=np.uint8)
    drawn = cv2.resize(modules, (side, side), interpolation=cv2.INTER_NEAREST)
    sheet.image.paste(Image.fromarray(drawn), (sheet.px(float(block["x"])), sheet.px(float(block["y"]))))
    sheet.codes.append(str(block["text"]))


DRAWERS = {"emblem": _emblem, "border": _border, "ground": _ground, "plot": _plot, "qr": _qr}
"""Block types of this module, for `samples.composer.register`."""
