"""What a scanner does: tilt, shadow, black edges, soft focus, grain."""

from __future__ import annotations

import random

import cv2
import numpy as np

from samples.sheet import Box, TextLine
from samples.wear.scan import Scan, multiply, numbers


def _moved(box: Box, matrix: np.ndarray, size: tuple[int, int]) -> Box:
    corners = np.array([[box[x], box[y], 1.0] for x in (0, 2) for y in (1, 3)])
    placed = corners @ matrix.T
    left, top = np.floor(placed.min(axis=0)).astype(int)
    right, bottom = np.ceil(placed.max(axis=0)).astype(int)
    width, height = size
    return (max(0, int(left)), max(0, int(top)), min(width, int(right)), min(height, int(bottom)))


def skew(scan: Scan, rng: random.Random) -> bool:
    """Tilt by up to 2.2 degrees; boxes follow."""
    angle = rng.choice((-1, 1)) * rng.uniform(0.3, 2.2)
    width, height = scan.size
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    paper = tuple(float(level) for level in np.median(scan.pixels[:40, :40].reshape(-1, 3), axis=0))
    scan.pixels = np.asarray(
        cv2.warpAffine(scan.pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=paper),
        dtype=np.uint8,
    )
    scan.lines = [TextLine(line.text, _moved(line.box, matrix, scan.size)) for line in scan.lines]
    scan.anchors = {
        name: [_moved(box, matrix, scan.size) for box in boxes] for name, boxes in scan.anchors.items()
    }
    return True


def shadow(scan: Scan, rng: random.Random) -> bool:
    """A gradient from one side, as of a lid that does not close or a phone in the way."""
    width, height = scan.size
    across = np.linspace(0, 1, 64)
    deep = rng.uniform(30, 85)
    side = rng.choice(("left", "right", "top", "bottom", "corner"))
    profile = 255 - deep * np.clip(1 - across * rng.uniform(1.2, 3.0), 0, 1) ** 1.5
    if side in {"right", "bottom"}:
        profile = profile[::-1]
    small = np.tile(profile, (64, 1)) if side in {"left", "right"} else np.tile(profile[:, None], (1, 64))
    if side == "corner":
        small = 255 - (255 - profile[None, :]) * (255 - profile[:, None]) / deep
    field = cv2.resize(small.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    multiply(scan, np.asarray(field, dtype=np.uint8))
    return True


def black_edges(scan: Scan, rng: random.Random) -> bool:
    """Dark bands where the scanner saw past the sheet."""
    width, height = scan.size
    for side in rng.sample(("left", "right", "top", "bottom"), rng.randint(1, 2)):
        near, far = scan.px(rng.uniform(1.0, 6.0)), scan.px(rng.uniform(1.0, 6.0))
        dark = rng.randint(8, 40)
        corners = {
            "left": [(0, 0), (near, 0), (far, height), (0, height)],
            "right": [(width, 0), (width - near, 0), (width - far, height), (width, height)],
            "top": [(0, 0), (0, near), (width, far), (width, 0)],
            "bottom": [(0, height), (0, height - near), (width, height - far), (width, height)],
        }[side]
        cv2.fillPoly(scan.pixels, [np.array(corners, dtype=np.int32)], (dark, dark, dark), cv2.LINE_AA)
    return True


def blur(scan: Scan, rng: random.Random) -> bool:
    """Soft focus."""
    sigma = rng.uniform(0.7, 1.5) * scan.dpi / 300
    cv2.GaussianBlur(scan.pixels, (0, 0), sigma, dst=scan.pixels)
    return True


def noise(scan: Scan, rng: random.Random) -> bool:
    """Sensor grain: a tile of normal noise, laid over the page."""
    width, height = scan.size
    tile = numbers(rng).normal(0, rng.uniform(3, 9), size=(600, 600))
    above = np.clip(tile, 0, 255).astype(np.uint8)
    below = np.clip(-tile, 0, 255).astype(np.uint8)
    repeats = (height // 600 + 1, width // 600 + 1)
    for layer, operation in ((above, cv2.add), (below, cv2.subtract)):
        whole = np.tile(layer, repeats)[:height, :width]
        operation(scan.pixels, cv2.merge((whole, whole, whole)), dst=scan.pixels)
    return True
