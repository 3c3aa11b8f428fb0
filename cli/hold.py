"""`sohoa hold set|release|list`: papers that must be kept whatever their term."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.catalogue import database_of
from cli.fact_files import Dated, Document, Signer, backing_of
from cli.options import AsJson, command
from cli.shapes import print_json, shown
from cli.tables import print_table
from cli.wording import words
from configs.settings import Settings
from schemas.masking import mask
from schemas.numerals import moment_text
from schemas.wording import say, text
from storage.objects import open_store
from workspace.holding import Hold, holds, place
from workspace.holding import release as release_hold
from workspace.opening import open_workspace

Paper = Annotated[str, typer.Argument(metavar="ID", help=words("hold.paper"))]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help=words("hold.reason"))]


@command
def set_(
    settings: Settings,
    paper: Paper,
    reason: Why,
    document: Document = "",
    dated: Dated = None,
    signer: Signer = "",
    as_json: AsJson = False,
) -> int:
    """Put a paper under hold: original, PDF/A and sidecars, on the server too where it has legal holds."""
    with open_workspace(settings) as workspace:
        workspace.require_current()
        done = place(workspace, paper, reason, backing_of(document, dated, signer))
    return _told("set", done, settings.lang, as_json=as_json)


@command
def release(
    settings: Settings,
    paper: Paper,
    reason: Why,
    document: Document = "",
    dated: Dated = None,
    signer: Signer = "",
    as_json: AsJson = False,
) -> int:
    """Release a paper from its hold; the term of its retention runs as before."""
    with open_workspace(settings) as workspace:
        workspace.require_current()
        done = release_hold(workspace, paper, reason, backing_of(document, dated, signer))
    return _told("released", done, settings.lang, as_json=as_json)


@command
def list_(settings: Settings, as_json: AsJson = False) -> int:
    """Papers under hold: since when, by whom, why, and what the server holds itself."""
    with database_of(settings) as database:
        found = holds(database, open_store(settings.store, settings.home))
    lang = settings.lang
    if as_json:
        print_json([_shape(hold) for hold in found])
        return 0
    keys = ("document", "file", "since", "operator", "reason", "on_server")
    rows = [
        [
            hold.document,
            shown(f"{hold.batch}: {hold.file}"),
            moment_text(datetime.fromisoformat(hold.event.at), lang),
            hold.event.agent,
            mask(str(hold.event.detail.get("reason", ""))),
            _on_server(hold, lang),
        ]
        for hold in found
    ]
    print_table([say("hold", f"head_{key}", lang) for key in keys], rows, title=text("hold.title", lang))
    return 0


def _told(key: str, done: Hold, lang: str, *, as_json: bool) -> int:
    if as_json:
        print_json(_shape(done))
        return 0
    sys.stdout.write(text(f"hold.{key}", lang, document=done.document) + "\n")
    if done.on_server is None:
        sys.stdout.write(text("hold.no_server", lang) + "\n")
    elif key == "set" and done.on_server < done.objects:
        told = {"count": done.on_server, "objects": done.objects}
        sys.stdout.write(text("hold.partly", lang, **told) + "\n")
    return 0


def _on_server(hold: Hold, lang: str) -> str:
    return text("hold.unknown", lang) if hold.on_server is None else f"{hold.on_server}/{hold.objects}"


def _shape(hold: Hold) -> dict[str, Any]:
    detail = hold.event.detail
    return {
        "document": hold.document,
        "batch": hold.batch,
        "file": hold.file,
        "state": hold.event.outcome,
        "at": hold.event.at,
        "operator": hold.event.agent,
        "reason": mask(str(detail.get("reason", ""))),
        "backing": {name: detail[name] for name in ("document", "document_date", "signer") if name in detail},
        "objects": hold.objects,
        "on_server": hold.on_server,
    }
