"""`sohoa search WORDS`: kept papers by number, owner, subject, agency, full text; with or without accents."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.catalogue import database_of
from cli.days import day_of
from cli.options import AsJson, command, named_batch, named_path
from cli.search_results import as_json as answer_json
from cli.search_results import print_hits, write_hits
from cli.shapes import print_json
from cli.wording import words
from configs.loader import load_kinds
from configs.settings import Settings
from schemas.documents import Route
from schemas.errors import UsageError
from schemas.numerals import number_text
from schemas.search import MOST_HITS, USUAL_HITS, Wanted
from schemas.search_words import MOST_LETTERS, MOST_TERMS
from schemas.wording import text
from storage.catalogue import batches
from storage.catalogue.database import Database
from storage.search.opening import is_made
from workspace import searching

Out = Annotated[
    Path | None, typer.Option("--csv", parser=named_path, metavar="FILE", help=words("command.search_csv"))
]
Book = Annotated[
    Path | None, typer.Option("--xlsx", parser=named_path, metavar="FILE", help=words("command.search_xlsx"))
]


@command
def search(
    settings: Settings,
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]...", help=words("command.search_words"))
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="ID", help=words("command.search_kind"))
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", help=words("command.search_unit"))] = None,
    state: Annotated[Route | None, typer.Option("--state", help=words("command.search_state"))] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help=words("command.search_from"))
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help=words("command.search_to"))] = None,
    batch: Annotated[str | None, typer.Option("--batch", help=words("command.search_batch"))] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", help=words("command.search_limit"))
    ] = None,
    csv: Out = None,
    xlsx: Book = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help=words("command.search_rebuild"))] = False,
    clear: Annotated[bool, typer.Option("--clear", help=words("command.search_clear"))] = False,
    as_json: AsJson = False,
) -> int:
    """Kept papers that hold what is searched for, the best first."""
    titles = {each.id: each.title for each in load_kinds()}
    asked = Wanted(
        words=" ".join(wanted or ()),
        kind=kind,
        unit=unit,
        state=state,
        first=day_of(first) if first is not None else None,
        last=day_of(last) if last is not None else None,
        batch=named_batch(batch) if batch is not None else None,
        limit=(MOST_HITS if csv or xlsx else USUAL_HITS) if limit is None else limit,
    )
    _check(asked, titles, csv, xlsx, rebuild)
    with database_of(settings) as database:
        if asked.batch is not None and not batches.exists(database, asked.batch):
            raise UsageError(f"no batch {asked.batch}", remedy="batch_absent", name=asked.batch)
        if rebuild:
            _rebuild(database, settings, titles, as_json and not _asks(asked))
            if not _asks(asked):
                return 0
        elif not is_made(database, settings.home):
            sys.stderr.write(text("search.building", settings.lang) + "\n")
        answer = searching.search(database, settings.home, asked, titles, clear=clear)
    for path in (csv, xlsx):
        if path is not None:
            write_hits(path, answer, titles, settings.lang)
    if as_json:
        print_json(answer_json(answer))
        return 0
    if answer.cut:
        limits = {"letters": MOST_LETTERS, "terms": MOST_TERMS}
        sys.stderr.write(text("search.cut", settings.lang, **limits) + "\n")
    print_hits(
        answer, asked, titles, settings.lang, written=[path for path in (csv, xlsx) if path is not None]
    )
    return 0


def _asks(asked: Wanted) -> bool:
    return bool(asked.words.strip()) or asked.filtered


def _check(
    asked: Wanted, titles: Mapping[str, str], csv: Path | None, xlsx: Path | None, rebuild: bool
) -> None:
    if not _asks(asked) and not rebuild:
        raise UsageError("nothing to search for", remedy="search_nothing_asked")
    if asked.kind is not None and asked.kind not in titles:
        kinds = ", ".join(sorted(titles))
        raise UsageError(f"no kind {asked.kind}", remedy="search_kind", value=asked.kind, kinds=kinds)
    if asked.first and asked.last and asked.first > asked.last:
        raise UsageError("no such span of days", remedy="search_days", first=asked.first, last=asked.last)
    if not 1 <= asked.limit <= MOST_HITS:
        raise UsageError(f"limit {asked.limit}", remedy="search_limit", most=MOST_HITS)
    for path, ending in ((csv, ".csv"), (xlsx, ".xlsx")):
        if path is not None and path.suffix.lower() != ending:
            raise UsageError(f"not a table: {path}", remedy="search_suffix", path=path, ending=ending)
        if path is not None and path.exists():
            raise UsageError(f"{path} is there already", remedy="review_workbook_there", path=path)


def _rebuild(database: Database, settings: Settings, titles: Mapping[str, str], as_json: bool) -> None:
    done = searching.refresh(database, settings.home, titles, whole=True)
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    lang = settings.lang
    lines = [text("search.rebuilt", lang, count=number_text(done.indexed, lang))]
    if done.wordless:
        lines.append(text("search.wordless", lang, count=number_text(done.wordless, lang)))
    sys.stderr.writelines(f"{line}\n" for line in lines)
