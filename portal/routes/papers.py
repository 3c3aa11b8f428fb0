"""`/papers/{id}`: one paper, its identifiers hidden until somebody who may asks to see them, which is recorded.

A paper of others is answered like one that never was.
"""

from __future__ import annotations

import re
from typing import Any, Final

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.visits import Visit, absent, page, see
from schemas.events import EventType
from schemas.masking import mask, mask_code, mask_value
from schemas.numerals import value_text
from schemas.second_keying import blind_fields
from schemas.wording import render, text
from storage.catalogue import documents
from storage.catalogue.documents import DocumentRow

_ID: Final = re.compile(r"[0-9a-f]{32}")


def routes() -> list[BaseRoute]:
    """One paper."""
    return [
        page("/papers/{document_id}", _masked, Right.LOOK),
        page("/papers/{document_id}/clear", _clear, Right.CLEAR, ["POST"]),
        page("/papers/{document_id}/clear", _back, Right.LOOK),
        page("/papers/{document_id}/pdfa", _pdfa, Right.CLEAR, ["POST"]),
    ]


def paper_of(visit: Visit, name: str = "document_id") -> DocumentRow:
    """The paper that the path names, if it is within the person's scope; else there is none."""
    asked = visit.part(name)
    if not _ID.fullmatch(asked):
        absent()
    found = [row for row in documents.find(visit.house.database, asked) if row.document.id == asked]
    if not found or not visit.scope.has(found[0].document.unit, found[0].batch):
        absent()
    return found[0]


def seen(visit: Visit, row: DocumentRow, outcome: str) -> None:
    """Record that the person sees identifiers of a paper in clear."""
    visit.house.record(EventType.SEEN, row.document.id, outcome, by=visit.person.name, batch=row.batch)


def _masked(visit: Visit) -> Response:
    return _shown(visit, paper_of(visit), clear=False)


def _back(visit: Visit) -> Response:
    """The page in clear loaded again: hidden, for nobody pressed the button."""
    return see(f"/papers/{paper_of(visit).document.id}")


def _clear(visit: Visit) -> Response:
    row = paper_of(visit)
    seen(visit, row, "fields")
    return _shown(visit, row, clear=True)


def _pdfa(visit: Visit) -> Response:
    row = paper_of(visit)
    if row.pdfa_key is None:
        absent()
    house = visit.house
    target = house.workspace.run.tmp / f"{visit.request.scope['sohoa.id']}.pdf"
    house.workspace.store.get(row.pdfa_key, target)
    seen(visit, row, "pdfa")
    return FileResponse(
        target,
        media_type="application/pdf",
        filename=f"{row.document.id}.pdf",
        headers={"Content-Security-Policy": "sandbox"},
        background=BackgroundTask(target.unlink, missing_ok=True),
    )


def _shown(visit: Visit, row: DocumentRow, *, clear: bool) -> Response:
    paper, lang = row.document, visit.house.lang
    hide = (lambda _, value: value) if clear else mask_value
    blind = blind_fields(paper)  # whoever keys it next must not have seen it
    fields = [
        {
            "name": text(f"field.{name}", lang),
            "value": text("portal.keyed_blind", lang)
            if name in blind
            else value_text(hide(name, field.value), lang)
            if field.value is not None
            else None,
            "raw": hide(name, field.raw)
            if field.raw and field.raw != field.value and name not in blind
            else None,
            "source": field.source,
            "confidence": field.confidence,
            "page": field.page,
        }
        for name, field in paper.fields.items()
    ]
    code = row.code_shown
    return visit.page(
        "paper.html",
        row=row,
        paper=paper,
        clear=clear,
        kind=visit.house.titles.get(paper.kind or ""),
        file=row.file if clear else mask(row.file),
        code=code if clear or code is None else mask_code(code),
        fields=fields,
        findings=_findings(visit, row, clear=clear),
        events=documents.events_of(visit.house.database, [paper.id]),
    )


def _findings(visit: Visit, row: DocumentRow, *, clear: bool) -> list[dict[str, Any]]:
    told = []
    for note in row.document.findings:
        message, remedy = render(note, visit.house.lang)
        told.append(
            {
                "severity": note.severity,
                "page": note.page,
                "message": message if clear else mask(message),
                "remedy": remedy if clear else mask(remedy or ""),
            }
        )
    return told
