"""`sohoa lists import|diff`: dated lists of procedures and result types."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.days import day_of
from cli.options import AsJson, command, named_path
from cli.shapes import print_json
from cli.wording import words
from configs.lists import diff_lists, import_list, in_force, list_kind
from configs.loader import ROOT
from configs.settings import Settings
from schemas.clock import today
from schemas.numerals import day_text
from schemas.wording import text


@command
def import_(
    settings: Settings,
    kind: Annotated[str, typer.Argument(metavar="procedures|result-types")],
    table: Annotated[Path, typer.Argument(parser=named_path, metavar="CSV")],
    effective: Annotated[str, typer.Option("--from", metavar="DATE", help=words("lists.import_effective"))],
    shorter: Annotated[bool, typer.Option("--shorter", help=words("lists.import_shorter"))] = False,
) -> int:
    """Import a newer list of procedures or result types."""
    listed, day = list_kind(kind), day_of(effective)
    before = in_force(ROOT / "lists", settings.lists, day)[listed]
    path = import_list(listed, table, day, settings.lists, before=before, shorter=shorter)
    found = diff_lists(listed, before, path)
    counts = {"added": len(found.added), "removed": len(found.removed), "changed": len(found.changed)}
    sys.stdout.write(text("lists.imported", settings.lang, path=path) + "\n")
    sys.stdout.write(text("lists.differs", settings.lang, day=day_text(day, settings.lang), **counts) + "\n")
    return 0


@command
def diff(
    settings: Settings,
    kind: Annotated[str, typer.Argument(metavar="procedures|result-types")],
    new: Annotated[Path, typer.Argument(parser=named_path, metavar="NEW.csv")],
    old: Annotated[Path | None, typer.Argument(metavar="[OLD.csv]", help=words("lists.diff_old"))] = None,
    as_json: AsJson = False,
) -> int:
    """Compare two lists."""
    listed = list_kind(kind)
    found = diff_lists(listed, old or in_force(ROOT / "lists", settings.lists, today())[listed], new)
    if as_json:
        print_json(found.model_dump())
        return 0
    for mark, codes in (("added", found.added), ("removed", found.removed)):
        for code in codes:
            sys.stdout.write(f"{text(f'lists.{mark}', settings.lang)}\t{code}\n")
    for code, was, now in found.changed:
        sys.stdout.write(f"{text('lists.changed', settings.lang)}\t{code}\t{was} → {now}\n")
    if not (found.added or found.removed or found.changed):
        sys.stdout.write(text("lists.same", settings.lang) + "\n")
    return 0
