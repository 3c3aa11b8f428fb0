"""Page geometry: affine matrices, page sizes, assumed resolutions. Pure arithmetic.

A matrix is PDF's `a b c d e f`; points are row vectors, so `then(m, n)` means "first m, then n". The unit square of an
image has its origin at the lower left, as in PDF.
"""

from __future__ import annotations

import math
from typing import NamedTuple

MIN_POINTS = 3.0  # ISO 19005-2, 6.1.13: a page side measures 3 to 14 400 units
MAX_POINTS = 14_400.0
_A4_INCHES = (210 / 25.4, 297 / 25.4)
_PLAUSIBLE_DPI = (90.0, 480.0)


class Matrix(NamedTuple):
    """`x' = a·x + c·y + e`, `y' = b·x + d·y + f`."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def then(self, other: Matrix) -> Matrix:
        """This matrix first, then the other."""
        return Matrix(
            self.a * other.a + self.b * other.c,
            self.a * other.b + self.b * other.d,
            self.c * other.a + self.d * other.c,
            self.c * other.b + self.d * other.d,
            self.e * other.a + self.f * other.c + other.e,
            self.e * other.b + self.f * other.d + other.f,
        )

    def apply(self, x: float, y: float) -> tuple[float, float]:
        """Apply the matrix to a point."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def operands(self) -> str:
        """The six operands of `cm`, without exponents."""
        return " ".join(number(value) for value in self)


class Rectangle(NamedTuple):
    """Left, bottom, right, top in points."""

    left: float
    bottom: float
    right: float
    top: float


IDENTITY = Matrix(1, 0, 0, 1, 0, 0)
_MIRROR = Matrix(-1, 0, 0, 1, 1, 0)
_QUARTERS = {
    0: IDENTITY,
    90: Matrix(0, -1, 1, 0, 0, 1),
    180: Matrix(-1, 0, 0, -1, 1, 1),
    270: Matrix(0, 1, -1, 0, 1, 0),
}


def number(value: float) -> str:
    """A real for a content stream: at most five decimals, no exponent, no trailing zeros."""
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def scale(x: float, y: float) -> Matrix:
    """Scaling by x and y."""
    return Matrix(x, 0, 0, y, 0, 0)


def turned(degrees: int, *, mirrored: bool = False) -> Matrix:
    """Unit square onto itself: mirrored left to right first, then turned clockwise."""
    quarter = _QUARTERS[degrees % 360]
    return _MIRROR.then(quarter) if mirrored else quarter


def rectangle(box: Rectangle) -> Matrix:
    """Unit square onto a rectangle."""
    return Matrix(box.right - box.left, 0, 0, box.top - box.bottom, box.left, box.bottom)


def bounds(matrix: Matrix) -> Rectangle:
    """Smallest rectangle that holds the image of the unit square."""
    corners = [matrix.apply(x, y) for x in (0, 1) for y in (0, 1)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return Rectangle(min(xs), min(ys), max(xs), max(ys))


def assumed_dpi(width: int, height: int) -> float:
    """Resolution at which an image fits the nearest ISO A sheet: A4, unless that were too coarse or too fine.

    The step to the next sheet is a factor of √2.
    """
    dpi = max(min(width, height) / _A4_INCHES[0], max(width, height) / _A4_INCHES[1])
    low, high = _PLAUSIBLE_DPI
    if dpi > high:
        dpi /= math.sqrt(2) ** math.ceil(math.log(dpi / high, math.sqrt(2)))
    elif dpi < low:
        dpi *= math.sqrt(2) ** math.ceil(math.log(low / dpi, math.sqrt(2)))
    return dpi


def within_page(width: float, height: float) -> tuple[float, float]:
    """The nearest page size in points that PDF/A allows, of the same shape where any such is allowed."""
    if fits_page(width, height):
        return width, height
    factor = min(MAX_POINTS / max(width, height), max(1.0, MIN_POINTS / min(width, height)))
    return max(MIN_POINTS, width * factor), max(MIN_POINTS, height * factor)


def fits_page(width: float, height: float) -> bool:
    """True if PDF/A allows a page of this size in points."""
    return all(MIN_POINTS <= side <= MAX_POINTS for side in (width, height))
