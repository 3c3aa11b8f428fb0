"""`/carpets`: values that were read alike, side by side; the odd ones are marked, the rest confirmed with one key."""

from __future__ import annotations

import time
from typing import Final
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from portal import carpets
from portal.rights import Right
from portal.routes.papers import paper_of
from portal.visits import Visit, page
from review.carpets import MOST, Alike, gathered
from review.labels import target_name, value_of
from schemas.clock import today
from schemas.events import Event, EventType
from schemas.version import TOOL
from schemas.wording import text
from storage.catalogue import leases
from storage.catalogue.provenance import new_event
from storage.catalogue.reviewed import ODD, PutBack

_KEPT: Final = {"Cache-Control": "private, max-age=43200, immutable", "Vary": "Cookie"}
_ID_LENGTH: Final = 32
_LISTED: Final = 200


def routes() -> list[BaseRoute]:
    """The carpets that wait, one of them, and what is said about it."""
    return [
        page("/carpets", _list, Right.CORRECT),
        page("/carpets", _said, Right.CORRECT, ["POST"]),
        page("/carpets/one", _one, Right.CORRECT),
        page("/carpets/hold", _hold, Right.CORRECT, ["POST"], asks_itself=True),
        page("/carpets/leave", _leave, Right.CORRECT, ["POST"]),
        page("/carpets/{document_id}/{target}", _tile, Right.CORRECT),
    ]


def _list(visit: Visit) -> Response:
    batch = visit.asked("batch")
    found = gathered(piece for piece, _ in carpets.pieces(visit.house, visit.scope, batch))
    lines = [
        {
            "name": _name(visit, each),
            "value": _value(visit, each),
            "count": count,
            "to": _address(each, batch),
        }
        for each, count in list(found.items())[:_LISTED]
    ]
    batches = sorted({each.batch for each in visit.house.queue.papers(visit.scope)})
    return visit.page("carpets.html", lines=lines, batch=batch, batches=batches)


def _one(visit: Visit) -> Response:
    alike = Alike(visit.asked("field"), visit.asked("part"), visit.asked("value"))
    laid, count, until = carpets.laid(visit, alike, visit.asked("batch"))
    rules, lang = visit.house.workspace.rules.book, visit.house.lang
    looked = {each.piece.document_id: each.batch for each in laid}
    visit.house.record_all(
        [_event(visit, EventType.SEEN, own, carpets.HOW, batch, {}) for own, batch in looked.items()]
    )
    return visit.page(
        "carpet.html",
        name=_name(visit, alike),
        value=_value(visit, alike),
        pieces=[(each, value_of(each.piece.target, each.piece.value, rules, lang)) for each in laid],
        count=count,
        held=min(count, MOST) - len(laid),
        until=until,
        batch=visit.asked("batch"),
    )


def _said(visit: Visit) -> Response:
    said, ms = carpets.read(visit.form)
    if not said:
        return JSONResponse({"said": text("portal.review_nothing", visit.house.lang)}, 422)
    done = carpets.confirm(visit, said, ms, today())
    own = {each.document_id: each.batch for each in visit.house.queue.papers(visit.scope)}
    odd = [each for each in said if each.odd and each.id in own]
    visit.house.record_all(
        [
            _event(
                visit,
                EventType.SKIPPED,
                each.id,
                ODD,
                own[each.id],
                {"target": each.target, "shown": each.shown},
            )
            for each in odd
        ]
    )
    for each in odd:
        visit.house.put_back.add(PutBack(each.id, each.target, each.shown))
    leases.give_up_all(visit.house.database, {each.id for each in said}, visit.person.name)
    words = text(
        "portal.carpet_done",
        visit.house.lang,
        confirmed=done.confirmed,
        accepted=done.accepted,
        odd=len(odd),
        left=done.left,
    )
    return JSONResponse({"said": words, **done._asdict(), "odd": len(odd)})


def _hold(visit: Visit) -> Response:
    """Renew the leases of what lies on the screen; names what is the person's still."""
    at = int(time.time() * 1000)
    return JSONResponse({"mine": sorted(carpets.hold(visit, _ids(visit), at)), "until": at + carpets.LEASE})


def _leave(visit: Visit) -> Response:
    known = visit.form.get("until", "")
    until = int(known) if known.isascii() and known.isdigit() and len(known) < 16 else None
    leases.give_up_all(visit.house.database, _ids(visit), visit.person.name, until)
    return JSONResponse({})


def _ids(visit: Visit) -> list[str]:
    """Papers of a form that are in the queue of the person: nobody holds what they do not see."""
    asked = {each for each in visit.form.get("ids", "").split()[:MOST] if len(each) == _ID_LENGTH}
    return (
        [each.document_id for each in visit.house.queue.papers(visit.scope) if each.document_id in asked]
        if asked
        else []
    )


def _tile(visit: Visit) -> Response:
    row = paper_of(visit)
    data = carpets.tile(visit.house, row, visit.part("target"))
    if data is None:
        return Response(status_code=404)
    return Response(data, media_type="image/webp", headers=_KEPT if visit.asked("v") else {})


def _name(visit: Visit, alike: Alike) -> str:
    field, lang = target_name(alike.target, visit.house.lang), visit.house.lang
    return field if alike.part == "whole" else text(f"portal.carpet_{alike.part}", lang, field=field)


def _value(visit: Visit, alike: Alike) -> str:
    if alike.part != "whole":
        return alike.value
    return value_of(alike.target, alike.value, visit.house.workspace.rules.book, visit.house.lang)


def _address(alike: Alike, batch: str) -> str:
    told = {"field": alike.target, "part": alike.part, "value": alike.value, "batch": batch}
    return f"/carpets/one?{urlencode(told)}"


def _event(
    visit: Visit,
    kind: EventType,
    own: str,
    outcome: str,
    batch: str,
    detail: dict[str, str | int | float | None],
) -> Event:
    return new_event(kind, own, outcome, batch=batch, agent=visit.person.name, tool=TOOL, detail=detail)
