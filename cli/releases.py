"""`sohoa review declassify|release`: a paper refused for a mark of secrecy is let in by a named person."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.options import AsJson, command
from cli.shapes import print_json
from cli.wording import words
from configs.settings import Settings
from review.releasing import Released, not_secret
from review.releasing import declassify as declassify_paper
from schemas.errors import UsageError
from schemas.wording import text
from workspace.opening import open_workspace

Original = Annotated[str, typer.Argument(metavar="SHA256", help=words("review.original"))]


@command
def declassify(
    settings: Settings,
    original: Original,
    decision: Annotated[str, typer.Option("--decision", help=words("review.declassify_decision"))],
    as_json: AsJson = False,
    operator: str | None = None,
) -> int:
    """Let in a paper that was declassified; its next digitize reads it."""
    with open_workspace(settings) as workspace:
        done = declassify_paper(workspace, original, decision, operator)
    return _print_outcome(done, settings.lang, as_json)


@command
def release(
    settings: Settings,
    original: Original,
    no_secret: Annotated[bool, typer.Option("--not-secret", help=words("review.release_not_secret"))] = False,
    as_json: AsJson = False,
    operator: str | None = None,
) -> int:
    """Let in a paper that was held for a stamp nobody could read, and that is no secret."""
    if not no_secret:
        raise UsageError("nobody said that it is no secret", remedy="release_say")

    with open_workspace(settings) as workspace:
        done = not_secret(workspace, original, operator)
    return _print_outcome(done, settings.lang, as_json)


def _print_outcome(done: Released, lang: str, as_json: bool) -> int:
    if as_json:
        print_json({"sha256": done.sha256, "files": list(done.files), "batches": list(done.batches)})
    else:
        names = ", ".join(f'"{batch}"' for batch in done.batches)
        sys.stdout.write(text("review.released", lang, files=", ".join(done.files), batches=names) + "\n")
    return 0
