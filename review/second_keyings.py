"""Every value drawn for a blind second keying, and what the two answers come to: for lists, the page and calibration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from quality.sampling import interval
from schemas.masking import mask_value
from schemas.numerals import number_text, share_text
from schemas.review import CONFIRMED, KEYED_BLIND, Decision
from schemas.second_keying import Keyed, Round, Tally, keying_of, rounds_of, tally
from schemas.wording import text
from storage.catalogue.database import Database
from storage.catalogue.keyings import keyed_papers


class Drawn(NamedTuple):
    """One drawn value with the place of its paper."""

    batch: str
    file: str
    keyed: Round


class Differing(NamedTuple):
    """The share of values that two people keyed otherwise, with its 95 % interval; None without any."""

    rate: float
    low: float
    high: float


def drawn_values(database: Database, batch: str | None = None) -> list[Drawn]:
    """Every drawn value that somebody has keyed, of one batch or of all."""
    found = []
    for paper in keyed_papers(database, batch):
        waiting = {field for field in CONFIRMED if keying_of(paper.document, field) == KEYED_BLIND}
        rounds = rounds_of(paper.document.id, paper.history, waiting)
        found += [Drawn(paper.batch, paper.file, each) for each in rounds]
    return found


def tally_of(drawn: Iterable[Drawn]) -> Tally:
    """What they come to."""
    return tally(each.keyed for each in drawn)


def differing(counted: Tally) -> Differing | None:
    """How often two people differ."""
    if not counted.n:
        return None
    return Differing(counted.differs / counted.n, *interval(counted.differs, counted.n))


def tally_line(counted: Tally, lang: str) -> str:
    """The counts and the rate in one sentence."""
    rate = differing(counted)
    if rate is None:
        return text("speed.keyed_none", lang, waiting=number_text(counted.waiting, lang))
    numbers = {name: number_text(value, lang) for name, value in counted._asdict().items()}
    return text(
        "speed.keyed",
        lang,
        **numbers,
        rate=share_text(rate.rate, lang, 1),
        high=share_text(rate.high, lang, 1),
    )


def keyings_json(drawn: Iterable[Drawn]) -> Mapping[str, Any]:
    """The shape of `sohoa review second list --json`; keys may be added but not changed."""
    rows = list(drawn)
    counted = tally_of(rows)
    rate = differing(counted)
    return {
        "values": [_shape(each) for each in rows],
        "summary": {
            **counted._asdict(),
            "rate": rate.rate if rate else None,
            "low": rate.low if rate else None,
            "high": rate.high if rate else None,
        },
    }


def _shape(each: Drawn) -> dict[str, Any]:
    keyed = each.keyed
    blind = keyed.state is Keyed.WAITING
    return {
        "document": keyed.document_id,
        "batch": each.batch,
        "file": each.file,
        "field": keyed.field,
        "state": str(keyed.state),
        "first": _said(keyed.field, keyed.first, blind=blind),
        "second": _said(keyed.field, keyed.second, blind=blind),
        "settled": _said(keyed.field, keyed.settled, blind=blind),
    }


def _said(field: str, said: Decision | None, *, blind: bool) -> dict[str, str | None] | None:
    if said is None:
        return None
    return {"by": said.operator, "at": said.at, "value": shown_value(field, said, blind=blind)}


def shown_value(field: str, said: Decision, *, blind: bool) -> str | None:
    """A value masked as its field asks; None while somebody is still to key it blind, or where it is not on the paper."""
    return None if blind or said.value is None else mask_value(field, said.value)
