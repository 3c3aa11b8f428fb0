"""`sohoa units list`: administrative units on a day."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.days import day_of
from cli.options import AsJson, command
from cli.shapes import print_json
from cli.tables import print_table
from configs.loader import load_units
from configs.settings import Settings
from schemas.wording import text


@command
def list_units(
    settings: Settings,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE")] = None,
    as_json: AsJson = False,
) -> int:
    """Administrative units on a day."""
    day = day_of(as_of)
    units = [unit for unit in load_units() if unit.holds_on(day)]
    if as_json:
        print_json([unit.model_dump(mode="json") for unit in units])
        return 0

    print_table(
        [text(f"head.{key}", settings.lang) for key in ("unit_code", "level", "name", "unit")],
        [
            [unit.code, text(f"level.{unit.level}", settings.lang), unit.name, unit.parent or ""]
            for unit in units
        ],
    )
    return 0
