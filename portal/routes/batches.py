"""`/batches`, `/batches/{name}` and its progress, which the page asks for by itself while the batch is at work."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from flows.nights.running import now_in_vietnam
from portal.rights import Right
from portal.visits import Visit, absent, page
from portal.work import is_mine, planned, work_of
from schemas.batches import BatchState
from schemas.documents import Route
from schemas.findings import Finding
from schemas.masking import mask, mask_code
from schemas.second_keying import blind_fields
from schemas.wording import render, text
from storage.catalogue import batches, documents, seen_papers
from storage.catalogue.batches import BatchRow
from storage.catalogue.documents import DocumentRow

_A_PAGE: Final = 100
_MOST_FINDINGS: Final = 50
_MOST_WORKS: Final = 30  # of the list; older ones are asked on their own pages
_AT_WORK: Final = frozenset({BatchState.RUNNING, BatchState.CLOSING})


def routes() -> list[BaseRoute]:
    """Batches."""
    return [
        page("/batches", _list, Right.LOOK),
        page("/batches/{name}", _one, Right.LOOK),
        page("/batches/{name}/progress", _progress, Right.LOOK, asks_itself=True),
    ]


def _list(visit: Visit) -> Response:
    known = batches.batches(visit.house.database)
    by_batch: dict[str, Counter[Route]] = {}
    for each in seen_papers.count(visit.house.database, *visit.scope):
        by_batch.setdefault(each.batch, Counter())[each.route] += each.papers
    rows = [
        {"batch": row, "files": visit.scope.units is None, "routes": by_batch.get(row.name, Counter())}
        for row in known
        if row.name in by_batch or is_mine(visit, row.name)
    ]
    waiting = [row for row in planned(visit.house, {row.name for row in known}) if is_mine(visit, row.name)]
    shown = {row.name for row in known[:_MOST_WORKS]}
    works = {
        row.name: work_of(visit.house, row)
        for row in [*waiting, *(row for row in known if row.name in shown)]
        if is_mine(visit, row.name)
    }
    return visit.page("batches.html", rows=rows, waiting=waiting, works=works, routes=list(Route))


def _papers_of(visit: Visit) -> tuple[BatchRow, list[DocumentRow]]:
    """A batch and the papers of it that the person sees; absent to who sees nothing of it."""
    name = unicodedata.normalize("NFC", visit.part("name"))
    if not batches.exists(visit.house.database, name):
        found = next((row for row in planned(visit.house, set()) if row.name == name), None)
        if found is None or not is_mine(visit, name):
            absent()
        return found, []
    rows = [
        row
        for row in documents.of_batch(visit.house.database, name)
        if visit.scope.has(row.document.unit, row.batch)
    ]
    batch = batches.batch(visit.house.database, name)
    if not rows and not is_mine(visit, name):
        absent()
    return batch, rows


def _one(visit: Visit) -> Response:
    batch, rows = _papers_of(visit)
    asked = visit.asked("page")
    pages = max(1, -(-len(rows) // _A_PAGE))
    number = min(max(1, int(asked)), pages) if asked.isdecimal() and len(asked) < 6 else 1
    whole = visit.scope.units is None
    aside = batches.failed(visit.house.database, batch.name) if whole else []
    told: list[tuple[str, Finding]] = [("", note) for note in batch.findings] if whole else []
    told += [(mask(row.name), note) for row in aside for note in row.findings]
    return visit.page(
        "batch.html",
        **_state_of(visit, batch, rows),
        papers=[_line(visit, row) for row in rows[(number - 1) * _A_PAGE : number * _A_PAGE]],
        number=number,
        pages=pages,
        findings=[_said(visit, file, note) for file, note in told[:_MOST_FINDINGS]],
        more=max(0, len(told) - _MOST_FINDINGS),
        now=f"{now_in_vietnam():%Y-%m-%dT%H:%M}",
    )


def _progress(visit: Visit) -> Response:
    batch, rows = _papers_of(visit)
    return visit.page("progress.html", **_state_of(visit, batch, rows))


def _state_of(visit: Visit, batch: BatchRow, rows: list[DocumentRow]) -> dict[str, Any]:
    files, pages = batches.counts(visit.house.database, batch.name)
    work = work_of(visit.house, batch) if is_mine(visit, batch.name) else None
    return {
        "batch": batch,
        "work": work,
        "moves": batch.state in _AT_WORK or (work is not None and work.moves),
        "at_work": batch.state in _AT_WORK,
        "whole": visit.scope.units is None,
        "files": files,
        "counts": pages,
        "routes": Counter(row.document.route for row in rows),
        "coded": sum(row.code_shown is not None for row in rows),
        "expected_end": work.schedule.expected_end if work and work.schedule else None,
    }


def _line(visit: Visit, row: DocumentRow) -> dict[str, Any]:
    paper = row.document
    return {
        "id": paper.id,
        "file": mask(row.file),
        "pages": paper.pages,
        "kind": visit.house.titles.get(paper.kind or ""),
        # Whoever keys it next must not have seen it.
        "number": text("portal.keyed_blind", visit.house.lang)
        if "number" in blind_fields(paper)
        else mask(paper.value("number") or ""),
        "route": paper.route,
        "code": mask_code(row.code_shown) if row.code_shown else None,
    }


def _said(visit: Visit, file: str, note: Finding) -> dict[str, Any]:
    message, remedy = render(note, visit.house.lang)
    return {
        "file": file,
        "severity": note.severity,
        "page": note.page,
        "message": mask(message),
        "remedy": mask(remedy or ""),
    }
