"""`sohoa trace ID|CODE|SHA`: everything that ever happened to one paper, as a page for the auditor, or as JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.catalogue import require_current
from cli.options import AsJson, command
from cli.shapes import print_json
from cli.wording import words
from configs.settings import Settings
from schemas.clock import today
from schemas.errors import SetupError, UsageError
from schemas.wording import text
from workspace.opening import open_workspace
from workspace.tracing import trace_of, write_page

_PAGES = {".html", ".htm"}


@command
def trace(
    settings: Settings,
    identifier: Annotated[str, typer.Argument(metavar="ID|CODE|SHA", help=words("command.trace_wanted"))],
    out: Annotated[Path | None, typer.Argument(metavar="[OUT.html]", help=words("command.trace_out"))] = None,
    clear: Annotated[bool, typer.Option("--clear", help=words("command.trace_clear"))] = False,
    as_json: AsJson = False,
) -> int:
    """Everything that happened to one paper: a page for the auditor that opens without a network."""
    if out is not None and not out.is_dir() and out.suffix.lower() not in _PAGES:
        # Do not overwrite a scan or a workbook given by mistake.
        raise UsageError(f"{out} is no HTML file", remedy="trace_out", path=out)

    with open_workspace(settings) as workspace:
        require_current(workspace.database, settings)
        found, history = trace_of(workspace, identifier, as_of=today(), clear=clear)
        if as_json and out is None:
            print_json(found.model_dump(mode="json"))
            return 0
        name = f"truy-vet-{found.papers[0].id[:12] if len(found.papers) == 1 else history.sha256[:12]}.html"
        path = (out / name if out.is_dir() else out) if out else Path(name)
        try:
            write_page(workspace, found, history, path)
        except OSError as error:
            raise SetupError(
                f"cannot write {path}", remedy="output_unwritable", path=path, detail=error.strerror
            ) from error
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        sys.stdout.write(text("trace.done", settings.lang, path=path) + "\n")
    return 0
