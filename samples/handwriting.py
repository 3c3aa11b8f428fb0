"""Handwritten Vietnamese from fonts that know only plain letters: the marks are drawn as pen strokes.

Letters come from one of `fonts.PENS`; circumflex, breve, horn, bar and tones are short strokes placed by
each letter's own ink box, with a little unsteadiness.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from samples import fonts
from samples.wear.scan import Pixels

_FINE = 2
_GRAVE, _ACUTE, _HOOK, _TILDE, _DOT = "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"
_CIRCUMFLEX, _BREVE, _HORN = "\u0302", "\u0306", "\u031b"
# Relative x-heights differ much between these fonts: sizes that write equally large.
SCALES = {"breip": 1.0, "dancing": 0.95, "kristi": 1.3, "dkg": 0.78, "dkg_italic": 0.8, "ruf": 0.95}
BASELINE = 0.64
"""Share of a mask's height above the baseline."""


@dataclass(frozen=True)
class Hand:
    """One person's hand: font, size relative to print, slant, weight of the marks' strokes (ems)."""

    font: str
    size: float
    slant: float
    weight: float


def hand(rng: random.Random) -> Hand:
    """A hand drawn by lot."""
    name = rng.choice(("breip", "breip", "dancing", "kristi", "dkg_italic", "ruf", "dkg"))
    weight = {"breip": 0.035, "dancing": 0.045, "kristi": 0.04, "dkg": 0.06, "dkg_italic": 0.05, "ruf": 0.06}[
        name
    ]
    return Hand(name, SCALES[name] * rng.uniform(1.1, 1.3), rng.uniform(-0.02, 0.16), weight)


def write(text: str, style: Hand, pixels: float, rng: random.Random, room: int | None = None) -> Pixels:
    """Ink mask of a text; its baseline lies at `BASELINE` of the height.

    Args:
        text: NFC text of the Vietnamese alphabet, digits and common signs.
        style: whose hand.
        pixels: size of the print beside it, pixels per em.
        rng: unsteadiness.
        room: width in pixels that should not be overrun; the hand writes smaller to fit.
    """
    size = pixels * style.size
    font = fonts.load(fonts.PENS[style.font], round(size * _FINE, 1))
    natural = sum(_advance(font, char) for char in text) / _FINE
    if room and natural > room * 1.08:
        size *= max(0.62, room * 1.08 / natural)
        font = fonts.load(fonts.PENS[style.font], round(size * _FINE, 1))
        natural = sum(_advance(font, char) for char in text) / _FINE
    width, height = round((natural * 1.08 + size) * _FINE), round(size * 2.4 * _FINE)
    image = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(image)
    x, baseline = size * _FINE * 0.4, height * BASELINE
    drift = rng.uniform(-0.01, 0.012) * size * _FINE
    for char in text:
        baseline += rng.uniform(-0.3, 0.3) * abs(drift) + drift * 0.1
        _letter(
            pen,
            font,
            char,
            x,
            baseline + rng.uniform(-0.025, 0.025) * size * _FINE,
            style.weight * size * _FINE,
            rng,
        )
        x += _advance(font, char) * rng.uniform(0.95, 1.06)
    mask = np.array(image, dtype=np.uint8)
    lean = np.array([[1, -style.slant, style.slant * height * BASELINE], [0, 1, 0]], dtype=np.float32)
    leaning = cv2.warpAffine(mask, lean, (width, height))
    return np.asarray(
        cv2.resize(leaning, (width // _FINE, height // _FINE), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def _parts(char: str) -> tuple[str, str]:
    """Base letter and combining marks; đ has the bar as a mark of its own."""
    if char in "đĐ":
        return ("d" if char == "đ" else "D"), "-"
    decomposed = unicodedata.normalize("NFD", char)
    return decomposed[0], decomposed[1:]


def _advance(font: ImageFont.FreeTypeFont, char: str) -> float:
    return fonts.width(font, _parts(char)[0])


def _letter(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont,
    char: str,
    x: float,
    baseline: float,
    weight: float,
    rng: random.Random,
) -> None:
    base, marks = _parts(char)
    pen.text((x, baseline), base, fill=255, font=font, anchor="ls")
    if not marks:
        return
    left, top, right, _ = font.getbbox(base, anchor="ls")
    em = float(font.size)
    middle, roof = x + (left + right) / 2 + rng.uniform(-0.02, 0.02) * em, baseline + top - em * 0.06
    if base == "i":
        roof -= em * 0.02
    for mark in marks:
        points = _stroke(mark, em, (x + left, x + right), middle, roof, baseline, base)
        pen.line(points, fill=245, width=max(2, round(weight)), joint="curve")
        if mark in (_CIRCUMFLEX, _BREVE):
            roof, middle = roof - em * 0.1, middle + em * 0.07


_Points = tuple[tuple[float, float], ...]
# Marks above a letter as points: x in tenths of an em from its middle, y in ems from its roof.
_ABOVE: dict[str, _Points] = {
    _CIRCUMFLEX: ((-1.0, 0.0), (0.0, -0.1), (1.0, 0.01)),
    _BREVE: ((-1.0, -0.09), (-0.5, -0.01), (0.0, 0.01), (0.5, -0.01), (1.0, -0.1)),
    _ACUTE: ((-0.3, 0.0), (0.8, -0.15)),
    _GRAVE: ((-0.8, -0.15), (0.4, 0.0)),
    _HOOK: ((-0.5, -0.13), (0.1, -0.18), (0.5, -0.13), (0.1, -0.08), (0.0, 0.0)),
    _TILDE: ((-1.0, -0.03), (-0.5, -0.1), (0.1, -0.05), (0.6, -0.03), (1.1, -0.1)),
}


def _stroke(
    mark: str, em: float, ink: tuple[float, float], middle: float, roof: float, baseline: float, base: str
) -> list[tuple[float, float]]:
    """Points of a mark's stroke; `ink` are the letter's left and right edges."""
    if mark in _ABOVE:
        return [(middle + em * 0.1 * x, roof + em * y) for x, y in _ABOVE[mark]]
    if mark == _DOT:
        low = baseline + em * 0.14
        return [(middle - em * 0.015, low), (middle + em * 0.02, low + em * 0.015)]
    left, right = ink
    if mark == _HORN:
        top = roof + em * 0.08
        return [
            (right - em * 0.05, top),
            (right + em * 0.03, top - em * 0.03),
            (right + em * 0.04, top - em * 0.1),
        ]
    height = baseline - em * (0.55 if base == "d" else 0.33)
    centre = right - (right - left) * (0.25 if base == "d" else 0.85)
    return [(centre - em * 0.13, height), (centre + em * 0.13, height - em * 0.02)]
