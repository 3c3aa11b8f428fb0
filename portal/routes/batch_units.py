"""`/batches/{name}/unit`: the unit of a whole batch, as `sohoa review unit` writes it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.batch_units import give
from portal.rights import Right
from portal.visits import Visit, absent, page, see
from portal.work import is_mine
from review.answers import WrongAnswer
from schemas.clock import today
from schemas.errors import BatchHeld
from schemas.text import squeeze
from schemas.wording import text
from storage.catalogue import batches


def routes() -> list[BaseRoute]:
    """What is said once for a batch."""
    return [page("/batches/{name}/unit", _unit, Right.CORRECT, ["POST"])]


def _unit(visit: Visit) -> Response:
    name, unit = visit.part("name"), squeeze(visit.form.get("unit", ""))
    if not unit:
        return _told(visit, text("error.answer_empty", visit.house.lang), 422)
    if not batches.exists(visit.house.database, name) or not is_mine(visit, name):
        absent()
    try:
        done = give(visit, name, unit, today())
    except WrongAnswer as error:
        params = {key: str(value) for key, value in error.params.items()}
        return _told(visit, text(f"error.{error.remedy}", visit.house.lang, **params), 422)
    except BatchHeld:
        return _told(visit, text("portal.review_batch_held", visit.house.lang), 423)
    if done.left:
        words = text("portal.unit_left", visit.house.lang, papers=done.papers, left=done.left)
        return _told(visit, words, 200)
    return see("/review")


def _told(visit: Visit, words: str, status: int) -> Response:
    title = text("portal.unit_title", visit.house.lang)
    return visit.page("said.html", status=status, title=title, words=words, to="/review")
