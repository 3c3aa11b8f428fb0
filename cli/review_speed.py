"""`sohoa review speed`: papers an hour, time a field, and what is corrected, from the answers that were recorded."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final

import typer

from cli.catalogue import database_of
from cli.days import day_of
from cli.options import AsJson, command
from cli.shapes import print_json, shown
from cli.tables import print_table
from cli.wording import words
from configs.settings import Settings
from review.labels import target_name
from review.speed import Row, speed_json, speed_of
from schemas.clock import VIETNAM, today
from schemas.numerals import day_text, number_text, share_text
from schemas.wording import text
from storage.catalogue.answers_given import answers_given

_DAYS: Final = 30
_ROW: Final = ("papers", "answers", "per_hour", "corrected")


@command
def speed(
    settings: Settings,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help=words("review.speed_since"))
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help=words("review.speed_until"))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Papers an hour, milliseconds a field, and the share corrected, by person, scanner, contractor and unit."""
    last = day_of(until)
    first = day_of(since) if since else (last if until else today()) - timedelta(days=_DAYS - 1)
    begin, end = (
        datetime.combine(day, time.min, VIETNAM).astimezone(UTC).isoformat(timespec="milliseconds")
        for day in (first, last + timedelta(days=1))
    )
    with database_of(settings) as database:
        found = speed_of(answers_given(database, begin, end))
    if as_json:
        print_json({"since": first.isoformat(), "until": last.isoformat(), **speed_json(found)})
        return 0
    lang = settings.lang
    line = text("speed.period", lang, since=day_text(first, lang), until=day_text(last, lang))
    sys.stdout.write(f"{line}\n")
    if not found.whole.answers:
        sys.stdout.write(text("speed.none", lang) + "\n")
        return 0
    heads = [text(f"speed.{key}", lang) for key in ("field", "answers", "median", "corrected")]
    rows = [
        [
            target_name(row.target, lang),
            number_text(row.answers, lang),
            "–" if row.median_ms is None else number_text(row.median_ms, lang),
            share_text(row.corrected / row.answers, lang, 1),
        ]
        for row in found.fields
    ]
    print_table(heads, rows, numbers={1, 2, 3})
    for group, of in found.groups.items():
        titles = [text(f"speed.{key}", lang) for key in (group, *_ROW)]
        print_table(titles, [_cells(row, lang) for row in of], numbers={1, 2, 3, 4})
    sys.stdout.write(text("speed.note", lang) + "\n")
    return 0


def _cells(row: Row, lang: str) -> list[str]:
    per_hour, share = row.per_hour, row.share_corrected
    return [
        shown(row.name) if row.name else text("speed.unknown", lang),
        number_text(row.papers, lang),
        number_text(row.answers, lang),
        "–" if per_hour is None else number_text(per_hour, lang, 1),
        "–" if share is None else share_text(share, lang, 1),
    ]
