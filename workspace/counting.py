"""Input of the figures: every stored paper; superseded and revoked ones and those of rejected lots are marked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain

import pyarrow as pa

from configs.loader import load_kinds, load_validity
from quality.revocations import mark_revoked
from quality.series import mark_superseded
from schemas.quotas import ElsewhereRow, PaperGroup, PaperRow, RevocationRow
from schemas.rules import NewestOf
from storage.catalogue import deliveries, figure_groups, figure_stream, figures, lots
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.catalogue.deliveries import Marked
from storage.catalogue.figure_queries import Asked
from storage.catalogue.figures_papers import papers
from storage.catalogue.fixity import damaged_documents


def stored_papers(database: Database, known_at: str | None = None) -> list[PaperRow]:
    """Every stored paper, with the day from which a revocation holds; fetched once it serves several days."""
    return with_revocations(database, list(papers(database, known_at=known_at)), known_at)


def with_revocations(
    database: Database, fetched: Sequence[PaperRow], known_at: str | None = None
) -> list[PaperRow]:
    """Papers already fetched, with the day from which a revocation holds, and when a rejected lot gave them back."""
    back = lots.returned(database, known_at)
    marked = [
        row.model_copy(update={"returned": back[row.document_id]}) if row.document_id in back else row
        for row in fetched
    ]
    done = deliveries.marks(database, known_at)
    marked = [
        row.model_copy(update=done[row.document_id]._asdict()) if row.document_id in done else row
        for row in marked
    ]
    return mark_revoked(marked, [fact.row for fact in figures.revocations(database, known_at)])


def counted_on(fetched: Sequence[PaperRow], day: date) -> list[PaperRow]:
    """Papers already fetched, under the validity rules of a day."""
    return mark_superseded(fetched, superseding_kinds(day), day)


def grouped_on(
    database: Database,
    day: date,
    known_at: str | None,
    turns: Sequence[date],
    revocations: Sequence[RevocationRow],
    elsewhere: Sequence[ElsewhereRow],
) -> tuple[Iterator[PaperGroup], list[PaperRow]]:
    """What `counted_on` gives for every stored paper, in groups that count the same on the day, and what puts them right.

    The database counts; what it does not know is put right paper by paper: one that was revoked, whose files are damaged
    or whose lot was rejected is taken out of its group and put in by itself. Papers that a result elsewhere may repeat
    stand beside, counting nothing.
    """
    asked = Asked(day, known_at, superseding_kinds(day), turns)
    groups, right = figure_groups.groups(database, asked), []
    numbers = {row.number for row in revocations} | {row.number for row in elsewhere if row.number}
    ids = figure_groups.with_numbers(database, known_at, numbers)
    named = mark_revoked(_papers_of(database, ids, known_at), revocations)
    revoked = {
        row.document_id: row.revoked_on
        for row in named
        if row.revoked_on is not None and row.revoked_on <= day
    }
    back = lots.returned(database, known_at)
    with database.read() as connection:
        damaged: Collection[str] = damaged_documents(connection).keys()
    done, apart = deliveries.marks(database, known_at), {*revoked, *damaged, *back}
    for paper in figure_groups.single(database, asked, apart):
        name = paper.document_id
        ends = {
            "revoked_on": revoked.get(name),
            "intact": name not in damaged,
            "returned": back.get(name, ()),
            **done.get(name, Marked())._asdict(),
        }
        right += [paper.model_copy(update={"papers": -1}), paper.model_copy(update=ends)]
    if elsewhere:
        right += [row.model_copy(update={"papers": 0}) for row in named]
    moved = _marked(database, asked, deliveries.alike(done, day, apart))
    return chain(groups, moved), right


def _marked(
    database: Database, asked: Asked, sets: Iterable[tuple[Marked, list[str]]]
) -> Iterator[PaperGroup]:
    """Papers that were signed or received taken out of their groups, and put in as such."""
    for marked, ids in sets:
        for group in figure_groups.among(database, asked, ids):
            yield group._replace(papers=-group.papers)
            yield group._replace(paper=group.paper.model_copy(update=marked._asdict()))


def columns_on(
    database: Database, day: date, known_at: str, revocations: Sequence[RevocationRow]
) -> Iterator[pa.Table]:
    """What `counted_on` gives for every stored paper, in columns sorted by id, some thousands of papers at a time."""
    superseded = figure_groups.superseded(database, Asked(day, known_at, superseding_kinds(day)))
    ids = figure_groups.with_numbers(database, known_at, {row.number for row in revocations})
    revoked = {
        row.document_id: row.revoked_on
        for row in mark_revoked(_papers_of(database, ids, known_at), revocations)
    }
    back = lots.returned(database, known_at)
    with database.read() as connection:
        damaged: Collection[str] = damaged_documents(connection).keys()
    done, nothing = deliveries.marks(database, known_at), Marked()
    for table in figure_stream.columns(database, known_at):
        names = table["document_id"].to_pylist()
        whole = [name not in damaged for name in names] if damaged else [True] * len(names)
        periods = (
            [[list(period) for period in back.get(name, ())] for name in names] if back else [[]] * len(names)
        )
        marks = [done.get(name, nothing) for name in names] if done else []
        yield (
            table.append_column("intact", pa.array(whole, pa.bool_()))
            .append_column("revoked_on", _days_of(revoked, names))
            .append_column("superseded_on", _days_of(superseded, names))
            .append_column("signed_on", _days_or_none([mark[0] for mark in marks], len(names)))
            .append_column("delivered_on", _days_or_none([mark[1] for mark in marks], len(names)))
            .append_column("returned", pa.array(periods, pa.list_(pa.list_(pa.date32()))))
        )


def _days_of(held: Mapping[str, date | None], names: Sequence[str]) -> pa.Array:
    return _days_or_none([held.get(name) for name in names] if held else (), len(names))


def _days_or_none(days: Sequence[date | None], rows: int) -> pa.Array:
    """A column of days; of none at all where nothing was looked up, which is quicker than to look up nothing."""
    return pa.array(days, pa.date32()) if days else pa.nulls(rows, pa.date32())


def _papers_of(database: Database, ids: Sequence[str], known_at: str | None) -> list[PaperRow]:
    return [row for chunk in in_chunks(ids, 5000) for row in papers(database, ids=chunk, known_at=known_at)]


def superseding_kinds(day: date) -> dict[str, NewestOf]:
    """Kinds of which, by the rules of a day, only the newest is in force, with the value a series shares.

    A kind whose rule changed keeps its series: papers are of one series whatever rule held when they were issued.
    """
    return {rule.kind: rule.newest_of for rule in load_validity() if rule.newest_of and rule.holds_on(day)}


def left_out_kinds() -> dict[str, str]:
    """Kinds whose papers are not counted here, with the reason (a key of `[quota_reason]`)."""
    return {
        kind.id: "by_import_only" if kind.handed_over_on is not None else "not_in_inventory"
        for kind in load_kinds()
        if not kind.is_counted
    }
