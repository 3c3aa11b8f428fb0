"""Calibration: checked values, the grades of pictures, and what was derived from them. Pure, no I/O.

A *checked value* is one that the machine read and that a truth, or a person, has since confirmed or corrected. The
figures drawn from them are computed in `quality/calibration.py`; this is their vocabulary.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from pydantic import Field

from schemas.documents import Document
from schemas.findings import Finding
from schemas.kinds import Kind, Row
from schemas.reading import ImageMeasures
from schemas.review import KIND
from schemas.routing import SUPPORTED, about_picture, doubted, weighed
from schemas.rules import Thresholds

ENOUGH: Final = 100  # checked values of its own from which a home is calibrated by them
TARGET: Final = 0.005  # share of accepted values that may be wrong
# No value is accepted at a lower confidence, however few errors were seen there: what was set by hand before. Samples worn
# worse than those of the derivation had a wrong number at 0.58.
FLOOR: Final = 0.6
# Threshold of a field that no confidence makes sure enough: no reading reaches it; what a person decided needs none.
ALWAYS_ASK: Final = 1.01

Evidence = Literal["truth", "person", "audit"]


class Grade(StrEnum):
    """Grade of a page's picture. `ALL` is no grade but every picture together."""

    ALL = "all"
    GOOD = "good"
    BITONAL = "bitonal"
    POOR = "poor"


class Checked(NamedTuple):
    """One value that was read, and whether it is right.

    Attributes:
        field: name of the threshold that decides about it (`threshold_of`).
        grade: of the page it stands on; never `ALL`.
        confidence: the machine's, 0–1.
        right: whether it agrees with what is known.
        source: how that is known.
    """

    field: str
    grade: Grade
    confidence: float
    right: bool
    source: Evidence = "truth"


class MachineValue(NamedTuple):
    """A value that the machine read, how sure it was, and the page it stands on."""

    value: str
    confidence: float
    page: int


class CalibrationRow(Row):
    """Calibration of one field on pictures of one grade; a row of `configs/calibration.csv`.

    Attributes:
        field: name of a threshold.
        grade: of the pictures; thresholds in use are those of `all`.
        n, right: number of checked values, and of those that were right.
        ece: expected calibration error, 0–1.
        auroc: how well confidence tells right from wrong; None where all, or none, were right.
        threshold: lowest confidence from which at most `TARGET` of the values were wrong; None if there is none.
        accepted: share of the values at or above the threshold.
        wrong: number of wrong ones among them.
        bound: upper end of the one-sided 95 % Clopper–Pearson interval of their share.
        engine: which engine read.
        papers, seed: size and seed of the samples.
    """

    field: str
    grade: Grade
    n: int = Field(ge=0)
    right: int = Field(ge=0)
    ece: float | None = Field(default=None, ge=0, le=1)
    auroc: float | None = Field(default=None, ge=0, le=1)
    threshold: float | None = Field(default=None, ge=0, le=1)
    accepted: float = Field(default=0.0, ge=0, le=1)
    wrong: int = Field(default=0, ge=0)
    bound: float | None = Field(default=None, ge=0, le=1)
    engine: str = ""
    papers: int | None = None
    seed: int | None = None


def grade_of(measures: ImageMeasures, findings: Collection[Finding]) -> Grade:
    """Grade of a page's picture.

    Args:
        measures: of the page.
        findings: of the page, those drawn from the measures by the image rules included.

    Returns:
        `POOR` with any finding about the picture except that it is bitonal; `BITONAL` for one bit a pixel; else `GOOD`.
    """
    rules = {note.rule for note in findings if about_picture(note)}
    if rules - {"image_bitonal"}:
        return Grade.POOR
    return Grade.BITONAL if rules or measures.bits == 1 else Grade.GOOD


def threshold_of(field: str) -> str:
    """Name of the threshold that decides about a field: its own, that of owners, or `field`."""
    if field.startswith("owner_"):
        return "owner"
    return field if field in Thresholds.model_fields else "field"


def machine_values(document: Document, kind: Kind | None) -> dict[str, MachineValue]:
    """The kind and the fields of a paper that their confidence alone lets in, by name.

    Left out are values that a person, a register or a QR code gave, those that follow from others, those that are asked
    for another reason (ink written by hand, a wrong check digit), those that second evidence confirms, and fields that
    acceptance does not ask for.
    """
    first = document.pages[0]
    found = {}
    if document.kind is not None:
        found[KIND] = MachineValue(document.kind, document.kind_confidence or 0.0, first)
    asked = {
        *doubted(document),
        *(note.params.get("field") for note in document.findings if note.rule in SUPPORTED),
    }
    for name in weighed(kind):
        field = document.fields.get(name)
        if field is None or field.value is None or field.source not in {"ocr", "text_layer"} or name in asked:
            continue
        sure = field.confidence if field.confidence is not None else 1.0
        found[name] = MachineValue(field.value, sure, field.page or first)
    return found
