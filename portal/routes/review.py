"""`/review`: the queue, one paper at a time, and what a person answers. Everything is reached from the keyboard."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from portal import review_answers
from portal.batch_units import boxless, unitless
from portal.queue import Wanted
from portal.review_sheet import lines_of, reason_name, units_of
from portal.rights import Right
from portal.routes.papers import paper_of, seen
from portal.second_keying import foretold, refused_again, told_kept, waits_for_others
from portal.visits import Visit, page
from review.questions import Waiting, waiting_papers
from schemas.clock import today
from schemas.documents import Route
from schemas.errors import BatchHeld, CatalogueError, UsageError
from schemas.events import EventType
from schemas.masking import mask
from schemas.text import squeeze
from schemas.wording import text
from storage.catalogue import leases
from storage.catalogue.documents import DocumentRow
from workspace.page_pictures import frame_of, readings_of

LEASE: Final = 120_000  # milliseconds; the page renews it every forty seconds
_SHOWN: Final = 200
_MOST_PASSED: Final = 300
_LONGEST_REASON: Final = 300


def routes() -> list[BaseRoute]:
    """The queue, a paper, and what is done with it."""
    own = "/review/{document_id}"
    return [
        page("/review", _queue, Right.CORRECT),
        page("/review/next", _next, Right.CORRECT, ["POST"]),
        page(own, _show, Right.CORRECT),
        page(own, _answer, Right.CORRECT, ["POST"]),
        page(own + "/foresee", _foresee, Right.CORRECT, ["POST"]),
        page(own + "/as", _as, Right.CORRECT, ["POST"]),
        page(own + "/hold", _hold, Right.CORRECT, ["POST"], asks_itself=True),
        page(own + "/leave", _leave, Right.CORRECT, ["POST"]),
    ]


def _queue(visit: Visit) -> Response:
    house, every = visit.house, visit.house.queue.papers(visit.scope)
    wanted = Wanted(visit.asked("batch"), visit.asked("kind"), visit.asked("reason"))
    found = [each for each in every if wanted.takes(each)]
    held = leases.held(house.database, _now())
    reasons = Counter(reason for each in every for reason in each.reasons)
    return visit.page(
        "review.html",
        wanted=wanted,
        papers=found[:_SHOWN],
        count=len(found),
        held={own: lease.owner for own, lease in held.items()},
        batches=sorted({each.batch for each in every}),
        kinds=sorted({each.kind or "-" for each in every}),
        reasons=[(each, reason_name(each, house.lang), count) for each, count in reasons.most_common()],
        reason_name=lambda reason: reason_name(reason, house.lang),
        boxless=boxless(visit, every),
        unitless=(lacking := unitless(visit, every)),
        units=units_of(house.workspace.rules.book) if lacking else [],
    )


def _next(visit: Visit) -> Response:
    """The paper that comes next, with its lease; 204 where none is left."""
    passed = visit.form.get("passed", "").split()[:_MOST_PASSED]
    busy = set(visit.form.get("busy", "").split())
    wanted = Wanted(*(visit.form.get(name, "")[:200] for name in Wanted._fields))
    # Those in other hands are passed over without asking for each of them, which would write.
    held = leases.held(visit.house.database, _now())
    busy |= {own for own, lease in held.items() if lease.owner != visit.person.name}
    for each in visit.house.queue.next(visit.scope, wanted, passed):
        if each.document_id in busy:
            continue
        lease = _take(visit, each.document_id)
        if lease.owner != visit.person.name:
            continue
        paper = _waiting(visit, each.document_id)
        current = paper is not None and paper.questions and paper.row.version == each.version
        if paper is not None and current and not waits_for_others(visit, paper):
            return _sheet(visit, paper, lease, "review_sheet.html")
        _give_up(visit, each.document_id)
    return Response(status_code=204)


def _show(visit: Visit) -> Response:
    row = paper_of(visit)
    paper = _waiting(visit, row.document.id)
    assert paper is not None
    lease = _take(visit, row.document.id)
    wanted = Wanted(visit.asked("batch"), visit.asked("kind"), visit.asked("reason"))
    units = units_of(visit.house.workspace.rules.book)
    return _sheet(visit, paper, lease, "review_paper.html", wanted=wanted, units=units)


def _sheet(visit: Visit, paper: Waiting, lease: leases.Lease, template: str, **more: Any) -> Response:
    house, row = visit.house, paper.row
    readings = readings_of(house.workspace, row)
    seen(visit, row, "review")
    kind = house.titles.get(row.document.kind or "")
    return visit.page(
        template,
        row=row,
        paper=row.document,
        kind=kind,
        lines=told_kept(
            visit,
            paper,
            lines_of(paper, readings, house.workspace.rules.book, house.lang, house.kinds.of(row.batch)),
        ),
        frames=[frame_of(row, readings[number]) for number in row.document.pages if number in readings],
        until=lease.until,
        holder=None if lease.owner == visit.person.name else lease.owner,
        accepts=visit.may(Right.ACCEPT),
        done=row.document.route is Route.ACCEPTED,
        **more,
    )


def _answer(visit: Visit) -> Response:
    row = paper_of(visit)
    answers = review_answers.read(visit.form)
    if (lost := not_in_hand(visit, row)) is not None:
        return lost
    with visit.house.turns.of(row.batch):
        paper = _waiting(visit, row.document.id)
        if paper is None or visit.form.get("version") != str(paper.row.version):
            return refused(visit, "stale", 409)
        if not visit.may(Right.ACCEPT) and paper.row.document.route is Route.ACCEPTED:
            return refused(visit, "no_accept", 403)
        rules = visit.workspace.rules.book
        requested, problems = review_answers.checked(paper.row.document, answers, rules, today())
        if problems:
            return JSONResponse({"problems": _told(visit, problems)}, 422)
        if not requested:
            return refused(visit, "nothing", 422)
        if refused_again(visit, paper, requested):
            return refused(visit, "keyed_before", 409)
        try:
            applied = review_answers.apply(
                visit.workspace, paper, requested, today(), accepts=visit.may(Right.ACCEPT)
            )
        except BatchHeld:
            return refused(visit, "batch_held", 423)
        except CatalogueError as error:
            if error.remedy != "version_taken":
                raise
            return refused(visit, "stale", 409)
    visit.house.closer.answered(row.batch)
    _give_up(visit, row.document.id)
    after = next((each.after for each in applied if each.before.document.id == row.document.id), None)
    told = review_answers.outcome(after) if after else {"accepted": False, "code": row.code, "linked": False}
    return JSONResponse({**told, "open": _open(visit, row.document.id)})


def _open(visit: Visit, own: str) -> list[str]:
    """Names of what is still asked about a paper."""
    paper = _waiting(visit, own)
    if paper is None or paper.row.document.route is Route.ACCEPTED:
        return []
    return [
        reason_name(question.target, visit.house.lang) for question in paper.questions if question.required
    ]


def _foresee(visit: Visit) -> Response:
    """What the answers so far would make of the paper; the code that it would get, or what would still be asked."""
    row = paper_of(visit)
    answers = review_answers.read(visit.form)
    paper = _waiting(visit, row.document.id)
    if paper is None or visit.form.get("version") != str(paper.row.version):
        return refused(visit, "stale", 409)
    rules = visit.workspace.rules.book
    requested, problems = review_answers.checked(row.document, answers, rules, today())
    try:
        after = review_answers.preview(
            visit.workspace, paper, foretold(paper, requested), today(), accepts=visit.may(Right.ACCEPT)
        )
    except UsageError as error:
        params = {name: str(value) for name, value in error.params.items()}
        said = text(f"error.{error.remedy or error.code}", visit.house.lang, **params)
        return JSONResponse({"problems": [], "said": said})
    return JSONResponse({**review_answers.outcome(after), "problems": _told(visit, problems)})


def _as(visit: Visit) -> Response:
    """The paper as it would be asked about after these answers: another kind has other fields and codes."""
    row = paper_of(visit)
    answers = review_answers.read(visit.form)
    paper = _waiting(visit, row.document.id)
    if paper is None or visit.form.get("version") != str(paper.row.version):
        return refused(visit, "stale", 409)
    requested, problems = review_answers.checked(row.document, answers, visit.workspace.rules.book, today())
    if problems:
        return JSONResponse({"problems": _told(visit, problems)}, 422)
    then = review_answers.anticipated(visit.workspace, paper, foretold(paper, requested), today())
    return _sheet(visit, then, _take(visit, row.document.id), "review_sheet.html")


def _hold(visit: Visit) -> Response:
    """Renew the lease of a paper."""
    row = paper_of(visit)
    lease = _take(visit, row.document.id)
    mine = lease.owner == visit.person.name
    stale = visit.form.get("version", "") not in {"", str(row.version)}
    return JSONResponse(
        {"mine": mine, "holder": None if mine else lease.owner, "stale": stale, "until": lease.until}
    )


def _leave(visit: Visit) -> Response:
    """Put a paper back: with a reason, to be scanned again, or because the page was closed."""
    row = paper_of(visit)
    outcome, reason = visit.form.get("outcome", ""), squeeze(visit.form.get("reason", ""))
    if outcome in {"skipped", "rescan"}:
        if outcome == "skipped" and not reason:
            return refused(visit, "no_reason", 422)
        visit.house.record(
            EventType.SKIPPED,
            row.document.id,
            outcome,
            by=visit.person.name,
            batch=row.batch,
            reason=mask(reason[:_LONGEST_REASON]),
        )
    known = visit.form.get("until", "")
    until = int(known) if known.isascii() and known.isdigit() and len(known) < 16 else None
    leases.give_up(visit.house.database, row.document.id, visit.person.name, until)
    return JSONResponse({})


def not_in_hand(visit: Visit, row: DocumentRow) -> Response | None:
    """The refusal of answers about a paper that another person has in hand."""
    lease = _take(visit, row.document.id)
    if lease.owner == visit.person.name:
        return None
    return refused(visit, "lost", 409, holder=lease.owner)


def refused(visit: Visit, key: str, status: int, **params: str) -> Response:
    """A refusal in words of the page."""
    return JSONResponse({"said": text(f"portal.review_{key}", visit.house.lang, **params)}, status)


def _told(visit: Visit, problems: list[review_answers.Problem]) -> list[dict[str, str]]:
    lang = visit.house.lang
    return [
        {
            "target": problem.target,
            "problem": problem.error.problem,
            "said": text(
                # The remedy of the command line is a command; whoever reads this has a page.
                "portal.review_no_target"
                if problem.error.problem == "target"
                else f"error.{problem.error.remedy}",
                lang,
                **{name: str(value) for name, value in problem.error.params.items()},
            ),
        }
        for problem in problems
    ]


def _waiting(visit: Visit, own: str) -> Waiting | None:
    house = visit.house
    return waiting_papers(house.database, [own], house.workspace.rules.book).get(own)


def _take(visit: Visit, own: str) -> leases.Lease:
    return leases.take(visit.house.database, own, visit.person.name, _now(), LEASE)


def _give_up(visit: Visit, own: str) -> None:
    leases.give_up(visit.house.database, own, visit.person.name)


def _now() -> int:
    return int(time.time() * 1000)
