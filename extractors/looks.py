"""Looks at a page: upright, and turned, without ornaments, as a list or by the second engine where that reads better.

Runs inside a worker process. Of several looks the one that makes more sense is taken; what none can read is left out.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from engines import ocr
from engines.ocr import EngineWord, Letter
from extractors import language, layout
from extractors.image_quality import lines_run_down, skew_of
from extractors.letters import is_lost, parted, sense, without_ornament
from extractors.preprocess import (
    ROTATIONS,
    Letters,
    boxes_back,
    prepare,
    reading_scale,
    share_missed,
    small_copy,
)
from schemas.reading import Rotation, Word
from schemas.rules import Limits, ReadingProfile
from schemas.text import nfc

Grey = npt.NDArray[np.uint8]
MIN_CONFIDENCE = 0.3  # of a word that counts as legible
_UNSURE = 0.6
_OSD_SURE = 2.0
_CLEAR_MARGIN = 1.3
_MIN_WORDS = 6
_HIGH_MISSED_SHARE = 0.08
# Below this a page of some length is likelier a list or a table than a bad scan of running text.
_DOUBTED = 0.85
_SOME_WORDS = 60
_WITHOUT_ORNAMENT = 0.8
_OSD_SECONDS = 15.0
_ONE_COLUMN = 4  # Tesseract's page segmentation mode: one column of text of any size
_STROKES = set("|¦_‗~`´¬")
# Letters in syllables and numbers, as a share of a page's: of mirrored print a tenth, of any other over a third.
_SENSELESS = 0.25
_CLEARER = 3


class Sheet(NamedTuple):
    """A page prepared for recognition in any orientation."""

    grey: Grey
    letters: Letters
    dpi: float
    skew: float | None


class Look(NamedTuple):
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


def best_look(sheet: Sheet, profile: ReadingProfile, limits: Limits, turned: Rotation) -> Look:
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


def _worth(look: Look) -> float:
    return sum(word.confidence for word in look.words if len(word.text) > 1)


def _turns(sheet: Sheet, profile: ReadingProfile, limits: Limits) -> Iterator[Rotation]:
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


def _clear_look(sheet: Sheet, profile: ReadingProfile, turn: Rotation, limits: Limits) -> Look:
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


def _second_look(best: Look, sheet: Sheet, profile: ReadingProfile, limits: Limits) -> Look:
    """The page read by the second engine where the first was lost, if that makes more sense."""
    other = _clear_look(sheet, profile.model_copy(update={"engine": profile.second}), best.rotation, limits)
    made, seen = (sense((word.text for word in look.words), language.model()) for look in (other, best))
    taken = other._replace(again=True) if made >= seen else best
    return taken._replace(seconds=best.seconds + other.seconds)


def _better(first: Look, second: Look) -> Look:
    """The better of two attempts, with the seconds of both."""
    better = second if _worth(second) > _worth(first) else first
    return better._replace(seconds=first.seconds + second.seconds)


def _look(
    sheet: Sheet,
    profile: ReadingProfile,
    turn: Rotation,
    limits: Limits,
    *,
    white: float = 1.0,
    listed: bool = False,
) -> Look:
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
        sheet.letters, [word.box for word in words if word.confidence >= MIN_CONFIDENCE], width, height
    )
    confidence = sum(sure) / len(sure) if sure else 0.0
    letters = tuple(word.letters for word, _, _ in ordered)
    return Look(tuple(words), confidence, turn, skew, seconds, missed, letters, is_lost(seen))


def _is_text(word: EngineWord) -> bool:
    """Specks and remains of rules, read as strokes or lone letters, are no words; control characters never are."""
    text = word.text
    if any(unicodedata.category(char) in {"Cc", "Cf", "Co"} for char in text):
        return False
    if not any(char.isalnum() for char in text):
        return word.confidence > 0.4 and len(text) <= 3 and not set(text) & _STROKES
    return len(text) > 1 or text.isdigit() or word.confidence >= MIN_CONFIDENCE


def is_mirrored(look: Look, sheet: Sheet, profile: ReadingProfile, limits: Limits) -> bool:
    """True if a page makes no sense as it is and does seen from behind: what shines through, or rubbed off a sheet on it.

    A reader made for lines reads mirrored letters as whatever they look like, a whole page of them.
    """
    texts = [word.text for word in look.words]
    letters = sum(char.isalnum() for text in texts for char in text)
    made = sense(texts, language.model())
    if made >= _SENSELESS * letters:
        return False
    behind = sheet._replace(
        grey=cast(Grey, cv2.flip(sheet.grey, 1)), skew=None if sheet.skew is None else -sheet.skew
    )
    turn = cast(Rotation, (360 - look.rotation) % 360)
    seen = [word.text for word in _look(behind, profile, turn, limits).words]
    return sense(seen, language.model()) > _CLEARER * max(1, made)
