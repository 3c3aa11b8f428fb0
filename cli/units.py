"""`sohoa units list`: administrative units on a day."""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated, Any

import typer

from cli.days import day_of
from cli.options import AsJson, command
from cli.shapes import print_json
from cli.tables import print_table
from configs.settings import Settings
from quality.unit_register import Successor, UnitIdentity
from schemas.numerals import day_text
from schemas.wording import say, text
from workspace.figuring import unit_register


@command
def list_units(
    settings: Settings,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE")] = None,
    as_json: AsJson = False,
) -> int:
    """Administrative units on a day."""
    day = day_of(as_of)
    register = unit_register()
    units = [made for made in register.identities.values() if made.stood_on(day)]
    if as_json:
        print_json([_shape(made, day) for made in units])
        return 0

    lang = settings.lang
    keys = ("unit_code", "level", "name", "parent", "province", "valid_from", "valid_to", "successors")
    print_table(
        [text(f"head.{key}", lang) for key in keys],
        [
            [
                made.code,
                text(f"level.{made.level}", lang),
                register.label(made, day),
                made.row_on(day).parent or "",
                text(f"units.province_{made.province}", lang) if made.province else "",
                day_text(made.valid_from, lang) if made.valid_from else "",
                day_text(made.valid_to, lang) if made.valid_to else "",
                ", ".join(_successor(after, lang) for after in made.successors),
            ]
            for made in units
        ],
    )
    if any(made.unverified for made in units):
        sys.stdout.write(f"* {say('quota_note', 'change_unverified', lang)}\n")
    return 0


def _shape(made: UnitIdentity, day: date) -> dict[str, Any]:
    """The row of the day's list as it stands in `configs/units`, and what the unit was and became over time."""
    return made.row_on(day).model_dump(mode="json") | {
        "valid_from": _iso(made.valid_from),
        "valid_to": _iso(made.valid_to),
        "province": made.province,
        "successors": [
            {"code": after.code, "valid_from": _iso(after.valid_from), "whole": after.whole}
            for after in made.successors
        ],
        "unverified": made.unverified,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _successor(after: Successor, lang: str) -> str:
    return after.code if after.whole else text("units.part", lang, code=after.code)
