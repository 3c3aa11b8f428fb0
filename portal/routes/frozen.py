"""`/figures/frozen`, `/figures/explained`, `/figures/board`: frozen figures, the table behind a rate, the board."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.routes.figures import asked_figures
from portal.sealed import kept, made, readable
from portal.visits import Visit, absent, page
from schemas.clock import today
from schemas.frozen import FrozenSet
from workspace import freezing, quota_explain
from workspace.board import NAME, write_board

_ID: Final = re.compile(r"[0-9a-f]{64}")


def routes() -> list[BaseRoute]:
    """What figures were made of, and figures that nobody changes any more."""
    return [
        page("/figures/explained", _explained, Right.FIGURES),
        page("/figures/board", _board, Right.FIGURES),
        page("/figures/frozen", _list, Right.FIGURES),
        page("/figures/frozen/{frozen}", _manifest, Right.FIGURES),
        page("/figures/frozen/{frozen}/verify", _verify, Right.FIGURES, ["POST"]),
    ]


def _explained(visit: Visit) -> Response:
    """The table of `sohoa quota --explain`: every paper in and out, the inventory, the sums; of one's own units."""
    worked, _ = asked_figures(visit, explain=True)
    units = visit.scope.units
    if units is not None:
        own = [each for each in worked.explanations if each.unit in units]
        stock = [pair for pair in worked.stock if pair[0].unit in units]
        elsewhere = [pair for pair in worked.elsewhere if pair[0].unit in units]
        worked = worked._replace(explanations=own, stock=stock, elsewhere=elsewhere)
    day = worked.report.as_of
    house = visit.house
    return made(
        visit,
        ".csv",
        "text/csv; charset=utf-8",
        f"giai-trinh-{day}.csv",
        lambda out: quota_explain.write(out, worked, dict(house.titles), house.lang),
    )


def _whole(visit: Visit) -> None:
    """Answer that there is nothing here to who sees a part of the house."""
    if not visit.scope.whole:
        absent()


def _board(visit: Visit) -> Response:
    _whole(visit)
    settings, day = visit.house.settings, today()
    path = settings.reports / NAME
    if not path.is_file():
        write_board(visit.house.database, settings, day, day)
    return readable(path.read_bytes())


def _list(visit: Visit) -> Response:
    _whole(visit)
    return visit.page("frozen.html", rows=freezing.sets(visit.house.database)[::-1], checked=None, altered=[])


def _asked(visit: Visit) -> FrozenSet:
    _whole(visit)
    name = visit.part("frozen")
    held = freezing.sets(visit.house.database) if _ID.fullmatch(name) else []
    return next((each for each in held if each.id == name), None) or absent()


def _manifest(visit: Visit) -> Response:
    """All that a set says of itself: terms, targets, digests of its tables, its report."""
    found = _asked(visit)
    told = freezing.manifest_of(visit.house.workspace.store, found).model_dump_json(indent=1)
    return kept(told.encode(), "application/json", f"so-lieu-chot-{found.as_of}-{found.id[:12]}.json")


def _verify(visit: Visit) -> Response:
    found = _asked(visit)
    altered = freezing.verified(visit.house.workspace.store, found)
    rows = freezing.sets(visit.house.database)[::-1]
    return visit.page("frozen.html", rows=rows, checked=found.id, altered=altered)
