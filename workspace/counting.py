"""Input of the figures: every stored paper, superseded ones marked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from configs.loader import load_kinds, load_validity
from quality.series import mark_superseded
from schemas.quotas import PaperRow
from schemas.rules import NewestOf
from storage.catalogue import documents
from storage.catalogue.database import Database


def papers_as_of(database: Database, day: date) -> list[PaperRow]:
    """Every stored paper as the quota sees it, under the validity rules of a day."""
    return counted_on(list(documents.papers(database)), day)


def counted_on(papers: Sequence[PaperRow], day: date) -> list[PaperRow]:
    """The same for papers already fetched, so that one fetch serves several days."""
    return mark_superseded(papers, superseding_kinds(day))


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
