"""`/figures`: rates against targets, true on a day, as known at a moment, with what must be known to read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.visits import Visit, page
from quality.quota_notes import grouped, sentence
from quality.quotas import Worked
from schemas.clock import VIETNAM, today
from schemas.errors import UsageError
from schemas.quotas import QuotaReport, QuotaRow, Series
from schemas.wording import text
from workspace.figuring import figures_of, ledger_of

_MOST_PLACES = 6


def routes() -> list[BaseRoute]:
    """Figures."""
    return [page("/figures", _show, Right.FIGURES)]


def _show(visit: Visit) -> Response:
    worked, known_at = asked_figures(visit)
    report = worked.report
    return visit.page(
        "figures.html",
        report=report,
        known_at=known_at,
        asked_known=visit.asked("known_at"),
        notes=_notes(report, visit.house.lang),
    )


def asked_figures(visit: Visit, *, explain: bool = False) -> tuple[Worked, str | None]:
    """The figures that the query asks for, its rows those of the person's units; and as known at which moment."""
    day, known_at = _day(visit.asked("as_of")), _moment(visit.asked("known_at"))
    series: Series = "merged" if visit.asked("series") == "merged" else "kh5283"
    ledger = ledger_of(visit.house.database, known_at)
    worked = figures_of(ledger, day, today(), series=series, explain=explain)
    return worked._replace(report=_within(visit, worked.report)), known_at


def _within(visit: Visit, report: QuotaReport) -> QuotaReport:
    """The rows of the person's own units; a level's total is made of others' papers too."""
    units = visit.scope.units
    if units is None:
        return report

    def own(row: QuotaRow) -> bool:
        return row.unit in units

    places = {(row.level, row.unit) for row in report.rows if own(row)}
    notes = tuple(note for note in report.notes if (note.level, note.unit) in places or not note.level)
    return report.model_copy(update={"rows": tuple(filter(own, report.rows)), "notes": notes})


def _notes(report: QuotaReport, lang: str) -> list[tuple[str, str]]:
    """Whom a note concerns, and what it says."""
    told = []
    for note in grouped(report.notes):
        places = [unit or text(f"level.{level}", lang) for level, unit in note.places if level]
        named = ", ".join(places[:_MOST_PLACES])
        if len(places) > _MOST_PLACES:
            named += " " + text("quota.more_places", lang, count=len(places) - _MOST_PLACES)
        told.append((named, sentence(note.code, note.params, lang)))
    return told


def _day(given: str) -> date:
    if not given:
        return today()
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise UsageError("no day", remedy="portal_day") from error


def _moment(given: str) -> str | None:
    """The moment as a page's form gives it, in Việt Nam's time."""
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
        local = moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
        return local.astimezone(UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError) as error:
        raise UsageError("no moment", remedy="portal_day") from error
