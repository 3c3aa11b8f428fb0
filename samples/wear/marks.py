"""Marks that people and offices leave: pen, signature, seal, stamps, caption of an electronic signature."""

from __future__ import annotations

import random

import cv2
import numpy as np
from PIL import Image, ImageDraw

from samples import fonts
from samples.handwriting import BASELINE, hand, write
from samples.wear.scan import Scan, cloud, ink_on
from samples.wear.seals import seal_mask
from samples.wear.secrecy import Stamp, any_stamp, press
from samples.wear.strokes import signature_mask

BLUES = ((28, 48, 150), (22, 36, 120), (40, 70, 178), (30, 30, 110))
SEAL_REDS = ((205, 32, 52), (190, 24, 40), (214, 48, 74), (200, 40, 40))
STAMP_INKS = ((196, 40, 60), (60, 50, 150))


def handwriting(scan: Scan, rng: random.Random) -> bool:
    """Fill printed blanks with a pen: numbers, days, months, on old forms everything."""
    if not scan.blanks:
        return False
    style = hand(rng)
    colour = rng.choice((*BLUES, (34, 34, 40)))
    for blank in scan.blanks:
        mask = write(blank.text, style, blank.size, rng, blank.width)
        spare = (blank.width - mask.shape[1]) // 2
        left = blank.left + max(spare, -round(blank.size * 0.25)) + rng.randint(-3, 3)
        ink_on(
            scan, mask, left, blank.baseline - round(mask.shape[0] * BASELINE) + rng.randint(-4, 3), colour
        )
    return True


def signature(scan: Scan, rng: random.Random) -> bool:
    """Sign in blue between the titles and the name."""
    boxes = scan.anchors.get("signature", []) + scan.anchors.get("second_signature", [])
    for box in boxes:
        width = min(scan.px(rng.uniform(38, 58)), box[2] - box[0])
        height = scan.px(rng.uniform(17, 26))
        mask = signature_mask(rng, width, height, scan.dpi)
        left = (box[0] + box[2]) // 2 - width // 2 + scan.px(rng.uniform(-4, 6))
        top = (box[1] + box[3]) // 2 - height // 2 + scan.px(rng.uniform(-2, 4))
        ink_on(scan, mask, left, top, rng.choice(BLUES))
    return bool(boxes)


def seal(scan: Scan, rng: random.Random) -> bool:
    """Press the round seal over the left third of the signature (NĐ 30/2020, box 8)."""
    return _press(scan, rng, (19.0, 25.0), (-3.0, 3.0))


def seal_over_name(scan: Scan, rng: random.Random) -> bool:
    """Press it once more, carelessly, over the beginning of the name under the signature."""
    return _press(scan, rng, (8.0, 22.0), (12.0, 20.0))


def _press(scan: Scan, rng: random.Random, across: tuple[float, float], down: tuple[float, float]) -> bool:
    """Press the seal; its centre lies `across` to the left of the signature's and `down` below, in millimetres."""
    boxes = scan.anchors.get("signature", [])
    if not scan.seal[0]:
        return False
    for box in boxes:
        mask = seal_mask(scan.seal, scan.dpi)
        side = mask.shape[0]
        turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-14, 14), 1.0)
        turned = np.asarray(cv2.warpAffine(mask, turn, (side, side)), dtype=np.uint8)
        uneven = cloud(rng, (side, side), 9, rng.randint(110, 190), 255)
        grain = cloud(rng, (side, side), side // 3, 150, 255)
        pressed = cv2.multiply(cv2.multiply(turned, uneven, scale=1 / 255), grain, scale=1 / 255)
        left = (box[0] + box[2]) // 2 - scan.px(rng.uniform(*across)) - side // 2
        top = (box[1] + box[3]) // 2 - side // 2 + scan.px(rng.uniform(*down))
        ink_on(scan, np.asarray(pressed, dtype=np.uint8), left, top, rng.choice(SEAL_REDS))
    return bool(boxes)


def secret_stamp(scan: Scan, rng: random.Random) -> bool:
    """Stamp a grade of secrecy below the number (NĐ 30/2020, box 10a). Such a paper must not be digitised."""
    return press(scan, rng, any_stamp(rng))


def declassified_stamp(scan: Scan, rng: random.Random) -> bool:
    """Stamp `GIẢI MẬT` beside the mark: a person says by which decision the paper may be digitised."""
    return press(scan, rng, Stamp("GIẢI MẬT", across=46.0, tilt=rng.uniform(-4, 4)))


def arrival_stamp(scan: Scan, rng: random.Random) -> bool:
    """Stamp `CÔNG VĂN ĐẾN` below the number, with number and day in pen."""
    heads = scan.anchors.get("head", [])
    if not heads:
        return False
    width, height = scan.px(46), scan.px(24)
    image = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(image)
    thick = max(2, scan.px(0.5))
    pen.rectangle((1, 1, width - 2, height - 2), outline=255, width=thick)
    title, small = (
        fonts.styled("sans", scan.px(4.1), True, False),
        fonts.styled("sans", scan.px(3.3), False, False),
    )
    pen.text((width / 2, scan.px(5.6)), "CÔNG VĂN ĐẾN", fill=255, font=title, anchor="ms")
    pen.line((0, scan.px(7.4), width, scan.px(7.4)), fill=255, width=max(1, thick // 2))
    for row, label in enumerate(
        (
            "Số: ..................................",
            "Ngày: ............................",
            "Chuyển: .........................",
        )
    ):
        pen.text((scan.px(2.5), scan.px(12 + row * 4.6)), label, fill=255, font=small, anchor="ls")
    mask = np.array(image, dtype=np.uint8)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-4, 4), 1.0)
    turned = cv2.warpAffine(mask, turn, (width, height))
    pressed = cv2.multiply(turned, cloud(rng, (height, width), 8, 120, 255), scale=1 / 255)
    left, top = heads[0][0] + scan.px(rng.uniform(-2, 6)), heads[0][1] + scan.px(rng.uniform(0, 4))
    ink_on(scan, np.asarray(pressed, dtype=np.uint8), left, top, rng.choice(STAMP_INKS))
    colour, style = rng.choice(BLUES), hand(rng)
    for row, text in enumerate((str(rng.randint(12, 6800)), f"{rng.randint(1, 28)}/{rng.randint(1, 12)}")):
        written = write(text, style, scan.px(4.3), rng)
        foot = top + scan.px(11.6 + row * 4.6)
        ink_on(scan, written, left + scan.px(11 + row * 3), foot - round(written.shape[0] * BASELINE), colour)
    return True


def e_signature(scan: Scan, rng: random.Random) -> bool:
    """Caption of an agency's electronic signature in the top right corner (NĐ 30/2020, box 14)."""
    if not scan.issuer:
        return False
    image = Image.fromarray(scan.pixels)
    pen = ImageDraw.Draw(image)
    font = fonts.styled("tinos", round(9 * scan.dpi / 72, 1), False, False)
    x, y = scan.size[0] - scan.px(74), scan.px(5)
    for line in caption_lines(scan, rng):
        pen.text((x, y), line, fill=(40, 40, 44), font=font)
        y += scan.px(3.7)
    scan.pixels = np.array(image, dtype=np.uint8)
    return True


def caption_lines(scan: Scan, rng: random.Random) -> list[str]:
    """Text of the caption: signer, agency, time of signing."""
    year, month, day = scan.signed_on.split("-")
    clock = f"{rng.randint(7, 17):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}"
    return [
        f"Người ký: {scan.issuer}",
        f"Cơ quan: {scan.issuer}",
        f"Thời gian ký: {day}.{month}.{year} {clock} +07:00",
    ]
