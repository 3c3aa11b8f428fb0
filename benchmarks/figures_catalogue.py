"""A catalogue of millions of plausible papers, as the pipeline would have left it, for the benchmark of figures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import insert, select

from configs.loader import load_kinds, load_units
from schemas.clock import today
from schemas.codes import likeness
from schemas.quotas import InventoryRow
from storage.catalogue import figures
from storage.catalogue import schema as t
from storage.catalogue.database import Database

_AT_ONCE = 20_000
_FIRST, _LAST = date(2010, 1, 1), date(2026, 9, 1)
_SCAN, _BATCH = "0" * 64, "b"
_VOIDED, _JUDGED = "2026-03-01T02:00:00.000+00:00", "2026-02-01T02:00:00.000+00:00"
Row = dict[str, Any]


class _Kind(NamedTuple):
    id: str
    code: str
    ends: bool


class _Unit(NamedTuple):
    level: str
    name: str
    first: date
    last: date


class _Drawn(NamedTuple):
    """One paper as drawn."""

    name: str
    unit: _Unit
    kind: _Kind
    issued: date
    at: str
    owner: str
    number: str
    state: str


def make(url: str, papers: int, seed: int = 5283) -> Database:
    """A catalogue of that many papers; one made before is taken as it is."""
    database = Database(url)
    with database.read() as connection:
        if connection.execute(select(t.document.c.id).limit(1)).first() is not None:
            return database
    draw, kinds, units = random.Random(seed), _kinds(), _units()
    with database.write() as connection:
        at = "2022-01-01T00:00:00.000+00:00"
        batch = {"name": _BATCH, "path": "/b", "state": "finished", "findings": []}
        connection.execute(insert(t.batch).values(**batch, created_at=at, updated_at=at))
        connection.execute(insert(t.original).values(sha256=_SCAN, size=1, format="pdf", received_at=at))
    drawn = _drawn(draw, papers, kinds, units)
    while chunk := list(islice(drawn, _AT_ONCE)):
        with database.write() as connection:
            for table, rows in _rows(draw, chunk):
                if rows:
                    connection.execute(insert(table), rows)
    figures.put_inventory(database, list(_stock(draw, kinds, units)))
    return database


def _kinds() -> dict[str, list[_Kind]]:
    """By level the kinds that its units issue: a commune few, the province all."""
    coded = [kind for kind in load_kinds() if kind.is_counted and kind.result_codes]
    kinds = [_Kind(kind.id, kind.result_codes[0], at % 4 == 0) for at, kind in enumerate(coded)]
    return {"xa": kinds[:16], "huyen": kinds[8:32], "tinh": kinds}


def _units() -> list[_Unit]:
    """Units that issued papers, with the days between which they did."""
    return [
        _Unit(
            unit.level,
            unit.name,
            max(unit.effective_from or _FIRST, _FIRST),
            min(unit.effective_to or _LAST, _LAST),
        )
        for unit in load_units()
        if unit.level in {"huyen", "xa", "tinh"} and (unit.effective_to or _LAST) > date(2011, 1, 1)
    ]


def _drawn(
    draw: random.Random, papers: int, kinds: dict[str, list[_Kind]], units: list[_Unit]
) -> Iterator[_Drawn]:
    for serial in range(papers):
        unit = draw.choice(units)
        issued = unit.first + timedelta(days=draw.randrange(max((unit.last - unit.first).days, 1)))
        done = max(issued, date(2021, 1, 1)) + timedelta(days=draw.randrange(1, 1500))
        at = f"{min(done, today()).isoformat()}T02:00:00.000+00:00"
        owner, number = f"056{draw.randrange(10**9):09}", f"{serial}/{issued.year}"
        state = "in_force" if draw.random() < 0.97 else "unknown"
        kind = draw.choice(kinds[unit.level])
        yield _Drawn(f"{serial:032x}", unit, kind, issued, at, owner, number, state)


def _rows(draw: random.Random, chunk: list[_Drawn]) -> list[tuple[Any, list[Row]]]:
    """Rows of documents, versions, codes (a hundredth of them voided) and persons' decisions."""
    coded = [one for one in chunk if draw.random() < 0.93]
    accepted = {one.name for one in coded}
    return [
        (t.document, [_document(one) for one in chunk]),
        (t.document_version, [_version(draw, one, one.name in accepted) for one in chunk]),
        (t.code, [_code(one, voided=draw.random() < 0.01) for one in coded]),
        (t.decision, [_decision(one) for one in chunk if draw.random() < 0.005]),
    ]


def _document(one: _Drawn) -> Row:
    place = {"batch": _BATCH, "file": "f.pdf", "pages": [1], "version": 1}
    return {"id": one.name, "sha256": _SCAN, "created_at": one.at, **place}


def _version(draw: random.Random, one: _Drawn, accepted: bool) -> Row:
    end = one.issued + timedelta(days=draw.choice([365, 1095, 1825, 3650]))
    until = end.isoformat() if one.kind.ends else None
    said = {"owner_id": one.owner, "number": one.number, "issue_date": one.issued.isoformat()}
    fields = {key: {"value": value, "raw": value, "confidence": 0.98} for key, value in said.items()}
    validity = {"state": one.state, "until": until, "basis": "b", "source": "statute"}
    return {
        "document_id": one.name,
        "version": 1,
        **dict.fromkeys(("reading", "understanding", "rendition"), "d"),
        "data": {"fields": fields, "validity": validity},
        "kind": one.kind.id,
        "result_type": one.kind.code,
        "level": one.unit.level,
        "unit": one.unit.name,
        "route": "accepted" if accepted else "review",
        "verdict": "valid",
        "pdfa_key": "k",
        "sidecar_key": "s",
        "created_at": one.at,
    }


def _code(one: _Drawn, *, voided: bool) -> Row:
    return {
        "owner": one.owner,
        "result_type": one.kind.code,
        "number": one.number,
        "running": 1,
        "printed": f"{one.kind.code}.{one.owner}.{one.number}",
        "document_id": one.name,
        "identity": one.name,
        "state": "void" if voided else "issued",
        "issued_at": one.at,
        "issued_by": "lan",
        "batch": _BATCH,
        "voided_at": max(one.at, _VOIDED) if voided else None,
        "likeness": likeness(one.owner, one.kind.code, one.number),
    }


def _decision(one: _Drawn) -> Row:
    said = {"target": "validity", "action": "set", "value": "expired", "old": one.state}
    return {
        "document_id": one.name,
        "operator": "lan",
        "at": max(one.at, _JUDGED),
        "note": "",
        "event": "e",
        **said,
    }


def _stock(draw: random.Random, kinds: dict[str, list[_Kind]], units: list[_Unit]) -> Iterator[InventoryRow]:
    for unit in units:
        for kind in kinds[unit.level]:
            for year in (2021, 2023):
                if draw.random() < 0.5 and unit.first.year <= year:
                    yield InventoryRow.model_validate(
                        {
                            "level": unit.level,
                            "unit": unit.name,
                            "kind": kind.id,
                            "year": year,
                            "count": draw.randrange(20, 4000),
                            "basis": "register",
                        }
                    )
