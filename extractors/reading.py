"""One page's whole reading: pixels, measurements, preparation, one OCR pass, words in the displayed frame.

Runs inside a worker process, whose time and memory are bounded by its pool.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import cv2

from engines import poppler, tesseract
from extractors.image_quality import grey_of, judge, measure, skew_of
from extractors.pages import PagePixels, assumed_dpi, page_pixels
from extractors.preprocess import box_back, prepare
from schemas.errors import SourceError
from schemas.findings import Finding, finding
from schemas.reading import Box, Format, PageOrigin, PageReading, PageSource, PageState, Rotation, Word
from schemas.rules import ImageRule, Limits, ReadingProfile
from schemas.text import nfc

cv2.setNumThreads(1)
_UNSURE = 0.55
_FEW_WORDS = 6
_VIETNAMESE = re.compile(
    r"[\sA-Za-z0-9ăâđêôơưĂÂĐÊÔƠƯàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
    r"ÀẢÃÁẠẰẲẴẮẶẦẨẪẤẬÈẺẼÉẸỀỂỄẾỆÌỈĨÍỊÒỎÕÓỌỒỔỖỐỘỜỞỠỚỢÙỦŨÚỤỪỬỮỨỰỲỶỸÝỴ"
    r"!-/:-@\[-`{-~–—‘’“”…•·×°²³§«»\u00a0]"
)
_GARBLED = 0.04


class _Pass(NamedTuple):
    words: tuple[Word, ...]
    confidence: float
    rotation: Rotation
    seconds: float


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
        limits: pixels and seconds a page.

    Raises:
        SourceError: the page cannot be read; the caller records it.
    """
    started = time.monotonic()
    findings: list[Finding] = list(source.findings)
    if source.origin is PageOrigin.TEXT:
        words, garbled = _text_layer(path, source, limits)
        if words and not garbled:
            return _reading(source, words, "text_layer", 1.0, findings, started)
        if garbled:
            findings.append(finding("text_layer_garbled", page=source.number))
    pixels = page_pixels(path, kind, source, profile, limits)
    dpi = pixels.dpi
    if dpi is None:
        dpi = assumed_dpi(source.width, source.height)
        findings.append(finding("dpi_assumed", page=source.number, dpi=round(dpi)))
    measures = measure(pixels.array, pixels.dpi, pixels.bits)
    findings.extend(judge(measures, image_rules, source.number, date.today()))
    base = PageReading(
        number=source.number,
        state=PageState.READ,
        width=source.width,
        height=source.height,
        dpi=pixels.dpi,
        measures=measures,
    )
    if measures.ink is not None and measures.ink < profile.blank_ink:
        findings.append(finding("page_blank", page=source.number))
        blank = {"state": PageState.BLANK, "findings": tuple(findings), "total_seconds": time.monotonic() - started}
        return base.model_copy(update=blank)
    best = _best_pass(pixels, profile, dpi, measures.skew, limits)
    if best.rotation:
        findings.append(finding("page_turned", page=source.number, degrees=best.rotation))
    if not best.words:
        # Ink without a single word: bleed-through, a photograph, a stain. Kept as blank, and said.
        findings.append(finding("page_blank", page=source.number))
    return base.model_copy(
        update={
            "state": PageState.READ if best.words else PageState.BLANK,
            "rotation": best.rotation,
            "confidence": round(best.confidence, 4) if best.words else None,
            "words": best.words,
            "findings": tuple(findings),
            "engine_seconds": round(best.seconds, 4),
            "total_seconds": round(time.monotonic() - started, 4),
        }
    )


def _best_pass(
    pixels: PagePixels, profile: ReadingProfile, dpi: float, skew: float | None, limits: Limits
) -> _Pass:
    """One pass for an upright page; a page that reads badly is tried the other ways round."""
    first = _one_pass(pixels, profile, dpi, skew, 0, limits)
    if not profile.turn or (first.confidence >= _UNSURE and len(first.words) >= _FEW_WORDS):
        return first
    best, spent = first, first.seconds
    for turn in _turns_to_try(pixels, limits):
        tilt = skew if turn == 180 else skew_of(_turned(pixels, turn))
        tried = _one_pass(pixels, profile, dpi, tilt, turn, limits)
        spent += tried.seconds
        if _worth(tried) > 1.3 * _worth(best):
            best = tried
        if best.confidence >= 0.7:
            break
    return best._replace(seconds=spent)


def _worth(one: _Pass) -> float:
    return sum(word.confidence for word in one.words if len(word.text) > 1)


def _turned(pixels: PagePixels, turn: Rotation) -> tesseract.Grey:
    codes = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
    return cv2.rotate(grey_of(pixels.array), codes[turn])  # type: ignore[return-value]


def _turns_to_try(pixels: PagePixels, limits: Limits) -> Sequence[Rotation]:
    small = cv2.resize(grey_of(pixels.array), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    said = tesseract.orientation(small, timeout=min(15.0, limits.page_seconds / 3))  # type: ignore[arg-type]
    if said is None:
        return (180, 90, 270)
    turn, sure = said
    if turn == 0:
        return ()
    return (turn,) if sure > 2 else (turn, 180 if turn != 180 else 90, 270)  # type: ignore[return-value]


def _one_pass(
    pixels: PagePixels, profile: ReadingProfile, dpi: float, skew: float | None, turn: Rotation, limits: Limits
) -> _Pass:
    prepared = prepare(pixels.array, profile, dpi=dpi, skew=skew, turn=turn)
    started = time.monotonic()
    seen = tesseract.recognise(prepared.image, profile, dpi=prepared.dpi, timeout=limits.page_seconds)
    seconds = time.monotonic() - started
    height, width = pixels.array.shape[:2]
    lines: dict[tuple[int, int, int], int] = {}
    words = []
    for word in seen:
        text = nfc(word.text)
        if not _is_text(text, word.confidence):
            continue
        box = box_back(prepared.inverse, (word.left, word.top, word.right, word.bottom), width, height)
        line = lines.setdefault(word.line, len(lines))
        words.append(Word(text, round(word.confidence, 4), box, line, word.block))
    sure = [word.confidence for word in words if any(char.isalnum() for char in word.text)]
    return _Pass(tuple(words), sum(sure) / len(sure) if sure else 0.0, turn, seconds)


def _is_text(text: str, confidence: float) -> bool:
    """Specks and rule remains read as lone punctuation are no words; control characters never are."""
    if any(unicodedata.category(char) == "Cc" for char in text):
        return False
    return any(char.isalnum() for char in text) or (confidence > 0.4 and len(text) <= 3)


def _text_layer(path: str, source: PageSource, limits: Limits) -> tuple[tuple[Word, ...], bool]:
    """Words of a born-digital page, and whether they are garbled (legacy encodings, private glyphs)."""
    try:
        found = poppler.text_words(path, source.number, timeout=limits.page_seconds / 2)
    except SourceError:
        return (), True
    text = "".join(word.text for word in found)
    strange = sum(1 for char in nfc(text) if not _VIETNAMESE.match(char))
    if not text or strange > _GARBLED * len(text):
        return (), bool(text)
    words = []
    for word in found:
        left, right = (min(max(0, round(edge * source.width)), source.width) for edge in (word.left, word.right))
        top, bottom = (min(max(0, round(edge * source.height)), source.height) for edge in (word.top, word.bottom))
        if right > left and bottom > top:
            words.append(Word(nfc(word.text), 1.0, Box(left, top, right, bottom), word.line, 0))
    return tuple(words), False


def _reading(
    source: PageSource,
    words: tuple[Word, ...],
    origin: str,
    confidence: float,
    findings: list[Finding],
    started: float,
) -> PageReading:
    return PageReading(
        number=source.number,
        state=PageState.READ,
        width=source.width,
        height=source.height,
        dpi=source.dpi,
        confidence=confidence,
        words=words,
        source="text_layer" if origin == "text_layer" else "ocr",
        findings=tuple(findings),
        total_seconds=round(time.monotonic() - started, 4),
    )
