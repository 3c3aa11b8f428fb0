"""`/figures/inventory`: a unit declares how many results it holds, another person approves or returns it (trình, duyệt).

The table is read as `sohoa inventory import` reads it. It becomes a fact with the approval and is one for nobody before.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from configs.loader import load_kinds
from portal.rights import Right
from portal.sealed import XLSX, kept, made
from portal.submissions import Submission, new_id
from portal.visits import SentFile, Visit, absent, page, see
from quality.inventory import Imported, describe, read_inventory
from quality.inventory_template import write_template
from schemas.clock import today
from schemas.errors import UsageError
from schemas.events import EventType
from schemas.quotas import InventoryRow
from schemas.text import shown
from storage.catalogue import facts, figures
from storage.catalogue.events import now
from workspace.board import write_board
from workspace.entering import enter_table, resolvers

_MOST: Final = 5 * 1024 * 1024
_LONGEST: Final = 200
_MOST_ROWS: Final = 500
_TYPES: Final = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8"}


def routes() -> list[BaseRoute]:
    """Inventories."""
    return [
        page("/figures/inventory", _show, Right.FIGURES),
        page("/figures/inventory", _declare, Right.DECLARE, ["POST"], most=_MOST, table=True),
        page("/figures/inventory/template", _template, Right.FIGURES),
        page("/figures/inventory/{submission}/table", _table, Right.FIGURES),
        page("/figures/inventory/{submission}/approve", _approve, Right.ISSUE, ["POST"]),
        page("/figures/inventory/{submission}/return", _return, Right.ISSUE, ["POST"]),
    ]


def seen_by(visit: Visit) -> list[Submission]:
    """Submissions of the person's own units, the last one first."""
    units = visit.scope.units
    held = visit.house.submissions.every()
    return [each for each in held if units is None or units.issuperset(each.units)]


def _show(visit: Visit) -> Response:
    return _shown(visit)


def _shown(visit: Visit, problems: list[tuple[str, str]] | None = None) -> Response:
    rows = figures.true_on(facts.history(visit.house.database, facts.INVENTORY), None)
    units = visit.scope.units
    mine = [fact for fact in rows if units is None or fact.row.unit in units]
    ordered = sorted(mine, key=lambda fact: (fact.row.level, fact.row.unit, fact.row.kind, fact.row.year))
    return visit.page(
        "inventory.html",
        status=422 if problems else 200,
        rows=ordered[:_MOST_ROWS],
        count=len(ordered),
        submissions=seen_by(visit)[:_MOST_ROWS],
        problems=problems or [],
        me=visit.person.key,
    )


def _declare(visit: Visit) -> Response:
    file, form = visit.file, visit.form
    document = form.get("document", "").strip()[:_LONGEST]
    suffix = file.name.rpartition(".")[2].lower() if file else ""
    if file is None or suffix not in _TYPES:
        raise UsageError("no table", remedy="declare_no_table")
    if not document:
        raise UsageError("no paper behind it", remedy="declare_no_document")
    name = _called(file, suffix)
    found = _read(visit, file, name)
    told = [describe(problem, visit.house.lang) for problem in found.problems]
    told += _foreign(visit, found, name)
    if told or not found.rows:
        return _shown(visit, told or [(name, visit.house.words("declare_empty"))])
    handed = Submission.model_validate(
        {
            "id": new_id(),
            "by": visit.person.name,
            "account": visit.person.key,
            "at": now(),
            "file": name,
            "suffix": suffix,
            "sha256": found.sha256,
            "rows": len(found.rows),
            "units": tuple(sorted({row.unit for row in found.rows})),
            "document": document,
            "document_date": _day(form.get("document_date", "")),
            "signer": form.get("signer", "").strip()[:_LONGEST],
            "effective_on": _day(form.get("effective_on", "")),
        }
    )
    visit.house.submissions.add(handed, file.data)
    _record(visit, handed, "declared")
    return see("/figures/inventory")


def _called(file: SentFile, suffix: str) -> str:
    """What the person calls the table, without a path, for people to read."""
    last = shown(file.name.replace("\\", "/").rpartition("/")[2])
    return last if len(last) <= _LONGEST else f"{last[: _LONGEST - 6]}….{suffix}"


def _read(visit: Visit, file: SentFile, name: str) -> Imported[InventoryRow]:
    """Read the table from a private copy; its problems name the file as the person does."""
    suffix = name.rpartition(".")[2].lower()
    target = visit.house.workspace.run.tmp / f"{visit.request.scope['sohoa.id']}.{suffix}"
    try:
        target.write_bytes(file.data)
        found = read_inventory(target, *resolvers(visit.house.settings))
    finally:
        target.unlink(missing_ok=True)
    problems = tuple(problem.model_copy(update={"file": name}) for problem in found.problems)
    return Imported(found.rows, problems, found.sha256)


def _foreign(visit: Visit, found: Imported[InventoryRow], name: str) -> list[tuple[str, str]]:
    """Rows about units of others: a unit declares its own."""
    units = visit.scope.units
    if units is None:
        return []
    others = sorted({row.unit for row in found.rows} - units)
    said = visit.house.words("declare_foreign_remedy")
    return [(f"{name}: {visit.house.words('declare_foreign', unit=unit)}", said) for unit in others]


def _day(given: str) -> date | None:
    if not given.strip():
        return None
    try:
        return date.fromisoformat(given.strip())
    except ValueError as error:
        raise UsageError("no day", remedy="portal_day") from error


def _template(visit: Visit) -> Response:
    kinds = [kind.title for kind in load_kinds() if kind.in_inventory]
    lang, units = visit.house.lang, sorted(visit.scope.units or ())

    def make(out: Path) -> None:
        write_template(out, "inventory", units=units, kinds=kinds, lang=lang)

    return made(visit, ".xlsx", XLSX, "mau-kiem-ke.xlsx", make)


def _asked(visit: Visit) -> Submission:
    name = visit.part("submission")
    return next((each for each in seen_by(visit) if each.id == name), None) or absent()


def _table(visit: Visit) -> Response:
    handed = _asked(visit)
    path = visit.house.submissions.table(handed) or absent()
    return kept(path.read_bytes(), _TYPES[handed.suffix], f"kiem-ke-{handed.id[:12]}.{handed.suffix}")


def _approve(visit: Visit) -> Response:
    """Enter the table as facts, in the name of who approves; the event names who declared it."""
    house, handed = visit.house, _asked(visit)
    _require_other(visit, handed)
    with house.submissions.deciding(handed) as held:
        path = house.submissions.table(held) if held else None
        if held is None or path is None:
            raise UsageError("decided or altered", remedy="declare_decided")
        found = read_inventory(path, *resolvers(house.settings))
        if found.problems:  # a list or a name changed since
            return _shown(visit, [describe(problem, house.lang) for problem in found.problems])
        enter_table(
            house.database,
            facts.INVENTORY,
            found,
            held.backing,
            file=held.file,
            operator=visit.person.name,
            declared_by=held.by,
            declared_at=held.at,
            submission=held.id,
        )
        _decided(visit, held, "approved")
    write_board(house.database, house.settings, today(), today())
    return see("/figures/inventory")


def _return(visit: Visit) -> Response:
    handed, reason = _asked(visit), visit.form.get("reason", "").strip()[: 5 * _LONGEST]
    _require_other(visit, handed)
    if not reason:
        raise UsageError("no reason", remedy="declare_no_reason")
    with visit.house.submissions.deciding(handed) as held:
        if held is None:
            raise UsageError("decided", remedy="declare_decided")
        _decided(visit, held, "returned", reason)
    return see("/figures/inventory")


def _require_other(visit: Visit, handed: Submission) -> None:
    if handed.account == visit.person.key:
        raise UsageError("oneself", remedy="declare_own")


def _decided(visit: Visit, held: Submission, state: str, reason: str = "") -> None:
    done = held.model_copy(
        update={"state": state, "decided_by": visit.person.name, "decided_at": now(), "reason": reason}
    )
    visit.house.submissions.write(done)
    _record(visit, done, state, **({"reason": reason} if reason else {}))


def _record(visit: Visit, handed: Submission, outcome: str, **more: Any) -> None:
    told: dict[str, Any] = {"table": handed.sha256, "rows": handed.rows, "document": handed.document, **more}
    visit.house.record(EventType.SUBMISSION, handed.id, outcome, by=visit.person.name, **told)
