"""Quarter and year reports as they were issued and approved: events of the house chain; the files lie in the store."""

from __future__ import annotations

from typing import Final

from schemas.events import Event, EventType
from schemas.period_reports import PeriodReport
from storage.catalogue.database import Database
from storage.catalogue.events import events_of

SUBJECT: Final = "period reports"


def issued(database: Database) -> list[PeriodReport]:
    """Every report, the oldest first, with its approval and the report that took its place."""
    events = [each for each in events_of(database, [SUBJECT]) if each.type is EventType.PERIOD_REPORT]
    approvals = {str(each.detail["report"]): each for each in events if each.outcome == "approved"}
    made = [each for each in events if each.outcome == "issued"]
    later = {str(each.detail["corrects"]): str(each.detail["id"]) for each in made if each.detail["corrects"]}
    return [_report(each, approvals.get(str(each.detail["id"])), later) for each in made]


def _report(event: Event, approval: Event | None, later: dict[str, str]) -> PeriodReport:
    approved = {
        "approved_at": approval.at if approval else None,
        "approved_by": approval.agent if approval else None,
        "approved_as": str(approval.detail["capacity"]) if approval else None,
    }
    said = {"at": event.at, "by": event.agent, "replaced_by": later.get(str(event.detail["id"]))}
    return PeriodReport.model_validate({**event.detail, **approved, **said})


def of_file(database: Database, sha256: str) -> PeriodReport | None:
    """The report that has a file of this digest."""
    return next((each for each in issued(database) if sha256 in each.files.values()), None)
