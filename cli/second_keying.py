"""`sohoa review second list`: values that two people key without seeing each other's answer, and how often they differ."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from cli.catalogue import database_of
from cli.options import AsJson, command, named_batch
from cli.shapes import print_json, shown
from cli.tables import print_table
from cli.wording import words
from configs.settings import Settings
from review.labels import target_name
from review.second_keyings import Drawn, drawn_values, keyings_json, shown_value, tally_line, tally_of
from schemas.numerals import moment_text
from schemas.review import Decision
from schemas.second_keying import Keyed, Round
from schemas.wording import text
from storage.catalogue import batches

_HEADS = ("paper", "field", "first", "first_value", "second", "second_value", "state")


@command
def list_(
    settings: Settings,
    batch: Annotated[str | None, typer.Option("--batch", metavar="BATCH", help=words("second.batch"))] = None,
    as_json: AsJson = False,
) -> int:
    """Each value drawn, who keyed it and when, and whether the two agree."""
    lang = settings.lang
    with database_of(settings) as database:
        name = batches.batch(database, named_batch(batch)).name if batch else None
        found = drawn_values(database, name)
    if as_json:
        print_json({"batch": name, **keyings_json(found)})
        return 0
    if found:
        heads = [text(f"second.{key}", lang) for key in _HEADS]
        print_table(heads, [_cells(each, lang) for each in found], whole=(0,))
    sys.stdout.write(tally_line(tally_of(found), lang) + "\n")
    return 0


def _cells(each: Drawn, lang: str) -> list[str]:
    keyed = each.keyed
    blind = keyed.state is Keyed.WAITING
    return [
        f"{keyed.document_id} ({shown(each.file)})",
        target_name(keyed.field, lang),
        *_said(keyed.field, keyed.first, lang, blind=blind),
        *_said(keyed.field, keyed.second, lang, blind=blind),
        _state(keyed, lang),
    ]


def _state(keyed: Round, lang: str) -> str:
    """How it stands; of what was settled, by whom and how."""
    if keyed.settled is None:
        return text(f"second.{keyed.state}", lang)
    who, value = _said(keyed.field, keyed.settled, lang, blind=False)
    return text("second.settled", lang, who=who, value=value)


def _said(field: str, said: Decision | None, lang: str, *, blind: bool) -> tuple[str, str]:
    """Who keyed it and when, and what."""
    if said is None:
        return "–", "–"
    at = moment_text(datetime.fromisoformat(said.at), lang)
    value = shown_value(field, said, blind=blind)
    unseen = text("second.hidden" if blind else "review.not_on_paper", lang)
    return text("second.by", lang, who=shown(said.operator), at=at), unseen if value is None else value
