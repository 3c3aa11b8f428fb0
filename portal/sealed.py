"""Files and pages that others made: given to keep or to look at, never able to act in our name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from portal.visits import Visit

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHUT: Final = "sandbox"
# A page of our own making with its style and pictures in it; nothing in it runs, nothing is fetched.
_READ: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def kept(data: bytes, media_type: str, name: str) -> Response:
    """Bytes to keep. `name` is made of ids and days, never of what was sent."""
    told = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": _SHUT}
    return Response(data, media_type=media_type, headers=told)


def made(visit: Visit, suffix: str, media_type: str, name: str, make: Callable[[Path], object]) -> Response:
    """A file that is written for this answer, and gone after it."""
    target = visit.house.workspace.run.tmp / f"{visit.request.scope['sohoa.id']}{suffix}"
    try:
        make(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return FileResponse(
        target,
        media_type=media_type,
        filename=name,
        headers={"Content-Security-Policy": _SHUT},
        background=BackgroundTask(target.unlink, missing_ok=True),
    )


def readable(data: bytes) -> Response:
    """A page without a script, shown in a sandbox."""
    return Response(data, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _READ})
