"""`sohoa get ID OUT`: a document's PDF/A, or the bytes as they came."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.catalogue import database_of
from cli.options import Home, Lang, Operator, settings_of
from cli.wording import words
from schemas.errors import StoreError, UsageError
from schemas.wording import text
from storage.catalogue import documents
from storage.objects import keys, open_store, sha256_of


def get(
    wanted: Annotated[str, typer.Argument(metavar="ID", help=words("command.get_wanted"))],
    out: Annotated[Path, typer.Argument(metavar="OUT", help=words("command.get_out"))],
    original: Annotated[bool, typer.Option("--original", help=words("command.get_original"))] = False,
    force: Annotated[bool, typer.Option("--force", help=words("command.get_force"))] = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """A document's PDF/A, or the original bytes."""
    settings = settings_of(home, lang, operator)

    with database_of(settings) as database:
        rows = documents.find(database, wanted)
    if not rows:
        raise UsageError(f"no document {wanted}", remedy="document_absent", value=wanted)
    if len(rows) > 1 and not original:
        raise UsageError(
            f"{len(rows)} documents",
            remedy="document_ambiguous",
            ids=", ".join(row.document.id for row in rows),
        )
    row = rows[0]
    key, digest = (
        (keys.original(row.document.sha256), row.document.sha256)
        if original
        else (row.pdfa_key, row.pdfa_sha256)
    )
    if key is None:
        raise UsageError("no PDF/A", remedy="document_without_pdfa", value=wanted)
    # Write an original to the exact path given: its own name may have no extension, or a wrong one.
    target = (
        _target(out, Path(row.file).name, ending="")
        if original
        else _target(out, f"{row.document.id}.pdf", ending=".pdf")
    )
    if not target.parent.is_dir():
        raise UsageError(f"no folder {target.parent}", remedy="batch_folder_absent", folder=target.parent)
    if os.path.lexists(target) and not force:
        raise UsageError(f"{target} exists", remedy="output_there", path=target)
    open_store(settings.store, settings.home).get(key, target)
    if sha256_of(target) != digest:
        target.unlink()
        raise StoreError(f"object {key} has changed", remedy="object_differs", key=key)
    sys.stdout.write(text("get.done", settings.lang, path=target) + "\n")
    return 0


def _target(out: Path, name: str, *, ending: str) -> Path:
    """Where the file goes: into a folder under its own name, else under the name given, with an ending if it has none."""
    if out.is_dir():
        return out / name
    return out if out.suffix or not ending else out.with_name(out.name + ending)
