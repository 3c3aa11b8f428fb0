"""The trace of a paper as one static page for the auditor: opens offline, prints on A4, fits a telephone.

No script, no outside resource; pictures are inside the page. It renders a `Trace` and adds nothing to it;
identifiers were hidden, if requested, when the trace and the pictures were made. May import schemas.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from quality.pages import template, write_page
from schemas.documents import Field
from schemas.numerals import day_text, moment_text, number_text, value_text
from schemas.review import order_field, register_field
from schemas.traces import PagePicture, Trace, TracedEvent, TracedPaper
from schemas.wording import has, say

Word = Callable[[str], str]
Pictures = Mapping[tuple[str, int], PagePicture]

_DOTS: Final = re.compile(r"\.{3,}")  # lines to write on
_SURE, _DOUBTFUL = 0.85, 0.6  # tones of a bar; the thresholds of acceptance are the configuration's


@dataclass(frozen=True)
class ShownValue:
    """One value in the list beside the pages; `place` is the number of its frame on the picture, None if it has none."""

    place: int | None
    name: str
    value: str | None
    raw: str | None
    confidence: float | None
    tone: str
    source: str
    page: int | None
    decided_by: str | None


@dataclass(frozen=True)
class Mark:
    """A frame on a page's picture, in pixels; `tag` is the position of its number."""

    place: int
    name: str
    tone: str
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class ShownPage:
    """A page's picture as a data address, with its frames."""

    number: int
    image: str
    width: int
    height: int
    marks: list[Mark]


class _Voice:
    """Wording of the page: its language and the names of fields and sources."""

    def __init__(self, lang: str, word: Word) -> None:
        self.lang, self._word = lang, word

    def say(self, key: str, **params: object) -> str:
        return say("trace_page" if has("trace_page", key) else "report", key, self.lang, **params)

    def name(self, target: str) -> str:
        """The name of a field, or of another target of decisions."""
        if (stated := register_field(target)) is not None:
            return f"{self.name(stated)} ({self._word('source.register')})"
        if (stated := order_field(target)) is not None:
            return f"{self.name(stated)} ({self._word('source.series')})"
        named = self._word(f"field.{target}")
        return target if named.startswith("field.") else named

    def kind(self, kind: str) -> str:
        return self._word(f"kind.{kind}").removeprefix("kind.")

    def source(self, source: str) -> str:
        return self._word(f"source.{source}")

    def level(self, level: str | None) -> str:
        return say("level", level, self.lang) if level else ""

    def number(self, value: float, decimals: int = 0) -> str:
        return number_text(value, self.lang, decimals)

    def moment(self, at: str | None) -> str:
        if not at:
            return "—"
        return moment_text(datetime.fromisoformat(at), self.lang, seconds=True)

    def day(self, day: date) -> str:
        return day_text(day, self.lang)

    def value(self, text: str | None) -> str | None:
        """A value as people write it: dates day first."""
        return value_text(text, self.lang) if text else text


def write_trace_page(
    trace: Trace, pictures: Pictures, out: Path, word: Word, lang: str = "vi", pages_shown: int = 0
) -> Path:
    """Write the page, whole or not at all, readable by its owner alone."""
    page = trace_page(trace, pictures, word, lang, pages_shown)
    return write_page(page, out)


def trace_page(trace: Trace, pictures: Pictures, word: Word, lang: str = "vi", pages_shown: int = 0) -> str:
    """The trace as HTML.

    Args:
        trace: what is known.
        pictures: pages by (document id, page number); missing ones are marked as missing.
        word: the house's words by dotted key (`field.number`, `source.ocr`, `kind.birth_certificate`).
        lang: `vi` or `en`.
        pages_shown: maximum number of pages drawn per paper; further pages are reported as omitted.
    """
    voice = _Voice(lang, word)
    return template("trace.html").render(
        trace=trace,
        lang=lang,
        t=voice.say,
        n=voice.number,
        name=voice.name,
        level=voice.level,
        moment=voice.moment,
        day=voice.day,
        shown=voice.value,
        basis=lambda rule: say("validity_basis", rule, lang),
        papers=[_Sheet(paper, pictures, voice, pages_shown) for paper in trace.papers],
        events=[(item, _detail(item, voice)) for item in trace.events],
        provenance=trace.provenance,
        outcome_of=lambda event: _outcome(event, trace, voice),
        fixity=_fixity(trace),
    )


class _Sheet:
    """One paper with what its part of the page shows."""

    def __init__(self, paper: TracedPaper, pictures: Pictures, voice: _Voice, pages_shown: int) -> None:
        self.paper = paper
        self.title = paper.kind_title or voice.say("unknown_kind")
        number = paper.fields.get("number")
        self.number = number.value if number else None
        placed = [name for name, field in paper.fields.items() if _has_place(paper, name, field, pictures)]
        # Numbered by position on the paper, from the top of the first page.
        placed.sort(key=lambda name: _position(paper.fields[name]))
        places = {name: index for index, name in enumerate(placed, 1)}
        decided_by = {decision.target: decision.operator for decision in paper.decisions}
        self.values = [
            _value(name, paper.fields[name], places.get(name), decided_by.get(name), voice)
            for name in [*placed, *(name for name in paper.fields if name not in places)]
        ]
        self.pages = [
            _page(paper, number, pictures[paper.id, number], places, voice)
            for number in paper.pages
            if (paper.id, number) in pictures
        ]
        drawn = paper.pages[:pages_shown]
        self.gone = [number for number in drawn if (paper.id, number) not in pictures]
        self.left_out = len(paper.pages) - len(drawn)
        self.place = _place(paper, voice)


def _has_place(paper: TracedPaper, name: str, field: Field, pictures: Pictures) -> bool:
    picture = pictures.get((paper.id, field.page or 0))
    return picture is not None and name in picture.marks


def _position(field: Field) -> tuple[int, int, int]:
    return (field.page or 0, field.box.top if field.box else 0, field.box.left if field.box else 0)


def _value(name: str, field: Field, place: int | None, who: str | None, voice: _Voice) -> ShownValue:
    raw = _DOTS.sub("…", field.raw) if field.raw and field.raw != field.value else None
    return ShownValue(
        place=place,
        name=voice.name(name),
        value=voice.value(field.value),
        raw=raw,
        confidence=field.confidence,
        tone=_tone(field),
        source=voice.source(field.source),
        page=field.page,
        decided_by=who,
    )


def _tone(field: Field) -> str:
    if field.source == "operator":
        return "info"
    if field.value is None or field.confidence is None:
        return "bad" if field.value is None else "quiet"
    return "good" if field.confidence >= _SURE else "warn" if field.confidence >= _DOUBTFUL else "bad"


def _page(
    paper: TracedPaper, number: int, picture: PagePicture, places: Mapping[str, int], voice: _Voice
) -> ShownPage:
    marks = [
        Mark(
            place=places[name],
            name=voice.name(name),
            tone=_tone(paper.fields[name]),
            left=box.left - 3,
            top=box.top - 3,
            width=box.width + 6,
            height=box.height + 6,
        )
        for name, box in picture.marks.items()
        if name in places
    ]
    image = "data:image/jpeg;base64," + base64.b64encode(picture.jpeg).decode("ascii")
    return ShownPage(number, image, picture.width, picture.height, marks)


def _place(paper: TracedPaper, voice: _Voice) -> list[tuple[str, str]]:
    """Entries of the batch sheet, the box first; empty if there is no sheet."""
    if paper.sheet is None:
        return []
    entries = paper.sheet.model_dump(mode="json", exclude_none=True)
    first = ("fonds", "box", "file")
    rows = []
    for key in [*first, *(key for key in entries if key not in first)]:
        value = entries.get(key)
        if value in (None, [], ()):
            continue
        if key == "level":
            value = voice.level(str(value))
        elif key == "kinds" and isinstance(value, list):
            value = ", ".join(voice.kind(kind) for kind in value)
        elif isinstance(value, list):
            value = ("–" if key == "years" else ", ").join(map(str, value))
        rows.append((voice.say(f"sheet_{key}"), str(value)))
    return rows


def _outcome(event: TracedEvent, trace: Trace, voice: _Voice) -> str:
    if event.type == "metadata extraction":
        titles = {paper.kind: paper.kind_title for paper in trace.papers}
        return titles.get(event.outcome) or event.outcome
    return voice.say(f"outcome_{event.outcome}").removeprefix("outcome_")


def _detail(event: TracedEvent, voice: _Voice) -> list[str]:
    """Details of an event as text."""
    detail = dict(event.detail)
    lines = []
    target = detail.pop("target", None)
    if isinstance(target, str):
        action = voice.say(f"action_{detail.pop('action', 'set')}")
        old, new = detail.pop("old", None), detail.pop("new", None)
        lines.append(f"{voice.name(target)}: {action}")
        if new is not None:
            lines.append(f"{voice.value(str(old)) if old else '—'} → {voice.value(str(new))}")
    for key, value in detail.items():
        if value in (None, ""):
            continue
        wording = voice.say(f"how_{value}") if key == "how" else str(value)
        lines.append(f"{voice.say(f'detail_{key}').removeprefix('detail_')}: {wording.removeprefix('how_')}")
    return lines


def _fixity(trace: Trace) -> tuple[int, int]:
    """Number of intact objects and number of all expected ones."""
    states = [trace.original.stored.fixity] if trace.original.stored else []
    for paper in trace.papers:
        if paper.rendition.stored:
            states.append(paper.rendition.stored.fixity)
        states += [version.sidecar_fixity for version in paper.versions]
    return sum(state == "intact" for state in states), len(states)
