"""`/papers/{id}/trace`: everything that ever happened to a paper, as `sohoa trace` tells it; in clear on request alone."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from portal.rights import Right
from portal.routes.papers import paper_of, seen
from portal.sealed import readable
from portal.visits import Visit, page
from schemas.clock import today
from workspace.tracing import trace_of, write_page


def routes() -> list[BaseRoute]:
    """The trace of a paper."""
    return [
        page("/papers/{document_id}/trace", _masked, Right.LOOK),
        page("/papers/{document_id}/trace", _clear, Right.CLEAR, ["POST"]),
    ]


def _masked(visit: Visit) -> Response:
    return _traced(visit, paper_of(visit).document.id, clear=False)


def _clear(visit: Visit) -> Response:
    row = paper_of(visit)
    seen(visit, row, "trace")
    return _traced(visit, row.document.id, clear=True)


def _traced(visit: Visit, document: str, *, clear: bool) -> Response:
    workspace = visit.workspace
    found, history = trace_of(workspace, document, as_of=today(), clear=clear)
    target = workspace.run.tmp / f"{visit.request.scope['sohoa.id']}.html"
    try:
        write_page(workspace, found, history, target)
        return readable(target.read_bytes())
    finally:
        target.unlink(missing_ok=True)
