"""What years and filing do to paper: yellowing, fading, folds, stains, holes, print that shines through."""

from __future__ import annotations

import random

import cv2
import numpy as np

from samples.wear.scan import Pixels, Scan, multiply


def _curve(scan: Scan, black: tuple[float, float, float], white: tuple[float, float, float]) -> None:
    """Map each channel's 0..255 linearly onto black..white."""
    ramp = np.linspace(0.0, 1.0, 256)
    table = np.stack([low + (high - low) * ramp for low, high in zip(black, white, strict=True)], axis=1)
    lut = np.round(table).astype(np.uint8).reshape(1, 256, 3)
    scan.pixels = np.asarray(cv2.LUT(scan.pixels, lut), dtype=np.uint8)


def paper_tint(scan: Scan, rng: random.Random) -> bool:
    """Yellowed, grey or cream paper."""
    age = rng.uniform(0.2, 1.0)
    white = rng.choice(((252, 248, 236), (247, 240, 220), (244, 243, 240), (250, 245, 238), (240, 229, 202)))
    shaded = tuple(255 - (255 - level) * age for level in white)
    _curve(scan, (0, 0, 0), (shaded[0], shaded[1], shaded[2]))
    return True


def fading(scan: Scan, rng: random.Random) -> bool:
    """Pale print: black turns grey or brown."""
    lift = rng.uniform(45, 105)
    _curve(scan, (lift, lift * 0.94, lift * 0.88), (255, 255, 255))
    return True


def bleed_through(scan: Scan, rng: random.Random) -> bool:
    """The other side shines through, mirrored and soft."""
    source = scan.pixels if scan.back is None else scan.back
    width, height = scan.size
    grey = cv2.cvtColor(
        cv2.resize(source, (width // 4, height // 4), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    )
    soft = cv2.GaussianBlur(cv2.flip(grey, 1), (0, 0), 0.8)
    shift = np.array([[1, 0, rng.uniform(-8, 8)], [0, 1, rng.uniform(-10, 10)]], dtype=np.float32)
    moved = cv2.warpAffine(
        soft, shift, (width // 4, height // 4), borderMode=cv2.BORDER_CONSTANT, borderValue=(255.0,)
    )
    strength = rng.uniform(0.07, 0.2)
    veil = (255 - (255 - moved.astype(np.float32)) * strength).astype(np.uint8)
    multiply(
        scan, np.asarray(cv2.resize(veil, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    )
    return True


def fold_lines(scan: Scan, rng: random.Random) -> bool:
    """One or two folds: a pale crease with a shade beside it."""
    width, height = scan.size
    field = np.full((height, width), 255, dtype=np.uint8)
    places = rng.choice(((0.5,), (0.333, 0.667), (0.5,)))
    reach = scan.px(3.5)
    for place in places:
        y = round(height * (place + rng.uniform(-0.015, 0.015)))
        slope = rng.uniform(-0.004, 0.004) * width
        depth = rng.uniform(14, 40)
        for offset in range(reach):
            shade = round(255 - depth * (1 - offset / reach) ** 2)
            _line(field, y + offset, slope, shade)
        _line(field, y, slope, 150 + rng.randint(0, 50))
    if rng.random() < 0.35:
        x = round(width * (0.5 + rng.uniform(-0.02, 0.02)))
        cv2.line(field, (x, 0), (x + round(rng.uniform(-9, 9)), height), (205,), max(1, scan.px(0.15)))
    multiply(scan, field)
    return True


def _line(field: Pixels, y: int, slope: float, shade: int) -> None:
    cv2.line(
        field, (0, round(y - slope / 2)), (field.shape[1], round(y + slope / 2)), (shade,), 1, cv2.LINE_AA
    )


def stains(scan: Scan, rng: random.Random) -> bool:
    """A few damp rings and spots, light enough to read through."""
    width, height = scan.size
    small = np.full((height // 8, width // 8), 255, dtype=np.uint8)
    for _ in range(rng.randint(1, 4)):
        x, y = rng.randint(0, width // 8), rng.choice((0, height // 8, rng.randint(0, height // 8)))
        axes = (rng.randint(12, 70), rng.randint(12, 60))
        cv2.ellipse(small, (x, y), axes, rng.uniform(0, 180), 0, 360, (rng.randint(228, 246),), -1)
        cv2.ellipse(small, (x, y), axes, 0, 0, 360, (rng.randint(214, 234),), 1)
    for _ in range(rng.randint(10, 60)):
        spot = (rng.randint(0, width // 8), rng.randint(0, height // 8))
        cv2.circle(small, spot, rng.choice((0, 0, 1)), (rng.randint(150, 220),), -1)
    soft = cv2.GaussianBlur(small, (0, 0), 2.6)
    multiply(
        scan, np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    )
    return True


def punch_holes(scan: Scan, rng: random.Random) -> bool:
    """Two filing holes 80 mm apart in the left margin."""
    x = scan.px(rng.uniform(9, 12))
    middle = scan.size[1] // 2 + scan.px(rng.uniform(-6, 6))
    colour = rng.choice(((28, 28, 30), (70, 68, 66), (236, 236, 238)))
    for sign in (-1, 1):
        centre = (x + rng.randint(-3, 3), middle + sign * scan.px(40))
        cv2.circle(scan.pixels, centre, scan.px(2.9), colour, -1, cv2.LINE_AA)
        cv2.circle(
            scan.pixels, centre, scan.px(2.9), tuple(max(0, level - 40) for level in colour), 1, cv2.LINE_AA
        )
    return True
