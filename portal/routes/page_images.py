"""`/papers/{id}/pages/{n}`: a page as a picture; in clear only for who reviews it, which is recorded."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.routes.papers import paper_of, seen
from portal.visits import Visit, absent, page
from workspace.page_pictures import frame_of, page_picture, readings_of

# A browser keeps a picture for the session that it was asked in: another session has another cookie.
_KEPT = {"Cache-Control": "private, max-age=43200, immutable", "Vary": "Cookie"}


def routes() -> list[BaseRoute]:
    """Pictures of pages."""
    return [page("/papers/{document_id}/pages/{number}", _picture, Right.LOOK)]


def _picture(visit: Visit) -> Response:
    row, asked = paper_of(visit), visit.part("number")
    if not asked.isascii() or not asked.isdigit() or len(asked) > 6:
        absent()
    number = int(asked)
    if number not in row.document.pages:
        absent()
    clear = visit.may(Right.CLEAR) and visit.may(Right.CORRECT)
    workspace = visit.house.workspace
    reading = readings_of(workspace, row).get(number)
    key = (frame_of(row, reading).digest if reading else f"{row.document.sha256}:{number}", clear)
    data = visit.house.pictures.get(key)
    if data is None:
        drawn = page_picture(workspace, row, number, hide=not clear)
        if drawn is None:
            absent()
        data = drawn.jpeg
        visit.house.pictures.put(key, data)
    if clear:
        seen(visit, row, "page")
    current = reading is not None and visit.asked("v") == key[0]
    return Response(data, media_type="image/jpeg", headers=_KEPT if current else {})
