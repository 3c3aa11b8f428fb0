"""Read one page: decode, measure, preprocess, run one OCR pass, map words to the displayed frame.

Runs inside a worker process, whose time and memory are bounded by its pool.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from engines import ocr, rendering
from extractors import diacritics, language, text_layer
from extractors.anchors import lines_of
from extractors.image_quality import a4_equivalents, image_findings, measure
from extractors.looks import MIN_CONFIDENCE, Look, Sheet, best_look, is_mirrored
from extractors.pages import PagePixels, assumed_dpi, page_pixels
from extractors.preprocess import (
    ink_channel,
    letters_of,
)
from extractors.resolution import letter_height, resolution_findings, resolution_of
from extractors.secrecy import secret_mark
from extractors.sheets import codes_on
from extractors.stamps import find_stamps
from extractors.written import written_places
from schemas.clock import today
from schemas.errors import SourceError
from schemas.findings import Finding, Severity, finding
from schemas.reading import (
    Format,
    ImageMeasures,
    PageOrigin,
    PageReading,
    PageSource,
    PageState,
    Word,
    failed_page,
)
from schemas.rules import ImageRule, Limits, ReadingProfile

cv2.setNumThreads(1)
Grey = npt.NDArray[np.uint8]
_BLANK_LETTERS = 8
_PALE = 0.45  # contrast of the darkest print that shines through; a printed page has over half


def read_page(
    path: str,
    kind: Format,
    source: PageSource,
    profile: ReadingProfile,
    image_rules: Sequence[ImageRule],
    limits: Limits,
) -> PageReading:
    """Read one page.

    Args:
        path: the staged original.
        kind: what its bytes are.
        source: the page as listed.
        profile: how to read.
        image_rules: judge the page's image; a born-digital page has none.
        limits: pixels and seconds per page.

    Raises:
        SourceError: the page cannot be read; the caller records it.
    """
    if any(one.severity is Severity.ERROR for one in source.findings):
        return failed_page(source)
    reading = _read(path, kind, source, profile, image_rules, limits)
    mark = secret_mark(lines_of(reading), profile.marks.secret)
    return _guarded(reading, profile, "secret_document") if mark else reading


def _guarded(reading: PageReading, profile: ReadingProfile, rule: str) -> PageReading:
    """Refuse a page that bears, or may bear, a mark; for a page released by a person, add a finding.

    Raises:
        SourceError: the page was not released. The reading is discarded.
    """
    if not profile.marks.released:
        raise SourceError(rule, "mark of secrecy", page=reading.number)
    note = finding("secret_mark_released", page=reading.number)
    known = any(other.rule == note.rule for other in reading.findings)
    return reading if known else reading.model_copy(update={"findings": (*reading.findings, note)})


def _read(
    path: str,
    kind: Format,
    source: PageSource,
    profile: ReadingProfile,
    image_rules: Sequence[ImageRule],
    limits: Limits,
) -> PageReading:
    started = time.monotonic()
    layer = text_layer.read(path, source, limits) if source.origin is PageOrigin.TEXT else None
    if layer is not None and layer.trusted:
        return _from_layer(source, layer, started)
    pixels = page_pixels(path, kind, source, profile, limits)
    try:
        reading = _read_pixels(pixels, source, profile, image_rules, limits)
    except SourceError:
        if not pixels.complaint or not rendering.agreed(path, source.number, pixels.array):
            raise
        reading = _read_pixels(pixels._replace(complaint=""), source, profile, image_rules, limits)
    if layer is not None and not layer.garbled and text_layer.agrees(layer, reading):
        kept = [note for note in reading.findings if note.rule == "secret_mark_released"]
        taken = _from_layer(source, layer, started)
        return taken.model_copy(update={"findings": (*taken.findings, *kept)})
    findings = reading.findings
    if layer is not None and layer.words:
        findings = (finding("text_layer_garbled", page=source.number), *findings)
    spent = round(time.monotonic() - started, 4)
    return reading.model_copy(update={"findings": (*source.findings, *findings), "total_seconds": spent})


def _from_layer(source: PageSource, layer: text_layer.Layer, started: float) -> PageReading:
    return PageReading(
        number=source.number,
        state=PageState.READ,
        width=source.width,
        height=source.height,
        dpi=source.dpi,
        confidence=1.0,
        words=layer.words,
        source="text_layer",
        findings=source.findings,
        total_seconds=round(time.monotonic() - started, 4),
    )


def _read_pixels(
    pixels: PagePixels,
    source: PageSource,
    profile: ReadingProfile,
    image_rules: Sequence[ImageRule],
    limits: Limits,
) -> PageReading:
    number, findings = source.number, list[Finding]()
    if by := ocr.replacement(profile.engine):
        findings.append(finding("engine_replaced", page=number, engine=profile.engine, by=by))
    first_dpi = pixels.dpi or assumed_dpi(source.width, source.height)
    grey = ink_channel(pixels.array, profile, first_dpi)
    measures = measure(grey, None, pixels.bits)
    faint = (measures.ink or 0.0) < profile.blank_ink
    letters = letters_of(grey, whole=faint)
    tall = letter_height(grey, letters)
    measures, dpi, notes = _with_resolution(measures, source, pixels.dpi, first_dpi, tall)
    findings += notes
    sheet = Sheet(grey, letters, dpi, measures.skew)
    blank = faint and sheet.letters.number < _BLANK_LETTERS
    look = None if blank else best_look(sheet, profile, limits, source.turned)
    if look is not None and look.rotation in {90, 270}:
        measures = measures.model_copy(update={"skew": look.skew})
    findings.extend(image_findings(measures, image_rules, number, today()))
    changes: dict[str, Any] = {"state": PageState.BLANK}
    # Ink without a legible word is bleed-through, a stain or a picture: kept as blank, with a finding.
    legible = look is not None and any(word.confidence >= MIN_CONFIDENCE for word in look.words)
    if look is None or not legible or is_mirrored(look, sheet, profile, limits):
        if pixels.complaint:
            raise SourceError("page_broken", pixels.complaint, page=number, detail=pixels.complaint)
        # What shines through is pale; print that is not comes from a sheet that lay the wrong way round.
        pale = (measures.contrast or 0.0) < _PALE
        findings.append(finding("page_mirrored" if legible and not pale else "page_blank", page=number))
    else:
        if look.rotation:
            findings.append(finding("page_turned", page=number, degrees=look.rotation))
        if look.again:
            findings.append(finding("page_read_again", page=number, by=ocr.loaded(profile.second)[0]))
        changes = {
            "state": PageState.READ,
            "rotation": look.rotation,
            "confidence": round(look.confidence, 4),
            "words": _in_context(look, profile),
            "qr": codes_on(grey, len(look.words)),
        }
    reading = PageReading(
        number=number,
        width=source.width,
        height=source.height,
        dpi=pixels.dpi,
        measures=measures,
        findings=tuple(findings),
        engine_seconds=round(look.seconds, 4) if look else 0.0,
        **changes,
    )
    reading = reading.model_copy(update={"written": written_places(pixels.array, grey, reading)})
    seen = find_stamps(pixels.array, dpi, reading.rotation, profile, limits.page_seconds)
    if seen.mark is None and not seen.possible:
        return reading
    return _guarded(reading, profile, "secret_document" if seen.mark else "secret_mark_possible")


def _with_resolution(
    measures: ImageMeasures, source: PageSource, tag: float | None, first_dpi: float, tall: float
) -> tuple[ImageMeasures, float, list[Finding]]:
    """The measures with the page's resolution, that of the pixels that are read, and what is to be said of it.

    Args:
        measures: without a resolution.
        source: the page as listed.
        tag: dots per inch that the file tells of the pixels, None if it does not.
        first_dpi: the same, or what was assumed.
        tall: height of a small letter in these pixels.
    """
    # The image on a rendered page is usually coarser than the render: it is judged by its own pixels.
    shrunk = (source.image_dpi or first_dpi) / first_dpi
    width, height = (max(1, round(side * shrunk)) for side in (source.width, source.height))
    own_tag = tag and tag * shrunk
    found = resolution_of(width, height, own_tag, tall * shrunk)
    update = {
        "dpi": round(found.dpi, 1),
        "dpi_known": found.known,
        "a4_equivalents": a4_equivalents(width, height, found.dpi),
    }
    notes = resolution_findings(found, own_tag, source.number)
    return measures.model_copy(update=update), found.dpi / shrunk, notes


def _in_context(look: Look, profile: ReadingProfile) -> tuple[Word, ...]:
    if not profile.diacritics.enabled:
        return look.words
    letters = look.letters if any(look.letters) else ()
    return diacritics.choose(look.words, language.model(), profile.diacritics, letters)
