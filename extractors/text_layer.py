"""The text layer of a born-digital page: its words with boxes, and whether they can be trusted.

Old Vietnamese documents are written in fonts whose letters lie where other letters should (TCVN3, VNI): what is shown is
right and what is extracted is not. And a page may show ink that its text does not cover.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt

from engines import poppler
from extractors.preprocess import without_rules
from schemas.errors import SourceError
from schemas.reading import Box, PageReading, PageSource, Word
from schemas.rules import Limits
from schemas.text import nfc

_MARKS: Final = "ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
_VIETNAMESE = re.compile(f"[{_MARKS}]", re.IGNORECASE)
_USUAL = re.compile(rf"[\s!-~{_MARKS}–—‘’“”…•·×°²³§«»€\u00a0\u00ad]", re.IGNORECASE)
_STRANGE_SHARE = 0.03
_MARKED_SHARE = 0.04
_COVER_DPI = 75
_UNCOVERED_SHARE = 0.4
_UNCOVERED_INK = 0.002


class Layer(NamedTuple):
    """A page's text layer.

    Attributes:
        words: with boxes in the displayed frame.
        trusted: it can be used without checking the pixels.
        garbled: it is unusable.
    """

    words: tuple[Word, ...]
    trusted: bool
    garbled: bool


def read(path: str, source: PageSource, limits: Limits) -> Layer:
    """A page's text layer, judged. One that says little in Vietnamese is neither trusted nor garbled: see `agrees`."""
    try:
        wide = source.width > source.height
        found = poppler.text_words(path, source.number, wide=wide, timeout=limits.page_seconds / 3)
    except SourceError:
        return Layer((), trusted=False, garbled=True)
    words = tuple(word for one in found if (word := _placed(one, source)) is not None)
    text = "".join(word.text for word in words)
    strange = sum(1 for char in text if not _USUAL.match(char))
    if not text or strange > _STRANGE_SHARE * len(text):
        return Layer(words, trusted=False, garbled=True)
    if _uncovered(path, source, words, limits):
        return Layer((), trusted=False, garbled=True)
    return Layer(words, trusted=_marked(text) >= _MARKED_SHARE, garbled=False)


def agrees(layer: Layer, reading: PageReading) -> bool:
    """True if the layer of a page with few Vietnamese letters stands against what was read from its pixels."""
    seen = "".join(word.text for word in reading.words)
    return _marked(seen) < 2 * _MARKED_SHARE and len(seen) < 2 * sum(len(word.text) for word in layer.words)


def _marked(text: str) -> float:
    letters = sum(1 for char in text if char.isalpha())
    return len(_VIETNAMESE.findall(text)) / letters if letters else 0.0


def _placed(word: poppler.TextWord, source: PageSource) -> Word | None:
    text = "".join(char for char in nfc(word.text) if unicodedata.category(char) not in {"Cc", "Cf"})
    left, right = (min(max(0, round(edge * source.width)), source.width) for edge in (word.left, word.right))
    top, bottom = (
        min(max(0, round(edge * source.height)), source.height) for edge in (word.top, word.bottom)
    )
    if right <= left or bottom <= top or not text:
        return None
    return Word(text, 1.0, Box(left, top, right, bottom), word.line, 0)


def _uncovered(path: str, source: PageSource, words: tuple[Word, ...], limits: Limits) -> bool:
    """True if much of the page's ink lies outside its words: drawn letters, strips of a scan, a caption alone."""
    scale = _COVER_DPI / (source.dpi or 300.0)
    size = (max(1, round(source.width * scale)), max(1, round(source.height * scale)))
    timeout = limits.page_seconds / 3
    page = poppler.render_page(path, source.number, _COVER_DPI, timeout=timeout, grey=True).array
    page = cast(npt.NDArray[np.uint8], cv2.resize(page, size, interpolation=cv2.INTER_AREA))
    dark = without_rules(page, _COVER_DPI) < 128
    total = int(dark.sum())
    covered = np.zeros(dark.shape, np.uint8)
    for word in words:
        left, top, right, bottom = (round(edge * scale) for edge in word.box)
        cv2.rectangle(covered, (left - 1, top - 1), (right + 1, bottom + 1), 1, cv2.FILLED)
    outside = int((dark & (covered == 0)).sum())
    return outside > _UNCOVERED_SHARE * total and outside > _UNCOVERED_INK * dark.size
