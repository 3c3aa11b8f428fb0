"""`/batches/{name}/acts/{act}`: start, pause, cancel, retry, priority, plan."""

from __future__ import annotations

import unicodedata
from typing import Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.visits import Visit, absent, page, see
from portal.work import ask, planned
from storage.catalogue import batches
from storage.catalogue.batches import BatchRow

_ACTS: Final = frozenset({"start", "pause", "cancel", "retry", "priority", "plan"})


def routes() -> list[BaseRoute]:
    """What a person asks of a batch."""
    return [page("/batches/{name}/acts/{act}", _ask, Right.SCHEDULE, ["POST"])]


def _ask(visit: Visit) -> Response:
    act = visit.part("act")
    if act not in _ACTS:
        absent()
    batch = _batch(visit)
    ask(visit, batch, act)
    return see("/batches" if visit.form.get("back") == "list" else f"/batches/{quote(batch.name, safe='')}")


def _batch(visit: Visit) -> BatchRow:
    """A batch, or one that is on the schedule and never ran."""
    name = unicodedata.normalize("NFC", visit.part("name"))
    if batches.exists(visit.house.database, name):
        return batches.batch(visit.house.database, name)
    found = next((row for row in planned(visit.house, set()) if row.name == name), None)
    return found or absent()
