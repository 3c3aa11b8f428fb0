"""`/review/{id}/pages`: turns, splits or joins pages of the paper in hand, as `sohoa pages` does."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from portal.review_pages import ACTS, edit
from portal.rights import Right
from portal.routes.papers import paper_of
from portal.routes.review import not_in_hand, refused
from portal.visits import Visit, page
from schemas.clock import today
from schemas.errors import BatchHeld, CatalogueError, CodeError, UsageError
from schemas.text import squeeze
from schemas.wording import text
from storage.catalogue import leases


def routes() -> list[BaseRoute]:
    """Page work."""
    return [page("/review/{document_id}/pages", _work, Right.CORRECT, ["POST"])]


def _work(visit: Visit) -> Response:
    row, act, asked = paper_of(visit), visit.form.get("act", ""), visit.form.get("page", "")
    if (held := not_in_hand(visit, row)) is not None:
        return held
    if visit.form.get("version") != str(row.version):
        return refused(visit, "stale", 409)
    if not visit.may(Right.ACCEPT):
        return refused(visit, "pages_no_accept", 403)
    if act not in ACTS or not asked.isdecimal() or len(asked) > 6:
        return refused(visit, "nothing", 422)
    if not squeeze(visit.form.get("reason", "")):
        return refused(visit, "pages_reason", 422)
    try:
        with visit.house.turns.of(row.batch):
            done = edit(visit, row, act, int(asked), today())
    except BatchHeld:
        return refused(visit, "batch_held", 423)
    except (UsageError, CodeError, CatalogueError) as error:
        params = {name: str(value) for name, value in error.params.items()}
        said = text(f"error.{error.remedy or error.code}", visit.house.lang, **{"detail": "", **params})
        return JSONResponse({"said": said}, 409)
    leases.give_up(visit.house.database, row.document.id, visit.person.name)
    visit.house.closer.answered(row.batch)
    back = done.back._asdict() if done.back else None
    words = text(f"portal.review_pages_{act}", visit.house.lang)
    more = text("portal.review_pages_undo", visit.house.lang) if back else ""
    return JSONResponse({"id": done.id, "back": back, "said": f"{words} {more}".strip()})
