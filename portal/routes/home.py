"""`/`: what waits for the person, by what the person may do."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.routes import inventory, lots
from portal.visits import Visit, page
from portal.work import planned, work_of
from quality.sampling import state_of
from schemas.batches import BatchState
from schemas.documents import Route
from storage.catalogue import alerts, batches, period_reports, seen_papers

_AT_WORK = frozenset({BatchState.RUNNING, BatchState.CLOSING})
_IN_TROUBLE = frozenset({BatchState.STOPPED, BatchState.FAILED})


class Card(NamedTuple):
    """One count that leads somewhere. `tone` is `bad`, `warn`, `good` or `quiet`."""

    key: str
    number: int
    link: str
    tone: str


def routes() -> list[BaseRoute]:
    """The first page."""
    return [page("/", _show, None)]


def _show(visit: Visit) -> Response:
    return visit.page("home.html", cards=[*_papers(visit), *_house(visit)])


def _papers(visit: Visit) -> list[Card]:
    seen = seen_papers.count(visit.house.database, *visit.scope) if visit.may(Right.LOOK) else []
    by_route: Counter[Route] = Counter()
    for each in seen:
        by_route[each.route] += each.papers
    waiting = "warn" if by_route[Route.REVIEW] else "good"
    cards = [Card("review", by_route[Route.REVIEW], "/review", waiting)] if visit.may(Right.CORRECT) else []
    cards += [
        Card(str(route), by_route[route], "/batches", "warn" if by_route[route] else "quiet")
        for route in (Route.RESCAN, Route.PARTIAL)
    ]
    cards.append(Card("accepted", by_route[Route.ACCEPTED], "/batches", "quiet"))
    cards.append(Card("coded", sum(each.coded for each in seen), "/batches", "quiet"))
    return cards


def _house(visit: Visit) -> list[Card]:
    database, cards = visit.house.database, []
    if visit.may(Right.SCHEDULE):
        held = batches.batches(database)
        states = Counter(row.state for row in held)
        trouble = sum(states[state] for state in _IN_TROUBLE)
        new = planned(visit.house, {row.name for row in held})
        rest = sum(not work_of(visit.house, row).moves for row in new)
        cards.append(Card("to_start", rest, "/batches", "warn" if rest else "quiet"))
        cards.append(Card("running", sum(states[state] for state in _AT_WORK), "/batches", "quiet"))
        cards.append(Card("stopped", trouble, "/batches", "bad" if trouble else "quiet"))
    if visit.may(Right.WATCH):
        standing = len(alerts.standing(database))
        cards.append(Card("alerts", standing, "/alerts", "bad" if standing else "good"))
    if visit.may(Right.ISSUE):
        issued = period_reports.issued(database)
        waiting = sum(each.approved_at is None and each.replaced_by is None for each in issued)
        cards.append(Card("approve", waiting, "/reports", "warn" if waiting else "quiet"))
    return [*cards, *_handed_in(visit)]


def _handed_in(visit: Visit) -> list[Card]:
    """What was begun and waits: uploads of one's own, inventories to approve, lots to decide."""
    cards = []
    if visit.may(Right.UPLOAD):
        begun = len(visit.house.uploads.of_person(visit.person.key))
        cards.append(Card("uploads", begun, "/batches/new", "warn" if begun else "quiet"))
    if visit.may(Right.ISSUE) or visit.may(Right.DECLARE):
        handed = [each for each in inventory.seen_by(visit) if each.state == "waiting"]
        mine = [each for each in handed if (each.account == visit.person.key) != visit.may(Right.ISSUE)]
        cards.append(Card("inventories", len(mine), "/figures/inventory", "warn" if mine else "quiet"))
    if visit.may(Right.ISSUE) or visit.may(Right.WATCH):
        open_lots = sum(state_of(each) in {"inspecting", "undecided"} for each in lots.seen_by(visit))
        cards.append(Card("lots", open_lots, "/lots", "warn" if open_lots else "quiet"))
    return cards
