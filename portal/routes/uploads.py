"""`/batches/new` and `/uploads/{upload}`: scans from a browser into a batch, in pieces, gone on with where it was cut.

What another person uploads is answered like what never was. A contractor adds to batches of its own alone.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.upload_names import SUFFIXES, batch_name
from portal.uploads import MOST_PIECE, Arrived, OtherOffset, Upload
from portal.visits import Visit, absent, page, see
from portal.work import is_mine
from schemas.batches import BatchSheet, ScheduleState
from schemas.documents import Role
from schemas.errors import UsageError
from schemas.events import EventType
from schemas.numerals import number_text
from schemas.text import shown
from schemas.wording import text
from storage.catalogue import batches, schedules

_TEXTS = ("owning_unit", "holding_unit", "fonds", "box", "file", "scanner")
_LONGEST = 200


def routes() -> list[BaseRoute]:
    """Uploads."""
    return [
        page("/batches/new", _new, Right.UPLOAD),
        page("/batches/new", _open, Right.UPLOAD, ["POST"]),
        page("/uploads/{upload}", _show, Right.UPLOAD),
        page("/uploads/{upload}/files", _declare, Right.UPLOAD, ["POST"]),
        page("/uploads/{upload}/files/{number}", _piece, Right.UPLOAD, ["POST"], most=MOST_PIECE, raw=True),
        page("/uploads/{upload}/files/{number}/drop", _leave_out, Right.UPLOAD, ["POST"]),
        page("/uploads/{upload}/drop", _drop, Right.UPLOAD, ["POST"]),
        page("/uploads/{upload}/finish", _finish, Right.UPLOAD, ["POST"]),
    ]


def _new(visit: Visit) -> Response:
    scope = visit.scope
    return visit.page(
        "upload_new.html",
        mine=visit.house.uploads.of_person(visit.person.key),
        handed=visit.asked("handed") == "1",
        own_batches=sorted(scope.batches) if scope.batches is not None else None,
        own_units=sorted(scope.units) if scope.units is not None else None,
    )


def _open(visit: Visit) -> Response:
    uploads, person = visit.house.uploads, visit.person
    for gone in uploads.sweep():
        visit.house.record(EventType.UPLOAD, gone.batch, "swept", by=gone.by)
    name, sheet = batch_name(visit.form.get("name", "")), _sheet(visit)
    _require_own(visit, name, sheet)
    made = uploads.open(name, person.name, person.key, sheet)
    visit.house.record(EventType.UPLOAD, name, "opened", by=person.name)
    return see(f"/uploads/{made.id}")


def _sheet(visit: Visit) -> BatchSheet:
    said: dict[str, object] = {
        key: value for key in _TEXTS if (value := visit.form.get(key, "").strip()[:_LONGEST])
    }
    sheets = visit.form.get("expected_sheets", "").strip()
    if sheets:
        if not sheets.isdecimal() or len(sheets) > 7:
            raise UsageError("no count", remedy="upload_sheets")
        said["expected_sheets"] = int(sheets)
    role = visit.form.get("role", "")
    if role in set(Role):
        said["role"] = role
    return BatchSheet.model_validate({**said, "operator": visit.person.name})


def _require_own(visit: Visit, name: str, sheet: BatchSheet) -> None:
    """Refuse what is not the person's: a batch of others, a unit of others, a name that lies elsewhere.

    Raises:
        UsageError: it is.
    """
    scope, house = visit.scope, visit.house
    if scope.batches is not None and name not in scope.batches:
        raise UsageError("not its batch", remedy="upload_not_yours", batch=name)
    if scope.units is not None and sheet.owning_unit not in scope.units:
        raise UsageError("not its unit", remedy="upload_unit")
    folder = house.uploads.folder_of(name)
    known = batches.exists(house.database, name)
    if known and batches.batch(house.database, name).path != str(folder.resolve()):
        raise UsageError("taken", remedy="upload_taken", batch=name)
    if scope.units is not None and scope.batches is None and (known or folder.exists()):
        raise UsageError("taken", remedy="upload_taken", batch=name)


def _own(visit: Visit) -> Upload:
    held = visit.house.uploads.named(visit.part("upload"))
    if held is None or held.account != visit.person.key:
        absent()
    return held


def _show(visit: Visit) -> Response:
    held = _own(visit)
    return visit.page(
        "upload.html",
        upload=held,
        files=visit.house.uploads.files(held),
        piece=MOST_PIECE,
        suffixes=",".join(f".{each}" for each in SUFFIXES),
        limits=visit.house.workspace.rules.limits,
    )


def _declare(visit: Visit) -> Response:
    held, form = _own(visit), visit.form
    size = form.get("size", "")
    number = int(size) if size.isdecimal() and len(size) < 16 else 0
    return _told(
        visit,
        lambda: visit.house.uploads.declare(held, form.get("name", ""), number, form.get("sha256", "")),
    )


def _piece(visit: Visit) -> Response:
    held, offset = _own(visit), visit.asked("offset")
    if not (offset.isdecimal() and len(offset) < 16):
        absent()
    at, number = int(offset), _number(visit)
    return _told(visit, lambda: visit.house.uploads.add(held, number, at, visit.body))


def _number(visit: Visit) -> int:
    asked = visit.part("number")
    if not (asked.isdecimal() and len(asked) < 8):
        absent()
    return int(asked)


def _told(visit: Visit, work: Callable[[], Arrived]) -> Response:
    """How far a file has come, for the script of the page; a refusal with its remedy."""
    try:
        done = work()
    except OtherOffset as other:
        return JSONResponse({"offset": other.offset}, 409)
    except UsageError as error:
        lang = visit.house.lang
        params = {
            name: number_text(value, lang) if isinstance(value, int) else value
            for name, value in error.params.items()
        }
        said = text(f"error.{error.remedy}", lang, **params)
        return JSONResponse({"message": said}, 422)
    part = done.part
    return JSONResponse(
        {
            "number": part.number,
            "name": part.name,
            "given": shown(part.given),
            "offset": done.offset,
            "done": done.done,
        }
    )


def _leave_out(visit: Visit) -> Response:
    held = _own(visit)
    visit.house.uploads.leave_out(held, _number(visit))
    return see(f"/uploads/{held.id}")


def _drop(visit: Visit) -> Response:
    held = _own(visit)
    visit.house.uploads.drop(held)
    visit.house.record(EventType.UPLOAD, held.batch, "dropped", by=visit.person.name)
    return see("/batches/new")


def _finish(visit: Visit) -> Response:
    held, house = _own(visit), visit.house
    _require_own(visit, held.batch, held.sheet)
    done = house.uploads.hand_over(held)
    house.record(
        EventType.UPLOAD,
        held.batch,
        "handed over",
        by=visit.person.name,
        files=done.files,
        bytes=done.size,
        sha256=done.sha256,
    )
    if not house.uploads.watched and schedules.find(house.database, held.batch) is None:
        # It waits in the list of batches until somebody starts it.
        folder = str(done.folder.resolve())
        schedules.put(house.database, held.batch, folder, visit.person.name, state=ScheduleState.PAUSED)
    return see(
        f"/batches/{quote(held.batch, safe='')}" if is_mine(visit, held.batch) else "/batches/new?handed=1"
    )
