"""Signatures as ink: a few bold pen strokes along smooth curves, pressure rising and falling."""

from __future__ import annotations

import math
import random

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.wear.scan import Pixels

_Points = list[tuple[float, float]]


def _smooth(knots: _Points, steps: int = 14) -> NDArray[np.float64]:
    """Points along a Catmull-Rom curve through the knots."""
    padded = np.array([knots[0], *knots, knots[-1]], dtype=np.float64)
    moments = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for index in range(1, len(padded) - 2):
        a, b, c, d = padded[index - 1 : index + 3]
        parts.append(
            0.5
            * (
                2 * b
                + (c - a) * moments
                + (2 * a - 5 * b + 4 * c - d) * moments**2
                + (3 * b - a - 3 * c + d) * moments**3
            )
        )
    return np.concatenate(parts)


def _initial(rng: random.Random) -> _Points:
    """A large first letter: one or two tall loops."""
    loops: _Points = []
    x = rng.uniform(0.08, 0.16)
    for _ in range(rng.randint(1, 2)):
        tall = rng.uniform(0.02, 0.2)
        loops += [
            (x, rng.uniform(0.55, 0.85)),
            (x + rng.uniform(0.03, 0.1), tall),
            (x + rng.uniform(0.1, 0.17), tall + rng.uniform(0.0, 0.12)),
            (x + rng.uniform(0.02, 0.1), rng.uniform(0.6, 0.95)),
            (x - rng.uniform(0.02, 0.08), rng.uniform(0.55, 0.8)),
        ]
        x += rng.uniform(0.12, 0.2)
    return loops


def _running(rng: random.Random, start: float) -> _Points:
    """The small letters: waves of falling height."""
    points: _Points = []
    x, base = start, rng.uniform(0.52, 0.66)
    reach = rng.uniform(0.16, 0.28)
    for wave in range(rng.randint(4, 8)):
        points.append((x, base - reach * rng.uniform(0.5, 1.1)))
        x += rng.uniform(0.02, 0.05)
        points.append((x, base + reach * rng.uniform(0.2, 0.7)))
        x += rng.uniform(0.03, 0.06)
        if rng.random() < 0.2 and wave:
            points.append((x + 0.02, base - reach * 2.2))
            points.append((x - 0.03, base + reach * 1.3))
        reach *= rng.uniform(0.8, 0.97)
    return points


def _flourish(rng: random.Random, end: float) -> _Points:
    """The closing stroke: back under the name and out again."""
    low = rng.uniform(0.74, 0.95)
    points = [(end, 0.6), (min(0.97, end + 0.12), rng.uniform(0.3, 0.6)), (end - 0.1, low)]
    if rng.random() < 0.75:
        points += [
            (rng.uniform(0.1, 0.3), low + rng.uniform(-0.08, 0.02)),
            (rng.uniform(0.4, 0.6), low - 0.1),
        ]
        points.append((0.98, rng.uniform(0.55, 0.85)))
    return points


def signature_mask(rng: random.Random, width: int, height: int, dpi: int) -> Pixels:
    """Ink mask (255 = full ink) of an invented signature."""
    mask = np.zeros((height, width), dtype=np.uint8)
    strokes = [_initial(rng)]
    running = _running(rng, strokes[0][-1][0] + rng.uniform(0.02, 0.1))
    joined = rng.random() < 0.5
    if joined:
        strokes[0] += running + _flourish(rng, running[-1][0])
    else:
        strokes += [running, _flourish(rng, running[-1][0])]
    if rng.random() < 0.5:
        x = rng.uniform(0.2, 0.5)
        strokes.append([(x, 0.3), (x + rng.uniform(0.2, 0.4), rng.uniform(0.12, 0.3))])
    nib = dpi / 300 * rng.uniform(4.2, 6.4)
    slant = rng.uniform(0.05, 0.3)
    for stroke in strokes:
        if len(stroke) < 2:
            continue
        curve = _smooth(stroke)
        points = np.empty_like(curve)
        points[:, 0] = (curve[:, 0] + slant * (0.6 - curve[:, 1]) * height / width) * (width - 8) + 4
        points[:, 1] = curve[:, 1] * (height - 8) + 4
        _ink(mask, points, nib, rng.uniform(0, 6))
    return mask


def _ink(mask: Pixels, points: NDArray[np.float64], nib: float, phase: float) -> None:
    shift = 4
    fixed = np.round(points * (1 << shift)).astype(np.int32)
    last = len(points) - 1
    for index in range(last):
        pace = math.dist(points[index], points[index + 1])
        ends = min(1.0, (index + 2) / 8, (last - index + 1) / 10)
        pressure = ends * (1.15 - min(0.65, pace / (nib * 9))) * (0.9 + 0.2 * math.sin(index / 9 + phase))
        thick = max(1, round(nib * pressure))
        a, b = fixed[index], fixed[index + 1]
        cv2.line(mask, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), 235, thick, cv2.LINE_AA, shift)
