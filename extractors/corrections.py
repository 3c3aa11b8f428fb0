"""Lays a person's values into the words of a page, for the text layer of the PDF/A. Pure.

Only words in the box of a corrected field change; the ledger's reading stays as the machine made it. A date keeps its
printed form, and labels and punctuation in the box stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from extractors.decided import Decided
from extractors.word_places import Group, laid_out, matched_groups, printed_date
from schemas.documents import Field
from schemas.reading import Box, PageReading, Word
from schemas.review import OF_PAPER, Action, field_told, is_confirming, picture_of

_INSIDE: Final = 0.5  # of the word, or of the field's box where a label is glued to the value


class Corrected(NamedTuple):
    """Pages with corrections in place.

    Attributes:
        readings: all pages, in the order given.
        placed: targets whose value stands in its box, with the page.
        unplaced: targets that were corrected but have no place in the text.
    """

    readings: tuple[PageReading, ...]
    placed: tuple[tuple[str, int], ...] = ()
    unplaced: tuple[str, ...] = ()


def corrections(read: Mapping[str, Field], decided: Decided) -> dict[str, str]:
    """Values by field in which a person differs from the machine.

    Args:
        read: the fields as the machine read them.
        decided: the decisions in force.
    """
    found = {}
    for target, held in sorted(decided.items()):
        if target in OF_PAPER or picture_of(target) or is_confirming(target) or held.action is not Action.SET:
            continue
        if field_told(target) is not None:
            continue  # evidence, no value of a person
        known = read.get(target)
        if held.value and (known is None or known.value != held.value):
            found[target] = held.value
    return found


def corrected(
    readings: Sequence[PageReading],
    read: Mapping[str, Field],
    decided: Decided,
    lost: Collection[int] = (),
) -> Corrected:
    """Lay the corrected values of a paper into its words.

    Args:
        readings: the paper's pages.
        read: its fields as the machine read them.
        decided: the decisions in force.
        lost: pages that stand in the PDF/A as a placeholder, without their words.
    """
    pages = {reading.number: reading for reading in readings}
    placed, unplaced = [], []
    for target, value in corrections(read, decided).items():
        field = read.get(target)
        reading = pages.get(field.page or 0) if field and field.page not in lost else None
        after = _with_value(reading, field, value) if reading and field else None
        if after is None:
            unplaced.append(target)
            continue
        pages[after.number] = after
        placed.append((target, after.number))
    return Corrected(tuple(pages[reading.number] for reading in readings), tuple(placed), tuple(unplaced))


def _with_value(reading: PageReading, field: Field, value: str) -> PageReading | None:
    """The page with a value in the box of its field; None if no word lies there."""
    box = field.box
    if box is None:
        return None
    order = sorted(range(len(reading.words)), key=lambda index: reading.words[index].line)
    inside = [index for index in order if _lies_in(reading.words[index].box, box)]
    if not inside:
        return None
    words = [reading.words[index] for index in inside]
    groups = printed_date(words, value) or matched_groups(words, field.value or field.raw or "", value)
    return _with_groups(reading, inside, groups)


def _lies_in(word: Box, box: Box) -> bool:
    wide = min(word.right, box.right) - max(word.left, box.left)
    high = min(word.bottom, box.bottom) - max(word.top, box.top)
    if wide <= 0 or high <= 0:
        return False
    own, field = max(1, word.width * word.height), max(1, box.width * box.height)
    return wide * high >= _INSIDE * min(own, field)


def _with_groups(reading: PageReading, inside: Sequence[int], groups: Sequence[Group]) -> PageReading:
    """The page with groups of its words replaced; new words take the place of the first of their group."""
    after: dict[int, tuple[Word, ...]] = {}
    for group in groups:
        first, *rest = (inside[at] for at in group.at)
        after[first] = laid_out(
            [reading.words[inside[at]] for at in group.at], group.tokens, reading.rotation
        )
        after |= dict.fromkeys(rest, ())
    words = tuple(made for index, word in enumerate(reading.words) for made in after.get(index, (word,)))
    return reading.model_copy(update={"words": words})
