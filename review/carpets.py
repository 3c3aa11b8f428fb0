"""Carpets: values of many papers that were read alike, to be looked at side by side.

Only what an eye can compare with its picture alone lies in a carpet: values without evidence against them, and no
identifiers, which are keyed and not glanced at. A person who confirms a piece confirms the whole value that stands under
its picture, also where the carpet gathers by a part of it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from review.questions import Question
from schemas.documents import Document
from schemas.reading import Box
from schemas.review import KEYED_AGAIN, KIND, UNIT

MOST: Final = 60  # pieces on one screen
LEAST: Final = 2  # of one value make a carpet
_WHOLE: Final = "whole"
_PARTS_OF_DATE: Final = ("year", "month", "day")
_GATHERED: Final = frozenset({KIND, UNIT, "agency", "document_type"})
_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
# Evidence against a value needs the whole paper, and what was typed is typed again without being seen.
_NEEDS_THE_PAPER: Final = frozenset(
    {
        *("field_conflict", "field_malformed", *KEYED_AGAIN, "register_contradicts"),
        *("name_contradicts", "order_contradicts", "code_part_differs", "date_in_future"),
    }
)


class Piece(NamedTuple):
    """A value that one paper asks about: what was read, where it stands, and the digest of the question."""

    document_id: str
    target: str
    value: str
    page: int
    box: Box | None
    shown: str


class Alike(NamedTuple):
    """What the pieces of a carpet share: the field, the part of it, and what that part was read as."""

    target: str
    part: str
    value: str


def piece_of(asked: Question) -> Piece | None:
    """The piece of a question; None where a glance at a picture cannot answer it."""
    if asked.value is None or not asked.page or not any(_shared(asked.target, asked.value)):
        return None
    if asked.box is None and asked.target not in {KIND, UNIT}:
        return None  # nothing to look at; kind and unit are told by the top of the page
    if any(reason.rule in _NEEDS_THE_PAPER for reason in asked.reasons):
        return None
    return Piece(asked.document_id, asked.target, asked.value, asked.page, asked.box, asked.shown)


def _shared(target: str, value: str) -> Iterator[Alike]:
    """Carpets that a value may lie in."""
    if target in _GATHERED:
        yield Alike(target, _WHOLE, value)
    elif (day := _DAY.fullmatch(value)) is not None:
        for part, read in zip(_PARTS_OF_DATE, day.groups(), strict=True):
            yield Alike(target, part, read)
    elif target == "number" and value[:1].isdigit():
        yield Alike(target, "digit", value[0])


def is_in(piece: Piece, alike: Alike) -> bool:
    """True if a piece lies in a carpet."""
    return alike in _shared(piece.target, piece.value)


def gathered(pieces: Iterable[Piece]) -> Mapping[Alike, int]:
    """Carpets with the number of their pieces, the largest first."""
    counted: dict[Alike, int] = {}
    for piece in pieces:
        for alike in _shared(piece.target, piece.value):
            counted[alike] = counted.get(alike, 0) + 1
    found = [(alike, count) for alike, count in counted.items() if count >= LEAST]
    return dict(sorted(found, key=lambda each: (-each[1], each[0])))


def place_on_page(paper: Document, target: str) -> tuple[int, Box | None] | None:
    """Page and box of a value of a paper, as a carpet shows it; None where it has none."""
    first = paper.pages[0] if paper.pages else None
    if target in {KIND, UNIT} and first is not None:
        title = paper.fields.get("document_type") if target == KIND else None
        box = title.box if title and title.page == first else None
        return first, box
    field = paper.fields.get(target)
    if field is None or field.box is None or not field.page:
        return None
    if field.value is None or not any(_shared(target, field.value)):
        return None  # identifiers among them: a look at one is recorded elsewhere
    return field.page, field.box
