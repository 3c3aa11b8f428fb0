"""Helpers that turn a found value into a field, and running text that maps back to its words.

The fields of a paper come from its heading (`fields_heading`), its signature (`fields_signature`), the labels of its
form (`fields_form`) and its running text (`fields_text`); `fields_of_paper` lays them together.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from extractors.anchors import Line, box_of, confidence_of
from schemas.documents import Field
from schemas.reading import Word

ReadFrom = Literal["ocr", "text_layer"]


@dataclass(frozen=True)
class Flow:
    """Lines joined into one text, with a mapping from text positions back to words."""

    text: str
    words: tuple[Word, ...]
    starts: tuple[int, ...]
    pages: tuple[int, ...]

    def words_between(self, start: int, end: int) -> tuple[Word, ...]:
        """Words that the stretch of text touches."""
        first = max(0, bisect.bisect_right(self.starts, start) - 1)
        last = bisect.bisect_left(self.starts, end)
        return self.words[first:last]

    def page_at(self, start: int) -> int | None:
        """Page of the word at a place in the text."""
        index = max(0, bisect.bisect_right(self.starts, start) - 1)
        return self.pages[index] if self.pages else None


def flow_of(lines: Iterable[Line]) -> Flow:
    """Join lines with single spaces; words as they were read."""
    words: list[Word] = []
    starts: list[int] = []
    pages: list[int] = []
    parts: list[str] = []
    index = 0
    for line in lines:
        for word in line.words:
            words.append(word)
            starts.append(index)
            pages.append(line.page)
            parts.append(word.as_read)
            index += len(word.as_read) + 1
    return Flow(" ".join(parts), tuple(words), tuple(starts), tuple(pages))


def raw_of(words: Iterable[Word]) -> str:
    """The engine's text, before any correction."""
    return " ".join(word.raw or word.text for word in words)


def field_of(
    value: str | None,
    words: Sequence[Word],
    page: int | None,
    source: ReadFrom,
    strength: float = 1.0,
    raw: str | None = None,
) -> Field:
    """A field read from words of one page; confidence = that of its words × how strong its pattern is."""
    sure = confidence_of(words) * strength if value is not None else 0.0
    return Field(
        value=value,
        raw=raw if raw is not None else raw_of(words),
        confidence=round(min(1.0, sure), 4),
        source=source,
        page=page,
        box=box_of(words) if words else None,
    )


def derived(value: str, confidence: float, like: Field | None = None) -> Field:
    """A field that follows from others; its place is that of the field it follows from."""
    return Field(
        value=value,
        raw=like.raw if like else None,
        confidence=round(confidence, 4),
        source="derived",
        page=like.page if like else None,
        box=like.box if like else None,
    )
