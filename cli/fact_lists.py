"""Facts as people and programs see them: what is in force, or the whole history with who, when and by which paper."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final

import typer

from cli.catalogue import database_of
from cli.days import moment_of
from cli.shapes import print_json
from cli.shapes import shown as shown_name
from cli.tables import print_table
from cli.wording import words
from configs.loader import load_kinds
from configs.settings import Settings
from quality.inventory import COLUMNS
from schemas.facts import Fact, FactName, Row
from schemas.indicators import COUNTS
from schemas.masking import mask, mask_code, mask_value
from schemas.numerals import day_text, moment_text, number_text
from schemas.wording import say, text
from storage.catalogue import facts, figures
from storage.catalogue.facts import FactTable

History = Annotated[bool, typer.Option("--history", help=words("facts.list_history"))]
KnownAt = Annotated[str | None, typer.Option("--known-at", metavar="T", help=words("facts.known_at"))]

_BACKING: Final = ("document", "document_date", "signer")
_OF_ORIGIN: Final = (*_BACKING, "file", "operator", "known_at", "state")

_NUMBERS: Final = frozenset({"count", "scanners", *COUNTS})


def columns_of(name: FactName) -> tuple[str, ...]:
    """Columns of a list: number, what the row says, the paper behind it, who, when, and its state."""
    said = [column for column in COLUMNS[name] if column not in _BACKING]
    return ("id", *said, *_OF_ORIGIN)


def list_facts(
    settings: Settings, table: FactTable[Row], *, history: bool, known_at: str | None, as_json: bool
) -> int:
    """Print the rows of a table that are in force, or every one ever imported, as known at a moment (None: now)."""
    moment = moment_of(known_at) if known_at else None
    with database_of(settings) as database:
        held = facts.history(database, table, moment)
    shown = held if history else figures.standing(held)
    print_facts(table.name, shown, settings.lang, known_at=moment, as_json=as_json)
    return 0


def print_facts(
    name: FactName, shown: Sequence[Fact[Any]], lang: str, *, known_at: str | None, as_json: bool
) -> None:
    """Print facts as a table and where each is from, or as one JSON object; owners' identifiers are masked."""
    if as_json:
        print_json({"known_at": known_at, "rows": [fact_json(fact) for fact in shown]})
        return
    whole = columns_of(name)
    columns = [column for column in whole if column not in _OF_ORIGIN or column == "state"]
    origins, rows = [], []
    for cells in fact_cells(name, shown, lang):
        held = dict(zip(whole, cells, strict=True))
        origins.append(_told(held, lang))
        for column in _NUMBERS & held.keys():
            held[column] = number_text(int(held[column]), lang) if held[column] != "" else ""
        rows.append([str(held[column]) for column in columns])
    numbers = {at for at, column in enumerate(columns) if column in _NUMBERS | {"id"}}
    heads = [say("column", column, lang) for column in columns]
    print_table(heads, rows, numbers=numbers, title=text(f"facts.title_{name}", lang))
    sys.stdout.write("".join(f"{line}\n" for line in origins))


def _told(held: Mapping[str, str | int], lang: str) -> str:
    """Who handed a row in, when, out of which file and by which paper; what is not recorded is left out."""
    parts = [text("facts.entered_by", lang, number=held["id"], who=held["operator"], moment=held["known_at"])]
    if held["file"]:
        parts.append(text("facts.of_file", lang, file=shown_name(str(held["file"]))))
    if paper := ", ".join(str(held[column]) for column in _BACKING if held[column]):
        parts.append(text("facts.by_paper", lang, paper=paper))
    return ", ".join(parts)


def fact_json(fact: Fact[Any]) -> dict[str, Any]:
    """One fact for programs."""
    row = fact.row.model_dump(mode="json")
    if row.get("owner"):
        row["owner"] = mask_value("owner_id", row["owner"])
    if row.get("paper"):
        row["paper"] = mask_code(row["paper"])
    for name in ("number", "desk", "certificate", "reason", "evidence"):
        if row.get(name):
            row[name] = mask(row[name])  # an enterprise's number is its paper's number, too
    origin = fact.origin.model_dump(mode="json")
    backing = {key: value or row.get(key) for key, value in origin.items()}
    return {
        "id": fact.id,
        **row,
        **backing,
        "state": state_of(fact),
        "superseded_at": fact.superseded_at,
        "withdrawn": fact.withdrawn,
    }


def state_of(fact: Fact[Any]) -> str:
    """in_force, superseded (by a later row of its key), or withdrawn (the row that withdraws)."""
    if fact.withdrawn is not None:
        return "withdrawn"
    return "superseded" if fact.superseded_at is not None else "in_force"


def fact_cells(name: FactName, shown: Sequence[Fact[Any]], lang: str) -> list[list[str | int]]:
    """Cells of facts as people read them, under `columns_of`."""
    titles = {kind.id: kind.title for kind in load_kinds()} | {"*": say("template", "all_kinds", lang)}
    return [
        [
            _cell(column, value, titles, lang)
            for column, value in zip(columns_of(name), _values(name, fact), strict=True)
        ]
        for fact in shown
    ]


def _values(name: FactName, fact: Fact[Any]) -> list[Any]:
    held = {**fact.row.model_dump(), **{key: value for key, value in fact.origin if value}}
    state = f"{state_of(fact)}:{fact.withdrawn}" if fact.withdrawn else state_of(fact)
    held |= {"id": fact.id, "state": state}
    return [held.get(column) for column in columns_of(name)]


def _cell(column: str, value: Any, titles: Mapping[str, str], lang: str) -> str | int:
    if value is None or value == "":
        return ""
    if column in {"level", "from_level", "to_level", "basis", "ending"}:
        return text(f"{column.removeprefix('from_').removeprefix('to_')}.{value}", lang)
    if column == "entry":
        return say("desk_entry", value, lang)
    if column == "step":
        return say("delivery_step", value, lang)
    if column == "paper":
        return mask_code(value)
    if column == "running":
        return text("desks.yes" if value else "desks.no", lang)
    if column == "kind":
        return str(titles.get(value, value))
    if column == "state":
        state, _, reason = value.partition(":")
        said = text(f"facts.state_{state}", lang)
        return f"{said}: {mask(reason)}" if reason else said
    if column == "known_at":
        return moment_text(datetime.fromisoformat(value), lang, seconds=True)
    if column == "owner":
        return mask_value("owner_id", value)
    if isinstance(value, date):
        return day_text(value, lang)
    return int(value) if isinstance(value, int) else mask(str(value))
