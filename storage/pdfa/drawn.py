"""One page ready to be written: its image object, its placement, and findings."""

from __future__ import annotations

from typing import NamedTuple

import pikepdf

from schemas.findings import Finding
from storage.pdfa.geometry import Matrix


class Drawn(NamedTuple):
    """A page as it will be drawn.

    Attributes:
        image: the XObject, already in the file being written.
        matrix: unit square to page, in points; its bounds are also the frame that word boxes are pixels of.
        width, height: of the page, in points.
        held: bytes this page keeps in memory until they are written.
        digest: SHA-256 of a stream taken over byte for byte, else None.
        fill: operators that set the colour a stencil is painted in, else empty.
        findings: what was noticed.
    """

    image: pikepdf.Object
    matrix: Matrix
    width: float
    height: float
    held: int = 0
    digest: str | None = None
    fill: str = ""
    findings: tuple[Finding, ...] = ()
