"""`/batches/{name}/unit` and `/box`: what is said once for a batch, as `sohoa review unit` and `box` write it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.batch_units import Given, give, give_box
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
    return [
        page("/batches/{name}/unit", _unit, Right.CORRECT, ["POST"]),
        page("/batches/{name}/box", _box, Right.CORRECT, ["POST"]),
    ]


def _unit(visit: Visit) -> Response:
    return _once(visit, "unit", give)


def _box(visit: Visit) -> Response:
    return _once(visit, "box", give_box)


def _once(visit: Visit, what: str, write: Callable[[Visit, str, str, date], Given]) -> Response:
    name, said = visit.part("name"), squeeze(visit.form.get(what, ""))
    if not said:
        return _told(visit, what, text("error.answer_empty", visit.house.lang), 422)
    if not batches.exists(visit.house.database, name) or not is_mine(visit, name):
        absent()
    try:
        done = write(visit, name, said, today())
    except WrongAnswer as error:
        params = {key: str(value) for key, value in error.params.items()}
        return _told(visit, what, text(f"error.{error.remedy}", visit.house.lang, **params), 422)
    except BatchHeld:
        return _told(visit, what, text("portal.review_batch_held", visit.house.lang), 423)
    if done.left:
        words = text(f"portal.{what}_left", visit.house.lang, papers=done.papers, left=done.left)
        return _told(visit, what, words, 200)
    return see("/review")


def _told(visit: Visit, what: str, words: str, status: int) -> Response:
    title = text(f"portal.{what}_title", visit.house.lang)
    return visit.page("said.html", status=status, title=title, words=words, to="/review")
