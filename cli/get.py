"""`sohoa get ID OUT`: a document's PDF/A, or the bytes as they came."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.catalogue import database_of
from cli.options import command, named_path
from cli.wording import words
from configs.settings import Settings
from schemas.errors import StoreError, UsageError
from schemas.wording import text
from storage.catalogue import documents
from storage.objects import keys, open_store


@command
def get(
    settings: Settings,
    identifier: Annotated[str, typer.Argument(metavar="ID", help=words("command.get_wanted"))],
    out: Annotated[Path, typer.Argument(parser=named_path, metavar="OUT", help=words("command.get_out"))],
    original: Annotated[bool, typer.Option("--original", help=words("command.get_original"))] = False,
    force: Annotated[bool, typer.Option("--force", help=words("command.get_force"))] = False,
) -> int:
    """A document's PDF/A, or the original bytes."""
    with database_of(settings) as database:
        # Several documents of one file share its original.
        rows = documents.find(database, identifier) if original else []
        row = rows[0] if rows else documents.find_one(database, identifier)
    key, digest = (
        (keys.original(row.document.sha256), row.document.sha256)
        if original
        else (row.pdfa_key, row.pdfa_sha256)
    )
    if key is None:
        raise UsageError("no PDF/A", remedy="document_without_pdfa", value=identifier)
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
    if keys.digest_in(key) != digest:
        raise StoreError(f"{key} is not the object recorded", remedy="object_differs", key=key)
    os.umask(0o077)  # a paper is personal data: its file is its owner's alone, like every file we write
    open_store(settings.store, settings.home).get(key, target)  # verified against the digest in its key
    sys.stdout.write(text("get.done", settings.lang, path=target) + "\n")
    return 0


def _target(out: Path, name: str, *, ending: str) -> Path:
    """Where the file goes: into a folder under its own name, else under the name given, with an ending if it has none."""
    if out.is_dir():
        return out / name
    return out if out.suffix or not ending else out.with_name(out.name + ending)
