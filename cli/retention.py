"""`sohoa retention due|decide|minutes`: papers whose term is over, what a person decides of them, and its minutes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.catalogue import database_of
from cli.days import day_of
from cli.fact_files import Dated, Document, Signer, backing_of
from cli.options import AsJson, command, named_path
from cli.shapes import print_json, shown
from cli.tables import print_table
from cli.wording import words
from configs.loader import load_retention_terms
from configs.settings import Settings
from engines.private_files import whole_file
from engines.text_docx import docx_of
from engines.text_pdf import write_pdf
from quality.pending import write_pending
from quality.retention import judge
from quality.retention_minutes import heads, minutes, rows
from schemas.clock import today
from schemas.errors import SetupError, UsageError
from schemas.masking import mask, mask_code
from schemas.numerals import day_text, number_text
from schemas.retention import RetentionDecision, RetentionReview, ReviewedPaper
from schemas.wording import say, text
from storage.catalogue.database import Database
from workspace.opening import open_workspace
from workspace.private_csv import private_csv, write_rows
from workspace.retention import decide as decide_papers
from workspace.retention import decisions, due_on, kept_papers

AsOf = Annotated[str | None, typer.Option("--as-of", metavar="D", help=words("retention.as_of"))]
_LISTED: Final = ("document", "file", "place", "number", "code", "term", "start", "over_on", "state", "held")
_SHOWN: Final = ("document", "file", "term", "over_on", "state", "held")  # what a screen has room for
_KINDS: Final = {".docx", ".pdf", ".xlsx"}


@command
def due(
    settings: Settings,
    as_of: AsOf = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", parser=named_path, metavar="OUT.csv", help=words("retention.csv")),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Papers whose term of retention is over, for a person to review; nothing is erased."""
    day, lang = day_of(as_of), settings.lang
    _refuse_existing(csv)
    with database_of(settings) as database:
        found = due_on(database, day)
    if csv is not None:
        try:
            with private_csv(csv) as out:
                write_rows(out, heads(lang, _LISTED), rows([*found.due, *found.unknown], lang, {}, _LISTED))
        except OSError as error:
            raise SetupError(str(error.strerror), remedy="output_unwritable", path=csv) from error
    if as_json:
        print_json(_shape(found))
        return 0
    _print(found, day, lang)
    if csv is not None:
        sys.stdout.write(text("retention.written", lang, path=csv) + "\n")
    return 0


@command
def decide(
    settings: Settings,
    papers: Annotated[list[str], typer.Argument(metavar="ID...", help=words("retention.papers"))],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help=words("retention.reason"))],
    keep_until: Annotated[
        str | None, typer.Option("--keep-until", metavar="D", help=words("retention.keep_until"))
    ] = None,
    handed_over: Annotated[
        str, typer.Option("--handed-over", metavar="RECIPIENT", help=words("retention.handed_over"))
    ] = "",
    document: Document = "",
    dated: Dated = None,
    signer: Signer = "",
    as_json: AsJson = False,
) -> int:
    """Record what was decided of reviewed papers; nothing in the store is erased."""
    with open_workspace(settings) as workspace:
        workspace.require_current()
        done = decide_papers(
            workspace,
            papers,
            keep_until=day_of(keep_until) if keep_until else None,
            handed_to=handed_over,
            reason=reason,
            backing=backing_of(document, dated, signer),
        )
    if as_json:
        print_json({"decided": done})
    else:
        sys.stdout.write(text("retention.decided", settings.lang, count=len(done)) + "\n")
    return 0


@command
def minutes_(
    settings: Settings,
    out: Annotated[Path, typer.Argument(parser=named_path, metavar="OUT", help=words("retention.out"))],
    as_of: AsOf = None,
    document: Annotated[
        str, typer.Option("--document", metavar="NUMBER", help=words("retention.minutes_document"))
    ] = "",
    office: Annotated[str, typer.Option("--office", metavar="NAME", help=words("retention.office"))] = "",
    as_json: AsJson = False,
) -> int:
    """Write minutes of the review: papers due, or those that one paper decided."""
    if out.suffix.lower() not in _KINDS:
        raise UsageError(f"no kind of minutes: {out}", remedy="retention_file", path=out)
    _refuse_existing(out)
    day, lang = day_of(as_of), settings.lang
    with database_of(settings) as database:
        listed, decided, unknown = _of_minutes(database, document.strip(), day)
    try:
        if out.suffix.lower() == ".xlsx":
            with whole_file(out) as stream:
                title = say("retention_minutes", "day", lang, day=day_text(day, lang)).replace("/", "-")[:31]
                write_pending(stream, [(title, heads(lang), rows(listed, lang, decided))])
        else:
            blocks = minutes(
                listed,
                decided,
                day=day,
                document=document.strip(),
                unknown=unknown,
                office=office.strip(),
                lang=lang,
            )
            told = {
                "title": say("retention_minutes", "file_title", lang),
                "footer": say("retention_minutes", "footer", lang, day=day_text(today(), lang)),
            }
            if out.suffix.lower() == ".pdf":
                write_pdf(blocks, out, **told)
            else:
                with whole_file(out) as stream:
                    stream.write(docx_of(blocks, **told))
    except OSError as error:
        raise SetupError(str(error.strerror), remedy="output_unwritable", path=out) from error
    if as_json:
        print_json({"path": str(out), "papers": [paper.document for paper in listed], "unknown": unknown})
    else:
        sys.stdout.write(text("retention.written", lang, path=out) + "\n")
    return 0


def _of_minutes(
    database: Database, document: str, day: date
) -> tuple[Sequence[ReviewedPaper], dict[str, RetentionDecision], int]:
    """Papers of the minutes, what was decided of them, and how many have no known term."""
    if not document:
        found = due_on(database, day)
        return found.due, {}, len(found.unknown)
    decided = {name: each for name, each in decisions(database, day).items() if each.document == document}
    if not decided:
        raise UsageError(f"nothing decided by {document}", remedy="retention_document", value=document)
    terms = load_retention_terms()
    papers = (paper for paper in kept_papers(database, day) if paper.document in decided)
    return [judge(paper._replace(decision=None), terms, day) for paper in papers], decided, 0


def _refuse_existing(path: Path | None) -> None:
    if path is not None and path.exists():
        raise UsageError(f"{path} is there already", remedy="review_workbook_there", path=path)


def _print(found: RetentionReview, day: date, lang: str) -> None:
    for key, listed in (("due", found.due), ("unknown", found.unknown)):
        if listed:
            told = [[shown(cell) for cell in row] for row in rows(listed, lang, {}, _SHOWN)]
            title = text(f"retention.title_{key}", lang, day=day_text(day, lang))
            print_table(list(heads(lang, _SHOWN)), told, title=title)
    if not found.due:
        sys.stdout.write(text("retention.none_due", lang) + "\n")
    counts = {state: number_text(count, lang) for state, count in found.counts.items()}
    sys.stdout.write(text("retention.counts", lang, **counts) + "\n")
    sys.stdout.write(text("retention.nothing_erased", lang) + "\n")


def _shape(found: RetentionReview) -> dict[str, Any]:
    return {
        "as_of": found.as_of.isoformat(),
        "counts": found.counts,
        "due": [_row(paper) for paper in found.due],
        "unknown": [_row(paper) for paper in found.unknown],
    }


def _row(paper: ReviewedPaper) -> dict[str, Any]:
    told = paper.model_dump(mode="json")
    told["code"] = mask_code(paper.code) if paper.code else None
    return {**told, **{name: mask(told[name]) for name in ("file", "place", "number", "term")}}
