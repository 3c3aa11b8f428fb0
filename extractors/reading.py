"""Read one page: decode, measure, preprocess, run one OCR pass, map words to the displayed frame.

Runs inside a worker process, whose time and memory are bounded by its pool.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from engines import ocr, rendering
from engines.ocr import EngineWord, Letter
from extractors import diacritics, language, layout, text_layer
from extractors.anchors import lines_of
from extractors.image_quality import a4_equivalents, image_findings, lines_run_down, measure, skew_of
from extractors.letters import is_lost, parted, sense, without_ornament
from extractors.pages import PagePixels, assumed_dpi, page_pixels
from extractors.preprocess import (
    ROTATIONS,
    Letters,
    boxes_back,
    ink_channel,
    letters_of,
    prepare,
    reading_scale,
    share_missed,
    small_copy,
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
    Rotation,
    Word,
    failed_page,
)
from schemas.rules import ImageRule, Limits, ReadingProfile
from schemas.text import nfc

cv2.setNumThreads(1)
Grey = npt.NDArray[np.uint8]
_UNSURE = 0.6
_OSD_SURE = 2.0
_CLEAR_MARGIN = 1.3
_MIN_WORDS = 6
_BLANK_LETTERS = 8
_HIGH_MISSED_SHARE = 0.08
# Below this a page of some length is likelier a list or a table than a bad scan of running text.
_DOUBTED = 0.85
_SOME_WORDS = 60
_WITHOUT_ORNAMENT = 0.8
_MIN_CONFIDENCE = 0.3
_OSD_SECONDS = 15.0
_ONE_COLUMN = 4  # Tesseract's page segmentation mode: one column of text of any size
_STROKES = set("|¦_‗~`´¬")


class _Sheet(NamedTuple):
    """A page prepared for recognition in any orientation."""

    grey: Grey
    letters: Letters
    dpi: float
    skew: float | None


class _Look(NamedTuple):
    """The result of one recognition attempt."""

    words: tuple[Word, ...]
    confidence: float
    rotation: Rotation
    skew: float | None
    seconds: float
    missed: float
    letters: tuple[tuple[Letter, ...], ...] = ()
    lost: bool = False
    again: bool = False


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
    sheet = _Sheet(grey, letters, dpi, measures.skew)
    blank = faint and sheet.letters.number < _BLANK_LETTERS
    look = None if blank else _best_look(sheet, profile, limits, source.turned)
    if look is not None and look.rotation in {90, 270}:
        measures = measures.model_copy(update={"skew": look.skew})
    findings.extend(image_findings(measures, image_rules, number, today()))
    changes: dict[str, Any] = {"state": PageState.BLANK}
    # Ink without a legible word is bleed-through, a stain or a picture: kept as blank, with a finding.
    if look is None or not any(word.confidence >= _MIN_CONFIDENCE for word in look.words):
        if pixels.complaint:
            raise SourceError("page_broken", pixels.complaint, page=number, detail=pixels.complaint)
        findings.append(finding("page_blank", page=number))
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


def _in_context(look: _Look, profile: ReadingProfile) -> tuple[Word, ...]:
    if not profile.diacritics.enabled:
        return look.words
    letters = look.letters if any(look.letters) else ()
    return diacritics.choose(look.words, language.model(), profile.diacritics, letters)


def _best_look(sheet: _Sheet, profile: ReadingProfile, limits: Limits, turned: Rotation) -> _Look:
    """Recognise an upright page; one that is rotated or reads badly is tried in other orientations.

    A page that a person turned is read as turned.
    """
    best = None
    spent = 0.0
    for turn in (turned,) if turned else _turns(sheet, profile, limits):
        look = _clear_look(sheet, profile, turn, limits)
        spent += look.seconds
        if best is None or _worth(look) > _CLEAR_MARGIN * _worth(best):
            best = look
        if best.confidence >= _UNSURE and len(best.words) >= _MIN_WORDS:
            break
    if best is None:
        raise AssertionError("no way up was tried")
    best = best._replace(seconds=spent)
    return _second_look(best, sheet, profile, limits) if best.lost else best


def _worth(look: _Look) -> float:
    return sum(word.confidence for word in look.words if len(word.text) > 1)


def _turns(sheet: _Sheet, profile: ReadingProfile, limits: Limits) -> Iterator[Rotation]:
    """Orientations to try, the likeliest first; the engine's detection is as slow as a small page, so it comes late."""
    if not profile.turn:
        yield 0
        return
    small, dpi = small_copy(sheet.grey, sheet.dpi)
    lying = lines_run_down(small)
    if not lying:
        yield 0
    timeout = min(_OSD_SECONDS, limits.page_seconds / 4)
    turn, sure = ocr.orientation(small, profile, dpi=dpi, timeout=timeout) or (0, 0.0)
    if sure >= _OSD_SURE:
        if turn or lying:
            yield cast(Rotation, turn)
        return
    # A plan with its labels set upright and a page of a few words both look as if they lay on their side.
    yield from cast(Iterable[Rotation], (0, 90, 270, 180) if lying else (180, 90, 270))


def _clear_look(sheet: _Sheet, profile: ReadingProfile, turn: Rotation, limits: Limits) -> _Look:
    """Recognise a page; if the result is poor, retry without its light ornaments, or as a list or table.

    Ornaments are tried where much ink was missed. In lists of short entries the engine's columns go astray, and letters and
    figures of joined cells confuse it: there the rules stay in, and the page is taken as one column.
    """
    best = _look(sheet, profile, turn, limits)
    if any(best.letters):
        return best
    if best.missed >= _HIGH_MISSED_SHARE and profile.even_background:
        best = _better(best, _look(sheet, profile, turn, limits, white=_WITHOUT_ORNAMENT))
    if best.confidence < _DOUBTED and len(best.words) >= _SOME_WORDS:
        best = _better(best, _look(sheet, profile, turn, limits, listed=True))
    return best


def _second_look(best: _Look, sheet: _Sheet, profile: ReadingProfile, limits: Limits) -> _Look:
    """The page read by the second engine where the first was lost, if that makes more sense."""
    other = _clear_look(sheet, profile.model_copy(update={"engine": profile.second}), best.rotation, limits)
    made, seen = (sense((word.text for word in look.words), language.model()) for look in (other, best))
    taken = other._replace(again=True) if made >= seen else best
    return taken._replace(seconds=best.seconds + other.seconds)


def _better(first: _Look, second: _Look) -> _Look:
    """The better of two attempts, with the seconds of both."""
    better = second if _worth(second) > _worth(first) else first
    return better._replace(seconds=first.seconds + second.seconds)


def _look(
    sheet: _Sheet,
    profile: ReadingProfile,
    turn: Rotation,
    limits: Limits,
    *,
    white: float = 1.0,
    listed: bool = False,
) -> _Look:
    skew = sheet.skew
    if turn in {90, 270}:
        skew = skew_of(cast(Grey, cv2.rotate(small_copy(sheet.grey, sheet.dpi)[0], ROTATIONS[turn])))
    scale = reading_scale(sheet.letters, profile, sheet.dpi)
    prepared = prepare(
        sheet.grey, profile, scale=scale, dpi=sheet.dpi, skew=skew, turn=turn, white=white, rules=listed
    )
    if listed:
        profile = profile.model_copy(update={"page_segmentation": _ONE_COLUMN})
    started = time.monotonic()
    seen = ocr.recognise(prepared.image, profile, dpi=prepared.dpi, timeout=limits.page_seconds)
    seconds = time.monotonic() - started
    height, width = sheet.grey.shape
    words = []
    parts = parted(without_ornament(seen, language.model()), language.model())
    ordered = layout.order([one for one in parts if _is_text(one)], prepared.image.shape[1])
    boxes = [(word.left, word.top, word.right, word.bottom) for word, _, _ in ordered]
    places = boxes_back(prepared.inverse, boxes, width, height)
    for (word, line, block), box in zip(ordered, places, strict=True):
        text = nfc(word.text)
        raw = unicodedata.normalize("NFC", word.text)
        words.append(Word(text, round(word.confidence, 4), box, line, block, raw if raw != text else None))
    sure = [word.confidence for word in words if any(char.isalnum() for char in word.text)]
    missed = share_missed(
        sheet.letters, [word.box for word in words if word.confidence >= _MIN_CONFIDENCE], width, height
    )
    confidence = sum(sure) / len(sure) if sure else 0.0
    letters = tuple(word.letters for word, _, _ in ordered)
    return _Look(tuple(words), confidence, turn, skew, seconds, missed, letters, is_lost(seen))


def _is_text(word: EngineWord) -> bool:
    """Specks and remains of rules, read as strokes or lone letters, are no words; control characters never are."""
    text = word.text
    if any(unicodedata.category(char) in {"Cc", "Cf", "Co"} for char in text):
        return False
    if not any(char.isalnum() for char in text):
        return word.confidence > 0.4 and len(text) <= 3 and not set(text) & _STROKES
    return len(text) > 1 or text.isdigit() or word.confidence >= _MIN_CONFIDENCE
