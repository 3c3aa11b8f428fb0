"""Stamps of secrecy in the forms that offices use: grade, frame, tilt and ink. Such a paper must not be digitised.

Sizes follow the forms of TT 33/2015/TT-BCA and TT 24/2020/TT-BCA as far as they were read (docs/secret-papers.md).
"""

from __future__ import annotations

import random
from typing import Final, Literal, NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from samples import fonts
from samples.wear.scan import Pixels, Scan, cloud, ink_on

Frame = Literal["double", "single", "none"]
GRADES: Final = ("MẬT", "TỐI MẬT", "TUYỆT MẬT")
FRAMES: Final[tuple[Frame, ...]] = ("double", "single", "none")
REDS: Final = ((205, 32, 52), (190, 24, 40), (214, 48, 74), (200, 40, 40))
BLACK: Final = (30, 30, 34)
# Width and height in millimetres.
_SIZES: Final = {
    "MẬT": (20.0, 8.0),
    "TỐI MẬT": (30.0, 8.0),
    "TUYỆT MẬT": (40.0, 8.0),
    "GIẢI MẬT": (30.0, 13.0),
    "HỎA TỐC": (30.0, 8.0),
    "KHẨN": (20.0, 8.0),
}


class Stamp(NamedTuple):
    """One stamp. `tilt` in degrees; `wear` 0 (full ink) to 1 (half of it lost); `down` in millimetres below the number."""

    text: str = "MẬT"
    frame: Frame = "double"
    tilt: float = 0.0
    colour: tuple[int, int, int] = REDS[0]
    wear: float = 0.0
    across: float = 12.0
    down: float = 0.5
    family: str = "tinos"


def stamp_mask(stamp: Stamp, dpi: int) -> Pixels:
    """Ink mask of a stamp, level, with room around it for its tilt."""
    fine = 2
    scale = dpi * fine / 25.4
    wide, tall = (round(side * scale) for side in _SIZES[stamp.text])
    room = round(5 * scale)
    image = Image.new("L", (wide + 2 * room, tall + 2 * room), 0)
    pen = ImageDraw.Draw(image)
    line = max(2, round(0.45 * scale))
    if stamp.frame != "none":
        pen.rectangle((room, room, room + wide, room + tall), outline=255, width=line)
    if stamp.frame == "double":
        inset = round(1.0 * scale) + line
        sides = (room + inset, room + inset, room + wide - inset, room + tall - inset)
        pen.rectangle(sides, outline=255, width=max(2, round(0.3 * scale)))
    size = 14 / 72 * dpi * fine * (1.25 if stamp.frame != "double" else 0.95)
    font = fonts.styled(stamp.family, size, True, False)
    middle = room + wide / 2
    second = stamp.text == "GIẢI MẬT"
    baseline = room + tall * (0.48 if second else 0.5) + (0 if second else size * 0.3)
    pen.text((middle, baseline), stamp.text, fill=255, font=font, anchor="ms")
    if second:
        small = fonts.styled(stamp.family, 10 / 72 * dpi * fine, False, False)
        pen.text((middle, room + tall * 0.8), "Từ: 12/5/2021", fill=255, font=small, anchor="ms")
    mask = np.array(image, dtype=np.uint8)
    height, width = mask.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), stamp.tilt, 1.0)
    turned = cv2.warpAffine(mask, turn, (width, height))
    return np.asarray(
        cv2.resize(turned, (width // fine, height // fine), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def press(scan: Scan, rng: random.Random, stamp: Stamp) -> bool:
    """Press a stamp below the number (NĐ 30/2020, box 10a); False where the paper has no heading."""
    heads = scan.anchors.get("head", [])
    left, top = (heads[0][0], heads[0][1]) if heads else (scan.px(30), scan.px(45))
    mask = stamp_mask(stamp, scan.dpi)
    shape = (mask.shape[0], mask.shape[1])
    least = round(200 - 110 * stamp.wear)
    pressed = cv2.multiply(mask, cloud(rng, shape, 7, least, 255), scale=1 / 255)
    if stamp.wear:
        grain = cloud(rng, shape, shape[1] // 3, round(255 - 130 * stamp.wear), 255)
        pressed = cv2.multiply(pressed, grain, scale=1 / 255)
    room = scan.px(5)
    at = (left + scan.px(stamp.across) - room, top + scan.px(stamp.down) - room)
    ink_on(scan, np.asarray(pressed, dtype=np.uint8), *at, stamp.colour)
    return True


def any_stamp(rng: random.Random) -> Stamp:
    """A stamp drawn by lot."""
    return Stamp(
        rng.choice(GRADES),
        rng.choice(("double", "double", "single")),
        rng.uniform(-6, 6),
        rng.choice(REDS),
        rng.uniform(0, 0.5),
        rng.uniform(4, 16),
        rng.uniform(0, 1.5),
    )
