"""Input of the figures: every stored paper; superseded and revoked ones and those of rejected lots are marked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from configs.loader import load_kinds, load_validity
from quality.revocations import mark_revoked
from quality.series import mark_superseded
from schemas.quotas import PaperRow
from schemas.rules import NewestOf
from storage.catalogue import figures, lots
from storage.catalogue.database import Database
from storage.catalogue.figures_papers import papers


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
    return mark_revoked(marked, [fact.row for fact in figures.revocations(database, known_at)])


def counted_on(fetched: Sequence[PaperRow], day: date) -> list[PaperRow]:
    """Papers already fetched, under the validity rules of a day."""
    return mark_superseded(fetched, superseding_kinds(day), day)


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
