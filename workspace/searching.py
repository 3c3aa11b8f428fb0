"""Full search over kept papers: the index brought up to date, asked, and what it found looked up in the catalogue.

The index finds; what is shown of a paper is what the catalogue says now. Words that a person searches for are not recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from schemas.codes import parse_result_code
from schemas.masking import mask, mask_code, mask_value
from schemas.search import MOST_HITS, Answer, Hit, Refreshed, Snippet, Wanted
from schemas.search_words import Terms, terms_of, token_lines
from schemas.second_keying import blind_fields
from storage.catalogue import documents
from storage.catalogue.database import Database
from storage.catalogue.documents import DocumentRow
from storage.search import Filters, Found, IndexDamaged, SearchIndex, papers
from storage.search.opening import is_made, open_index, remove
from workspace.search_snippets import Place, of_field, of_page, place_of

_DOCUMENT: Final = re.compile(r"[0-9a-f]{32}")


def refresh(database: Database, home: Path, titles: Mapping[str, str], *, whole: bool = False) -> Refreshed:
    """Bring the index up to date with the catalogue; `whole` makes it anew.

    Raises:
        CatalogueError: the catalogue cannot be used.
        SetupError: the index's file cannot be used.
    """
    if whole:
        remove(database, home)
    try:
        with open_index(database, home) as index:
            return _refreshed(database, index, titles)
    except IndexDamaged:
        remove(database, home)
        with open_index(database, home) as index:
            return _refreshed(database, index, titles)


def _refreshed(database: Database, index: SearchIndex, titles: Mapping[str, str]) -> Refreshed:
    mark = index.mark()
    todo = papers.changes(database, mark) or papers.changes(database, mark, index.stamps())
    assert todo is not None
    entered = 0
    if todo.read or todo.gone or todo.mark != mark:
        entered = index.change(papers.read(database, todo.read, titles), todo.gone, todo.mark)
    indexed, wordless = index.counts()
    return Refreshed(
        whole=mark is None, entered=entered, removed=len(todo.gone), indexed=indexed, wordless=wordless
    )


def forget(database: Database, home: Path, sha256: str) -> None:
    """Remove what the index holds of an original, as when it turned out to be secret.

    Raises:
        CatalogueError: the catalogue cannot be used.
        SetupError: the index's file cannot be used.
    """
    if not is_made(database, home):
        return
    try:
        with open_index(database, home) as index:
            index.forget(sha256)
    except IndexDamaged:
        remove(database, home)


def search(
    database: Database, home: Path, wanted: Wanted, titles: Mapping[str, str], *, clear: bool = False
) -> Answer:
    """Papers that hold what is searched for, the best first.

    Args:
        database: the catalogue.
        home: where the index lies.
        wanted: words and filters.
        titles: of kinds, by id; papers are found by them too.
        clear: show identifiers.

    Raises:
        CatalogueError: the catalogue cannot be used.
        SetupError: the index's file cannot be used.
    """
    try:
        return _searched(database, home, wanted, titles, clear)
    except IndexDamaged:
        remove(database, home)
        return _searched(database, home, wanted, titles, clear)


def _searched(
    database: Database, home: Path, wanted: Wanted, titles: Mapping[str, str], clear: bool
) -> Answer:
    limit = max(1, min(wanted.limit, MOST_HITS))
    terms = terms_of(wanted.words)
    named = _named(database, wanted)
    with open_index(database, home) as index:
        done = _refreshed(database, index, titles)
        nothing = not terms.terms and bool(wanted.words.strip())
        found = [] if nothing else index.find(terms, _filters(wanted), limit + 1 + len(named))
    found = [Found(row.document.id, ()) for row in named] + [
        each for each in found if each.id not in {row.document.id for row in named}
    ]
    rows = documents.of_ids(database, [each.id for each in found])
    standing = [each for each in found if each.id in rows]
    shown = standing[:limit]
    snippets = _snippets(database, terms, shown, rows, clear)
    return Answer(
        hits=tuple(_hit(rows[each.id], snippets.get(each.id), clear) for each in shown),
        more=len(standing) > limit,
        cut=terms.cut,
        indexed=done.indexed,
        wordless=done.wordless,
    )


def _named(database: Database, wanted: Wanted) -> list[DocumentRow]:
    """The paper that the words name by its code or id."""
    words = wanted.words.strip()
    if not _DOCUMENT.fullmatch(words) and parse_result_code(words) is None:
        return []
    return [row for row in documents.find(database, words) if not row.replaced_by and _passes(row, wanted)]


def _passes(row: DocumentRow, wanted: Wanted) -> bool:
    paper = row.document
    unit, issued = token_lines(paper.unit or "")[1], paper.value("issue_date") or ""
    return (
        wanted.kind in {None, paper.kind}
        and wanted.state in {None, paper.route}
        and wanted.batch in {None, row.batch}
        and (wanted.unit is None or f" {token_lines(wanted.unit)[1]} " in f" {unit} ")
        and (wanted.units is None or paper.unit in wanted.units)
        and (wanted.batches is None or row.batch in wanted.batches)
        and (wanted.first is None or issued >= wanted.first.isoformat())
        and (wanted.last is None or "" < issued <= wanted.last.isoformat())
    )


def _filters(wanted: Wanted) -> Filters:
    return Filters(
        kind=wanted.kind,
        unit=token_lines(wanted.unit)[1] if wanted.unit is not None else None,
        units=wanted.units,
        batches=wanted.batches,
        state=wanted.state,
        first=wanted.first.isoformat() if wanted.first else None,
        last=wanted.last.isoformat() if wanted.last else None,
        batch=wanted.batch,
    )


def _snippets(
    database: Database, terms: Terms, found: Sequence[Found], rows: Mapping[str, DocumentRow], clear: bool
) -> dict[str, Snippet]:
    """Snippets by document; words with boxes are read for the pages of hits alone."""
    places: dict[str, tuple[Place, Found]] = {}
    for each in found:
        if blind_fields(rows[each.id].document):
            continue  # the words around a hit may be the value that another person is still to key
        place = place_of(terms.terms, rows[each.id].document.fields, each.pages) if terms.terms else None
        if place is not None:
            places[each.id] = (place, each)
    pages = {
        paper: rows[paper].document.pages[place.page]
        for paper, (place, _) in places.items()
        if place.page is not None and place.page < len(rows[paper].document.pages)
    }
    words = papers.placed_words(database, list(pages.items()))
    done = {}
    for paper, (place, each) in places.items():
        if paper in pages:
            held = words.get((paper, pages[paper]))
            text = each.pages[place.page or 0]
            done[paper] = of_page(place, text, pages[paper], held, terms.terms, clear=clear)
        elif place.field is not None:
            done[paper] = of_field(place, rows[paper].document.fields[place.field], terms.terms, clear=clear)
    return done


def _hit(row: DocumentRow, snippet: Snippet | None, clear: bool) -> Hit:
    paper = row.document
    blind = blind_fields(paper)

    def shown(name: str) -> str | None:
        value = None if name in blind else paper.value(name)
        return value if clear or value is None else mask_value(name, value)

    code = row.code_shown
    return Hit(
        id=paper.id,
        batch=row.batch,
        file=row.file if clear else mask(row.file),
        pages=paper.pages,
        kind=paper.kind,
        number=shown("number"),
        issue_date=paper.value("issue_date"),
        agency=paper.value("agency"),
        subject=shown("subject"),
        owner_name=shown("owner_name"),
        owner_id=shown("owner_id"),
        unit=paper.unit,
        state=paper.route,
        validity=paper.validity.state,
        code=code if clear or code is None else mask_code(code),
        linked_to=row.linked_to,
        snippet=snippet,
        blind=tuple(sorted(blind)),
    )
