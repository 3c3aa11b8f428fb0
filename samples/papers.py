"""One paper of a kind: choose a variant, tell its facts, print its pages, and state its truth."""

from __future__ import annotations

import functools
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from samples import administrative, annexes, fonts, ornaments, units
from samples import facts as telling
from samples.composer import Composer, Setup, draw_block, register
from samples.sheet import Sheet

for _name, _drawer in (administrative.DRAWERS | ornaments.DRAWERS).items():
    register(_name, _drawer)
_KINDS = Path(__file__).parent / "kinds"
_HEAD_PENS = ("seq", "day", "month")
__all__ = ["Paper", "Wish", "further_kind_ids", "kind_ids", "print_paper", "variants_of"]


@dataclass
class Paper:
    """A printed paper before wear: its pages and what is true of it.

    `kind` is that of its template, or the one that the drawn matter names: a decision on land is a kind of its own.
    """

    kind: str
    variant: str
    sheets: list[Sheet]
    fields: dict[str, str]
    level: str
    unit: str
    handwritten: list[str]


@dataclass(frozen=True)
class Wish:
    """What a batch asks of its papers.

    Attributes:
        first: earliest day of issue.
        last: latest day of issue.
        unit: full name of the issuing unit (`Xã Diên An`, `Sở Xây dựng`), or None for any.
        variant: id of a variant, or None for any.
    """

    first: date = date(1998, 1, 1)
    last: date = date(2026, 10, 30)
    unit: str | None = None
    variant: str | None = None


@functools.cache
def _kind(kind: str) -> dict[str, Any]:
    path = _KINDS / f"{kind}.toml"
    path = path if path.is_file() else _KINDS / "further" / path.name
    return tomllib.loads(path.read_text(encoding="utf-8"))


@functools.cache
def kind_ids() -> tuple[str, ...]:
    """Ids of the kinds that batches are filled with unless others are named."""
    return tuple(sorted(path.stem for path in _KINDS.glob("*.toml")))


@functools.cache
def further_kind_ids() -> tuple[str, ...]:
    """Ids of the kinds printed only where they are asked for: the other rows of DOMAIN.md §3.4."""
    return tuple(sorted(path.stem for path in (_KINDS / "further").glob("*.toml")))


def variants_of(kind: str) -> tuple[str, ...]:
    """Ids of a kind's variants."""
    return tuple(variant["id"] for variant in _kind(kind)["variant"])


def _merged(kind: str, variant: Mapping[str, Any]) -> dict[str, Any]:
    """A variant over its kind's defaults; tables are merged one level deep."""
    whole: dict[str, Any] = dict(_kind(kind).get("defaults", {}))
    for key, value in variant.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            whole[key] = {**whole[key], **value}
        else:
            whole[key] = value
    return whole


def _window(variant: Mapping[str, Any], agency: Mapping[str, Any], wish: Wish) -> tuple[date, date] | None:
    first = max(variant.get("from", date.min), agency.get("from", date.min), wish.first)
    last = min(variant.get("to", date.max), agency.get("to", date.max), wish.last)
    return (first, last) if first <= last else None


def _candidates(kind: str, wish: Wish) -> list[tuple[dict[str, Any], str, tuple[date, date], float]]:
    found = []
    for variant in _kind(kind)["variant"]:
        if wish.variant and variant["id"] != wish.variant:
            continue
        whole = _merged(kind, variant)
        for agency_id in whole["agencies"]:
            agency = telling.agencies()[agency_id]
            window = _window(whole, agency, wish)
            if window and _may_be(agency, wish.unit, window):
                days = (window[1] - window[0]).days + 1
                found.append(
                    (whole, agency_id, window, float(whole.get("weight", 1)) * (0.2 + min(1.0, days / 3000)))
                )
    return found


def _may_be(agency: Mapping[str, Any], unit: str | None, window: tuple[date, date]) -> bool:
    if unit is None or agency["unit"] == unit:
        return True
    if agency["level"] == "tinh":
        return False
    wanted = "{commune.name}" if agency["level"] == "xa" else "{district.name}"
    return agency["unit"] == wanted and any(
        units.stands(unit, day) and _level(unit, day) == agency["level"] for day in window
    )


def _level(unit: str, day: date) -> str:
    return units.find(unit, day).level


def _setting(rng: random.Random, agency_id: str, window: tuple[date, date], wish: Wish) -> telling.Setting:
    agency = telling.agencies()[agency_id]
    for _ in range(60):
        day = telling.a_weekday(rng, *window)
        if wish.unit and agency["level"] != "tinh":
            if not units.stands(wish.unit, day):
                continue
            unit = units.find(wish.unit, day)
        elif agency["level"] == "huyen":
            unit = units.any_district(rng, day)
        else:
            unit = units.any_commune(rng, day)
        if unit.level == "huyen":
            return telling.Setting(day, agency_id, units.any_commune(rng, day, unit), unit)
        return telling.Setting(day, agency_id, unit, units.district_of(unit, day))
    raise LookupError(f"{wish.unit} did not stand between {window[0]} and {window[1]}")


def print_paper(
    kind: str, rng: random.Random, wish: Wish | None = None, dpi: int = 300, pen: bool = False
) -> Paper:
    """Print one paper.

    Args:
        kind: a kind id.
        rng: source of every choice.
        wish: days, unit and variant asked for.
        dpi: resolution of the pages.
        pen: leave number, day and month (and other blanks) to a pen.

    Raises:
        LookupError: no variant of the kind fits the wish.
    """
    wish = wish or Wish()
    found = _candidates(kind, wish)
    if not found:
        raise LookupError(f"no variant of {kind} fits {wish}")
    whole, agency_id, window, _ = rng.choices(found, weights=[row[3] for row in found])[0]
    setting = _setting(rng, agency_id, window, wish)
    facts = telling.tell(rng, setting, whole)
    old = setting.day.year < 2012 and rng.random() < 0.6
    pens = frozenset(whole.get("pens", _HEAD_PENS)) if pen else frozenset()
    setup = _setup(rng, whole, setting.day, dpi, pens)
    composer = Composer(setup)
    for name in whole["blocks"]:
        blocks = _kind(kind)["blocks"][name]
        for block in blocks if isinstance(blocks, list) else [blocks]:
            if _wanted(block, facts):
                draw_block(composer, _filled(block, facts, setting, old, rng))
    return _truth(kind, whole, facts, setting, composer, old, rng)


def _setup(rng: random.Random, whole: Mapping[str, Any], day: date, dpi: int, pens: frozenset[str]) -> Setup:
    page = whole.get("page", {})
    family = page.get("family") or rng.choice(fonts.PRINT_FAMILIES)
    if day.year < 2003 and page.get("may_be_typed", False) and rng.random() < 0.6:
        family = "typewriter"
    margins = page.get("margins", (30.0, 20.0, 17.0, 20.0))
    return Setup(
        size=tuple(page.get("size", (210.0, 297.0))),
        margins=(float(margins[0]), float(margins[1]), float(margins[2]), float(margins[3])),
        family=family,
        font_size=float(page.get("font_size", rng.choice((13.0, 13.5, 14.0)))),
        dpi=dpi,
        pen_fields=pens,
        page_numbers=bool(page.get("page_numbers", True)),
        gaps=rng.random() < 0.3,
        dots=page.get("dots", rng.choice(("none", "none", "after", "after", "under"))),
    )


def _wanted(block: Mapping[str, Any], facts: telling.Facts) -> bool:
    """`when = "name"` keeps a block only where that value is not empty; `unless` is its opposite."""
    if "when" in block and not facts.get(block["when"]):
        return False
    return not ("unless" in block and facts.get(block["unless"]))


def _filled(value: Any, facts: telling.Facts, setting: telling.Setting, old: bool, rng: random.Random) -> Any:
    """A block with every placeholder replaced; `@header`, `@titles` and `@rows name` stand for lists."""
    if isinstance(value, str):
        text = telling.fill(value, facts)
        return telling.old_tones(text) if old else text
    if isinstance(value, Mapping):
        return {
            key: _filled(inner, facts, setting, old, rng) for key, inner in value.items() if key != "when"
        }
    if isinstance(value, Sequence):
        lines: list[Any] = []
        for inner in value:
            lines.extend(_expanded(inner, facts, setting, rng))
        return [_filled(inner, facts, setting, old, rng) for inner in lines]
    return value


def _expanded(inner: Any, facts: telling.Facts, setting: telling.Setting, rng: random.Random) -> list[Any]:
    if not isinstance(inner, str):
        return [inner]
    if inner == "@header":
        return [line for part in setting.agency["header"] for line in part.split("|")]
    if inner == "@titles":
        return facts["signer_titles"].split("|")
    if inner.startswith("@rows "):
        return list(annexes.rows(inner.removeprefix("@rows "), rng, setting))
    if inner.startswith("@clauses "):
        _, name, count = inner.split()
        return list(annexes.clauses(name, int(count), rng))
    if inner.startswith("?"):
        name, _, rest = inner[1:].partition(" ")
        return [rest] if facts.get(name) else []
    return [inner]


def _truth(
    kind: str,
    whole: Mapping[str, Any],
    facts: telling.Facts,
    setting: telling.Setting,
    composer: Composer,
    old: bool,
    rng: random.Random,
) -> Paper:
    fields = {name: telling.fill(template, facts, pen=False) for name, template in whole["fields"].items()}
    fields = {
        name: " ".join(value.replace("**", "").replace("__", "").split()) for name, value in fields.items()
    }
    if old:
        keep = {"agency", "document_type", "signer_title"}
        fields = {name: value if name in keep else telling.old_tones(value) for name, value in fields.items()}
    fields = {name: value for name, value in fields.items() if value}
    seal = [telling.fill(part, facts) for part in setting.agency["seal"]]
    for sheet in composer.sheets:
        sheet.seal = (seal[0], seal[1], bool(setting.agency.get("emblem", False)))
        sheet.issuer = facts["agency"]
        sheet.signed_on = facts["dateiso"]
    written = {blank.field for sheet in composer.sheets for blank in sheet.blanks}
    return Paper(
        facts.get("kind", kind),
        whole["id"],
        composer.sheets,
        fields,
        setting.agency["level"],
        facts["unit"],
        sorted(
            name
            for name, template in whole["fields"].items()
            if name in fields and _rests_on(template, facts, written)
        ),
    )


_DERIVED = {"dateiso": "{day}{month}", "child.birthiso": "{child.birth}"}


def _rests_on(template: str, facts: telling.Facts, written: set[str]) -> bool:
    """Whether a truth's value holds something that a pen wrote."""
    for name in re.findall(r"\{([A-Za-z0-9_.]+)\}", template):
        if name in written or _rests_on(_DERIVED.get(name, facts.get(name, "")), facts, written):
            return True
    return False
