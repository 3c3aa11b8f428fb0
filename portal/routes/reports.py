"""`/reports`: reports as they were issued, of batches and of periods, and their files."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.visits import Visit, absent, page
from schemas.period_reports import PeriodReport
from schemas.reports import IssuedReport
from storage.catalogue import issued_reports, period_reports, seen_papers
from storage.objects import keys
from workspace.period_reports import file_name

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_TYPES: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def routes() -> list[BaseRoute]:
    """Reports."""
    return [
        page("/reports", _list, Right.LOOK),
        page("/reports/batches/{name}/{sha256}", _of_batch, Right.LOOK),
        page("/reports/periods/{report}/{suffix}", _of_period, Right.FIGURES),
    ]


def _list(visit: Visit) -> Response:
    last: dict[tuple[str, str], IssuedReport] = {}
    for report in issued_reports.all_of(visit.house.database):
        last[report.batch, report.lang] = report
    whole = _whole_batches(visit)
    mine = [report for report in last.values() if whole is None or report.batch in whole]
    return visit.page("reports.html", batches=mine[::-1], periods=_periods(visit)[::-1])


def _periods(visit: Visit) -> list[PeriodReport]:
    """Periods' reports tell of every unit."""
    sees = visit.may(Right.FIGURES) and visit.scope.whole
    return period_reports.issued(visit.house.database) if sees else []


def _whole_batches(visit: Visit) -> frozenset[str] | None:
    """Batches that the person sees every paper of; None for every batch."""
    scope, database = visit.scope, visit.house.database
    if scope.units is None:
        return scope.batches
    totals: dict[str, int] = {}
    for every in seen_papers.count(database, None, scope.batches):
        totals[every.batch] = totals.get(every.batch, 0) + every.papers
    for own in seen_papers.count(database, *scope):
        totals[own.batch] -= own.papers
    return frozenset(batch for batch, others in totals.items() if not others)


def _of_batch(visit: Visit) -> Response:
    name, digest = unicodedata.normalize("NFC", visit.part("name")), visit.part("sha256")
    whole = _whole_batches(visit)
    if not _DIGEST.fullmatch(digest) or (whole is not None and name not in whole):
        absent()
    if not any(each.sha256 == digest for each in issued_reports.of_batch(visit.house.database, name)):
        absent()
    data = visit.house.workspace.store.read(keys.report(name, digest))
    return _file(data, "text/html; charset=utf-8", f"bao-cao-{digest[:12]}.html")


def _of_period(visit: Visit) -> Response:
    suffix = visit.part("suffix")
    found = [each for each in _periods(visit) if each.id == visit.part("report")]
    if not found or suffix not in found[0].files or suffix not in _TYPES:
        absent()
    data = visit.house.workspace.store.read(keys.period_report(found[0].files[suffix], suffix))
    return _file(data, _TYPES[suffix], f"{file_name(found[0].period, found[0].id)}.{suffix}")


def _file(data: bytes, media_type: str, name: str) -> Response:
    """A file to keep, never a page of ours: what is in it may not act in our name."""
    told = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": "sandbox"}
    return Response(data, media_type=media_type, headers=told)
