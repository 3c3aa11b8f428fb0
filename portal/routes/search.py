"""`/search`: by POST, so that no name and no number of a person stands in an address or a log."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.visits import Visit, page
from schemas.documents import Route
from schemas.search import Answer, Wanted
from workspace import searching

_MOST = 50


def routes() -> list[BaseRoute]:
    """Search."""
    return [page("/search", _empty, Right.LOOK), page("/search", _found, Right.LOOK, ["POST"])]


def _empty(visit: Visit) -> Response:
    return _answered(visit, Wanted(), None)


def _found(visit: Visit) -> Response:
    form, house = visit.form, visit.house
    state = form.get("state", "")
    kind = form.get("kind", "")
    wanted = Wanted(
        words=form.get("words", "")[:500],
        kind=kind if kind in house.titles else None,
        unit=form.get("unit", "").strip()[:200] or None,
        state=Route(state) if state in list(Route) else None,
        first=_day(form.get("first", "")),
        last=_day(form.get("last", "")),
        units=visit.scope.units,
        batches=visit.scope.batches,
        limit=_MOST,
    )
    if not wanted.words.strip() and not wanted.filtered:
        return _answered(visit, wanted, None)
    answer = searching.search(house.database, house.settings.home, wanted, house.titles)
    return _answered(visit, wanted, answer)


def _answered(visit: Visit, wanted: Wanted, answer: Answer | None) -> Response:
    return visit.page(
        "search.html",
        wanted=wanted,
        answer=answer,
        pieces={hit.id: _pieces(hit.snippet.text, hit.snippet.marks) for hit in answer.hits if hit.snippet}
        if answer
        else {},
        routes=list(Route),
    )


def _pieces(words: str, marks: tuple[tuple[int, int], ...]) -> list[tuple[str, bool]]:
    """A snippet in pieces, those that were found told apart."""
    pieces, at = [], 0
    for start, end in marks:
        pieces += [(words[at:start], False), (words[start:end], True)]
        at = end
    return [*pieces, (words[at:], False)]


def _day(given: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(given)
    return None
