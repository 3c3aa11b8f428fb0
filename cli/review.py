"""`sohoa review list|show|set|accept|export|import`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.catalogue import database_of, require_current
from cli.options import EXIT_WRONG, AsJson, Batch, command, named_batch, named_path
from cli.shapes import print_json, shown
from cli.tables import print_table
from cli.wording import words
from configs.loader import load_rulebook
from configs.settings import Settings
from review.by_hand import accept_paper, close_paper, confirm_values
from review.by_hand import set_values as apply_values
from review.deciding import Applied
from review.exporting import export as write
from review.importing import import_workbook
from review.keying import answers_line, without_blind
from review.labels import name_of, target_name, value_of
from review.questions import Waiting, waiting, waiting_paper
from review.shapes import applied_json, imported_json, paper_json, problem_text, waiting_json
from review.units import set_unit
from schemas.clock import today
from schemas.errors import UsageError
from schemas.masking import mask, mask_code, mask_value
from schemas.numerals import moment_text, number_text
from schemas.review import UNIT, Action, Decision, confirmed, field_told
from schemas.rules import Rulebook
from schemas.second_keying import blind_fields
from schemas.wording import render, text
from storage.catalogue import batches, decisions
from storage.objects.keys import batch_key
from workspace.opening import open_workspace

Paper = Annotated[str, typer.Argument(metavar="ID", help=words("review.paper"))]
Note = Annotated[str, typer.Option("--note", help=words("review.note"))]


@command
def list_waiting(
    settings: Settings,
    batch: Annotated[str | None, typer.Argument(metavar="[BATCH]", help=words("review.list_batch"))] = None,
    every: Annotated[bool, typer.Option("--all", help=words("review.list_every"))] = False,
    closed: Annotated[bool, typer.Option("--closed", help=words("review.list_closed"))] = False,
    as_json: AsJson = False,
) -> int:
    """Papers and values that need a person."""
    name = named_batch(batch) if batch else None
    rules = load_rulebook(
        lists_dir=settings.lists, own_thresholds=settings.calibration, engine=settings.engine
    )
    with database_of(settings) as database:
        papers = waiting(database, name, rules, every=every, closed=closed)
    if as_json:
        print_json(
            {"batch": name, "papers": [waiting_json(open_paper, settings.lang) for open_paper in papers]}
        )
    elif papers:
        for paper in papers:
            _print_paper(paper, rules, settings.lang)
        questions = sum(len(open_paper.questions) for open_paper in papers)
        line = text("review.count", settings.lang, papers=len(papers), questions=questions)
        sys.stdout.write(line + "\n")
    else:
        sys.stdout.write(text("review.none", settings.lang) + "\n")
    return 0


@command
def show(settings: Settings, paper: Paper, as_json: AsJson = False) -> int:
    """One paper: values, open questions, decisions."""
    rules = load_rulebook(
        lists_dir=settings.lists, own_thresholds=settings.calibration, engine=settings.engine
    )
    with database_of(settings) as database:
        found = waiting_paper(database, paper, rules)
        document = found.row.document
        history = decisions.of_documents(database, [document.id]).get(document.id, [])
    if as_json:
        print_json(paper_json(found, history, settings.lang))
        return 0
    _print_paper(found, rules, settings.lang)

    keys, hidden = ("field", "value", "confidence", "source"), blind_fields(document)
    rows = [
        [
            target_name(name, settings.lang),
            text("second.hidden", settings.lang)
            if name in hidden
            else _shown(name, field.value, rules, settings.lang),
            _share(None if name in hidden else field.confidence, settings.lang),
            text(f"source.{field.source}", settings.lang),
        ]
        for name, field in document.fields.items()
    ]
    print_table([text(f"head.{key}", settings.lang) for key in keys], rows)
    for decision in without_blind(document, history):
        unseen = text("second.hidden", settings.lang) if confirmed(decision.target) in hidden else None
        line = text(
            f"review.said_{_manner(decision)}",
            settings.lang,
            at=moment_text(datetime.fromisoformat(decision.at), settings.lang),
            operator=decision.operator,
            target=target_name(decision.target, settings.lang),
            value=unseen or _shown(decision.target, decision.value, rules, settings.lang),
            old=unseen or _shown(decision.target, decision.old, rules, settings.lang),
        )
        sys.stdout.write(line + "\n")
    return 0


@command
def set_values(
    settings: Settings,
    paper: Paper,
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MỤC=GIÁ TRỊ]...", help=words("review.set_values")),
    ] = None,
    absent: Annotated[
        list[str] | None, typer.Option("--absent", metavar="MỤC", help=words("review.set_absent"))
    ] = None,
    sure: Annotated[bool, typer.Option("--sure", help=words("review.set_sure"))] = False,
    confirm: Annotated[bool, typer.Option("--confirm", help=words("review.set_confirm"))] = False,
    note: Note = "",
    as_json: AsJson = False,
) -> int:
    """Set the right values of one paper by hand."""
    given: dict[str, str | None] = dict.fromkeys(absent or ())
    for setting in values or ():
        target, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"no value in {setting}", remedy="review_set_usage", value=setting)
        given[target.strip()] = value
    if not given:
        raise UsageError("nothing to set", remedy="review_set_nothing")

    with open_workspace(settings) as workspace:
        if confirm:
            done = confirm_values(workspace, paper, given, as_of=today(), note=note, sure=sure)
            return print_outcome(done, settings.lang, as_json)
        named = given.get(UNIT)
        if named and set(given) == {UNIT} and batches.exists(workspace.database, named_batch(paper)):
            done = set_unit(workspace, named_batch(paper), named, as_of=today(), note=note)
        else:
            done = apply_values(workspace, paper, given, as_of=today(), note=note, sure=sure)
    return print_outcome(done, settings.lang, as_json)


@command
def unit(
    settings: Settings,
    batch: Batch,
    name: Annotated[str, typer.Argument(metavar="UNIT", help=words("review.unit_name"))],
    note: Note = "",
    as_json: AsJson = False,
) -> int:
    """Write the unit once for every paper of a batch that has none."""
    with open_workspace(settings) as workspace:
        done = set_unit(workspace, named_batch(batch), name, as_of=today(), note=note)
    said = text("review.unit_set", settings.lang, unit=name, papers=len(done), batch=named_batch(batch))
    return print_outcome(done, settings.lang, as_json, said)


@command
def close(
    settings: Settings,
    paper: Paper,
    reason: Annotated[str, typer.Option("--reason", help=words("review.close_reason"))] = "",
    reopen: Annotated[bool, typer.Option("--reopen", help=words("review.close_reopen"))] = False,
    as_json: AsJson = False,
) -> int:
    """Close a paper that does not qualify for a code; it stays stored and leaves the queue."""
    with open_workspace(settings) as workspace:
        done = close_paper(workspace, paper, reason, as_of=today(), reopen=reopen)
    return print_outcome(done, settings.lang, as_json)


@command
def accept(settings: Settings, paper: Paper, note: Note = "", as_json: AsJson = False) -> int:
    """Confirm that every questioned value of a paper is right and its image usable."""
    with open_workspace(settings) as workspace:
        done = accept_paper(workspace, paper, as_of=today(), note=note)
    return print_outcome(done, settings.lang, as_json)


@command
def export(
    settings: Settings,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help=words("review.export_batch"))],
    out: Annotated[Path | None, typer.Argument(metavar="[OUT.xlsx]", help=words("review.export_out"))] = None,
    every: Annotated[bool, typer.Option("--all", help=words("review.export_every"))] = False,
    as_json: AsJson = False,
    operator: str | None = None,
) -> int:
    """Write a workbook with crops to fill in; take it back with review import."""
    name = named_batch(batch)
    path = out or Path(f"can-xem-{batch_key(name)}.xlsx")
    if path.is_dir():
        path = path / f"can-xem-{batch_key(name)}.xlsx"
    with open_workspace(settings) as workspace:
        require_current(workspace.database, settings)
        done = write(workspace, name, path, day=today(), every=every, operator=operator or "")
    if as_json:
        files = [
            {"file": str(exported.path), "papers": exported.papers, "questions": exported.questions}
            for exported in done
        ]
        print_json({"batch": name, "workbooks": files})
    elif not done:
        sys.stdout.write(text("review.none", settings.lang) + "\n")
    else:
        for exported in done:
            sys.stdout.write(text("review.exported", settings.lang, **exported._asdict()) + "\n")
    return 0


@command
def import_(
    settings: Settings,
    workbook: Annotated[
        Path, typer.Argument(parser=named_path, metavar="FILE.xlsx", help=words("review.import_workbook"))
    ],
    as_json: AsJson = False,
    operator: str | None = None,
) -> int:
    """Import a filled workbook: all of it, or nothing if one row is wrong."""
    with open_workspace(settings) as workspace:
        done = import_workbook(workspace, workbook, as_of=today(), operator=operator)
    if as_json:
        print_json(imported_json(done, str(workbook), settings.lang))
    elif done.problems:
        sys.stderr.write(text("review.refused", settings.lang, count=len(done.problems)) + "\n")
        for problem in done.problems:
            message = mask(problem_text(problem, settings.lang))
            place = {"sheet": problem.sheet, "row": problem.row or "–", "column": problem.column or "–"}
            sys.stderr.write(text("review.problem", settings.lang, message=message, **place) + "\n")
    else:
        counts = {"applied": sum(len(paper.decisions) for paper in done.applied), "papers": len(done.applied)}
        figures = {**counts, "already": done.already, "again": done.again, "open": done.unanswered}
        sys.stdout.write(text("review.imported", settings.lang, **figures) + "\n")
        print_applied(done.applied, settings.lang)
    return EXIT_WRONG if done.problems else 0


def print_outcome(done: Sequence[Applied], lang: str, as_json: bool, said: str = "") -> int:
    """Print what decisions led to, after what is said of them all. Returns the exit code."""
    if as_json:
        print_json({"papers": [applied_json(paper, lang) for paper in done]})
        return 0
    if not done:
        said = text("review.unchanged", lang)
    if said:
        sys.stdout.write(said + "\n")
    print_applied(done, lang)
    return 0


def print_applied(done: Sequence[Applied], lang: str) -> None:
    """Print one line per paper with its outcome; identifiers in codes are masked."""
    for paper in done:
        document = paper.after.document
        code = paper.after.code
        line = text(
            "review.applied_coded" if code else "review.applied",
            lang,
            file=shown(paper.before.file),
            count=len(paper.decisions),
            route=text(f"route.{document.route}", lang),
            code=mask_code(code) if code else "",
        )
        sys.stdout.write(line + "\n")
        for finding in document.findings:
            if finding.severity != "info" and document.route != "accepted":
                sys.stdout.write(f"    – {mask(render(finding, lang)[0])}\n")


def _print_paper(paper: Waiting, rules: Rulebook, lang: str) -> None:
    document = paper.row.document
    kind = rules.kind(document.kind)
    title = kind.title if kind and lang == "vi" else document.kind
    head = text(
        "review.paper",
        lang,
        id=document.id,
        batch=paper.row.batch,
        file=shown(paper.row.file),
        pages=", ".join(map(str, document.pages)),
        kind=title or text("kind.unknown", lang),
        route=text(f"route.{document.route}", lang),
    )
    sys.stdout.write(head + "\n")
    for question in paper.questions:
        told = [mask(render(reason, lang)[0]) for reason in question.reasons]
        if (both := answers_line(question, lang, clear=False)) is not None:
            told.append(both)
        reasons = "; ".join(told)
        sys.stdout.write(f"    {'*' if question.required else '·'} {name_of(question, lang)}: {reasons}\n")


def _manner(decision: Decision) -> str:
    """How a decision is told; a register or series that says nothing more is not a value absent from the paper."""
    withdrawn = field_told(decision.target) is not None and decision.action is Action.ABSENT
    return "withdrawn" if withdrawn else str(decision.action)


def _shown(target: str, value: str | None, rules: Rulebook, lang: str) -> str:
    if value is None:
        return text("review.no_value", lang)
    return mask_value(target, value_of(target, value, rules, lang))


def _share(confidence: float | None, lang: str) -> str:
    return "–" if confidence is None else number_text(confidence, lang, 2)
