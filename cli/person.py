"""`sohoa person export OWNER_ID OUT.zip`: the papers of one person, for a purpose that is recorded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.fact_files import Dated, Document, Signer, backing_of
from cli.options import EXIT_SET_ASIDE, AsJson, command, named_path
from cli.shapes import print_json
from cli.wording import words
from configs.settings import Settings
from schemas.errors import SetupError
from schemas.wording import text
from workspace.opening import open_workspace
from workspace.person_export import export_person


@command
def export(
    settings: Settings,
    owner: Annotated[str, typer.Argument(metavar="OWNER_ID", help=words("person.owner"))],
    out: Annotated[Path, typer.Argument(parser=named_path, metavar="OUT.zip", help=words("person.out"))],
    purpose: Annotated[str, typer.Option("--purpose", metavar="TEXT", help=words("person.purpose"))] = "",
    document: Document = "",
    dated: Dated = None,
    signer: Signer = "",
    as_json: AsJson = False,
) -> int:
    """Every paper of one person: metadata, PDF/A and trace; the numbers of others are hidden, the export is recorded."""
    backing = backing_of(document, dated, signer)
    with open_workspace(settings) as workspace:
        workspace.require_current()
        try:
            done = export_person(workspace, owner, out, purpose=purpose, backing=backing)
        except OSError as error:
            raise SetupError(str(error.strerror), remedy="output_unwritable", path=out) from error
    if as_json:
        print_json({"path": str(out), **done._asdict()})
    else:
        told = {"path": out, "count": len(done.documents), "sha256": done.sha256}
        sys.stdout.write(text("person.done", settings.lang, **told) + "\n")
        if done.without_pdfa:
            missing = ", ".join(done.without_pdfa)
            sys.stdout.write(text("person.without_pdfa", settings.lang, documents=missing) + "\n")
    return EXIT_SET_ASIDE if done.without_pdfa else 0
