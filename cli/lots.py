"""`sohoa lots draw|sheet|enter|decide|list|show|minutes`: acceptance of papers by lots, and audits of accepted values."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.catalogue import database_of
from cli.lot_shapes import lot_json, print_drawn, print_lot
from cli.options import AsJson, command, named_batch, named_path
from cli.shapes import print_json, shown
from cli.tables import print_table
from cli.wording import words
from configs.loader import load_rulebook
from configs.settings import Settings
from engines.text_pdf import write_pdf
from quality.inventory import describe
from quality.lot_minutes import minutes
from quality.lot_sheet import read_sheet, write_sheet
from quality.sampling import sample_size, state_of, unjudged
from schemas.errors import SetupError, UsageError
from schemas.lots import LevelName, LotState
from schemas.masking import mask
from schemas.numerals import number_text
from schemas.wording import say, text
from storage.catalogue import lots
from workspace.lot_drawing import Choice, draw_audit, draw_lot
from workspace.lots import decide as decide_lot
from workspace.lots import enter as enter_findings
from workspace.opening import open_workspace

Number = Annotated[int, typer.Argument(metavar="LOT", help=words("lots.number"))]
Note = Annotated[str, typer.Option("--note", help=words("lots.note"))]
_LARGEST_SEED = 10**9


@command
def draw(
    settings: Settings,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[BATCH]...", help=words("lots.batches"))
    ] = None,
    level: Annotated[str, typer.Option("--level", metavar="I|II|III", help=words("lots.level"))] = "II",
    plan: Annotated[
        str, typer.Option("--plan", metavar="iso2859|office30", help=words("lots.plan"))
    ] = "iso2859",
    inspection: Annotated[
        str, typer.Option("--inspection", metavar="normal", help=words("lots.inspection"))
    ] = "normal",
    seed: Annotated[int | None, typer.Option("--seed", min=0, help=words("lots.seed"))] = None,
    contractor: Annotated[str, typer.Option("--contractor", help=words("lots.contractor"))] = "",
    audit: Annotated[
        int | None, typer.Option("--audit", min=1, metavar="N", help=words("lots.audit"))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Draw a lot of accepted papers, or an audit sample of accepted values, at random with a recorded seed."""
    batches = list(dict.fromkeys(named_batch(name) for name in names or ()))
    start = secrets.randbelow(_LARGEST_SEED) if seed is None else seed
    choice = Choice(_plan(plan), _level(level), start, contractor.strip(), seed is not None)
    if inspection != "normal":
        raise UsageError(f"no tables for {inspection}", remedy="lot_inspection", value=inspection)
    if audit is None and not batches:
        raise UsageError("no batch named", remedy="lot_no_batch")
    with open_workspace(settings) as workspace:
        workspace.require_current(*batches)
        done = (
            draw_lot(workspace, batches, choice)
            if audit is None
            else draw_audit(workspace, batches, audit, start)
        )
    if as_json:
        state = LotState(done.lot, done.papers, (), None)
        print_json({**lot_json(state), "left_out": done.left_out})
    else:
        print_drawn(done, settings.lang)
    return 0


def _plan(given: str) -> Literal["iso2859", "office30"]:
    if given == "iso2859":
        return "iso2859"
    if given == "office30":
        return "office30"
    raise UsageError(f"no plan {given}", remedy="lot_plan_unknown", value=given)


def _level(given: str) -> LevelName:
    levels: dict[str, LevelName] = {"I": "I", "II": "II", "III": "III"}
    if given.upper() not in levels:
        raise UsageError(f"no level {given}", remedy="lot_level_unknown", value=given)
    return levels[given.upper()]


@command
def sheet(
    settings: Settings,
    number: Number,
    out: Annotated[Path, typer.Argument(parser=named_path, metavar="OUT.xlsx", help=words("lots.out_sheet"))],
    as_json: AsJson = False,
) -> int:
    """Write the workbook in which an inspector enters findings; it holds values in clear."""
    if out.exists():
        raise UsageError(f"{out} is there already", remedy="review_workbook_there", path=out)
    with database_of(settings) as database:
        state = lots.one(database, number)
    book = load_rulebook(lists_dir=settings.lists)
    titles = {kind.id: kind.title for kind in book.kinds}
    for paper in state.papers:
        for item in paper.items:
            if item.target == "result_type" and item.value in book.result_types:
                titles[item.value] = f"{item.value} – {book.result_types[item.value].name}"
    try:
        write_sheet(out, state.lot, state.papers, titles, settings.lang)
    except OSError as error:
        raise SetupError(str(error.strerror), remedy="output_unwritable", path=out) from error
    items = sum(len(paper.items) for paper in state.papers)
    if as_json:
        print_json({"lot": number, "path": str(out), "papers": len(state.papers), "items": items})
    else:
        told = {"path": out, "papers": len(state.papers), "items": items}
        sys.stdout.write(text("lots.sheet", settings.lang, **told) + "\n")
    return 0


@command
def enter(
    settings: Settings,
    number: Number,
    path: Annotated[Path, typer.Argument(parser=named_path, metavar="FILE.xlsx", help=words("lots.file"))],
    as_json: AsJson = False,
) -> int:
    """Enter an inspector's findings: all of a workbook, or nothing if one cell is wrong."""
    with open_workspace(settings) as workspace:
        workspace.require_current()
        state = lots.one(workspace.database, number)
        found = read_sheet(path, state.papers)
        if found.problems:
            lines = [text("lots.refused", settings.lang, count=len(found.problems))]
            lines += ["  • " + " → ".join(describe(problem, settings.lang)) for problem in found.problems]
            raise UsageError(mask("\n".join(lines)), remedy="verbatim")
        new, waiting = enter_findings(workspace, state, found.judged, file=path.name, sha256=found.sha256)
    wrong = sum(not each.right for each in found.judged)
    told = {"findings": len(found.judged), "new": new, "wrong": wrong, "waiting": waiting}
    if as_json:
        print_json({"lot": number, "file": path.name, "sha256": found.sha256, **told})
    else:
        sys.stdout.write(text("lots.entered", settings.lang, **told) + "\n")
    return 0


@command
def decide(
    settings: Settings,
    number: Number,
    reject: Annotated[bool, typer.Option("--reject", help=words("lots.reject"))] = False,
    note: Note = "",
    as_json: AsJson = False,
) -> int:
    """Accept or reject a lot by its counts; the papers of a rejected one are not counted until a later lot accepts them."""
    with open_workspace(settings) as workspace:
        workspace.require_current()
        decide_lot(workspace, number, reject=reject, note=note)
        state = lots.one(workspace.database, number)
    if as_json:
        print_json(lot_json(state))
    else:
        print_lot(state, settings.lang)
    return 0


@command
def list_(settings: Settings, as_json: AsJson = False) -> int:
    """Every lot with its verdict."""
    with database_of(settings) as database:
        found = lots.every(database)
    if as_json:
        print_json({"lots": [lot_json(state) for state in found]})
        return 0
    lang = settings.lang
    keys = ("number", "plan", "batches", "contractor", "size", "sample", "waiting", "state")
    rows = [
        [
            str(state.lot.id),
            say("lot_plan", state.lot.plan, lang),
            shown(", ".join(state.lot.batches)) or "–",
            shown(state.lot.contractor) or "–",
            number_text(state.lot.size, lang),
            number_text(sample_size(state), lang),
            number_text(unjudged(state.papers, state.judged), lang),
            say("lot_state", state_of(state), lang),
        ]
        for state in found
    ]
    print_table([say("lot_head", key, lang) for key in keys], rows, numbers={0, 4, 5, 6})
    return 0


@command
def show(settings: Settings, number: Number, as_json: AsJson = False) -> int:
    """One lot: how it was drawn, what was found in each class with a 95 % interval, every error, the verdict."""
    with database_of(settings) as database:
        state = lots.one(database, number)
    if as_json:
        print_json(lot_json(state))
    else:
        print_lot(state, settings.lang)
    return 0


@command
def minutes_(
    settings: Settings,
    number: Number,
    out: Annotated[
        Path, typer.Argument(parser=named_path, metavar="OUT.pdf", help=words("lots.out_minutes"))
    ],
    office: Annotated[str, typer.Option("--office", metavar="NAME", help=words("lots.office"))] = "",
    as_json: AsJson = False,
) -> int:
    """Write the minutes of accepting a contractor's or postal operator's work, to print and sign."""
    if out.suffix.lower() != ".pdf":
        raise UsageError(f"not a PDF: {out}", remedy="lot_minutes_pdf", path=out)
    with database_of(settings) as database:
        state = lots.one(database, number)
    if state.lot.plan == "audit":
        raise UsageError("an audit is not decided", remedy="lot_is_audit", number=number)
    if state.decision is None:
        raise UsageError(f"lot {number} is not decided", remedy="lot_undecided", number=number)
    lang = settings.lang
    blocks = minutes(state, state.decision, office.strip(), lang)
    footer = say("lot_minutes", "footer", lang, number=number, digest=state.lot.digest[:16])
    try:
        write_pdf(blocks, out, title=say("lot_minutes", "file_title", lang, number=number), footer=footer)
    except OSError as error:
        raise SetupError(str(error.strerror), remedy="output_unwritable", path=out) from error
    if as_json:
        print_json({"lot": number, "path": str(out), "a4_equivalents": state.lot.a4})
    else:
        sys.stdout.write(text("lots.minutes", lang, path=out) + "\n")
    return 0
