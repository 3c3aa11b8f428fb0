"""A home as an IT department would have it in November 2026: three levels, six years, batches in every state. Invented."""

from __future__ import annotations

import socket
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from configs.settings import Settings
from schemas.batches import BatchState, FileStatus
from schemas.quotas import InventoryRow
from storage.catalogue import batches, closings, figures, runs
from storage.catalogue import pace as work
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from tests.papers import DIGESTS, OWNER, sha_of

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 10, 20, tzinfo=timezone(timedelta(hours=7)))
ARCHIVE = "Kho lưu trữ 2021–2026"
# (level, unit): inventory, and papers digitised in 2021, 2022, 2023, 2024, early 2025, late 2025, 2026
UNITS: dict[tuple[str, str], tuple[int | None, tuple[int, ...]]] = {
    ("tinh", "Sở Tư pháp"): (300, (96, 62, 58, 40, 14, 12, 14)),
    ("tinh", "Sở Xây dựng"): (260, (70, 44, 50, 36, 10, 20, 22)),
    ("tinh", "Sở Y tế"): (120, (40, 22, 18, 20, 6, 8, 6)),
    ("huyen", "Thành phố Nha Trang"): (220, (50, 40, 36, 40, 22, 0, 0)),
    ("huyen", "Huyện Diên Khánh"): (140, (24, 28, 26, 22, 8, 0, 0)),
    ("huyen", "Huyện Vạn Ninh"): (110, (20, 12, 20, 16, 6, 0, 0)),
    ("xa", "Xã Diên An"): (90, (12, 14, 16, 14, 4, 0, 0)),
    ("xa", "Phường Vĩnh Hải"): (80, (14, 16, 14, 18, 0, 0, 0)),
    ("xa", "Phường Nha Trang"): (200, (0, 0, 0, 0, 0, 60, 76)),
    ("xa", "Xã Vạn Ninh"): (120, (0, 0, 0, 0, 0, 30, 28)),
    ("xa", "Xã Cam Lâm"): (140, (0, 0, 0, 0, 0, 20, 71)),
    ("xa", "Phường Cam Ranh"): (None, (0, 0, 0, 0, 0, 4, 17)),
}
_DAYS = (
    date(2021, 10, 5),
    date(2022, 8, 9),
    date(2023, 9, 12),
    date(2024, 7, 3),
    date(2025, 4, 8),
    date(2025, 10, 14),
    date(2026, 8, 20),
)


def settings_for(home: Path) -> Settings:
    """A home without orchestrator and veraPDF."""
    home.mkdir(parents=True, exist_ok=True)
    return Settings(home=home, orchestrator="plain", verapdf="off", workers=1, operator="máy")


def fill(database: Database, *, units: dict[Any, Any] = UNITS, queue: bool = True) -> None:
    """Put papers, inventories, batches and disk samples into an empty catalogue."""
    _batch(database, ARCHIVE, BatchState.FINISHED, datetime(2026, 8, 20, 9, tzinfo=NOW.tzinfo))
    serial = 0
    for (level, unit), (inventory, years) in units.items():
        for day, count in zip(_DAYS, years, strict=True):
            papers(database, level, unit, day, count, first=serial)
            serial += count
        if inventory:
            basis = "counted" if level == "tinh" else "register" if level == "huyen" else "estimated"
            row = InventoryRow.model_validate(
                {"level": level, "unit": unit, "kind": "*", "year": 2021, "count": inventory, "basis": basis}
            )
            figures.put_inventory(database, [row])
    if queue:
        _queue(database)
    host = socket.gethostname()[:255]
    for days, free in ((20, 940e9), (10, 861e9), (0, 792e9)):
        work.note_disk(
            database, host, work.DiskSample(DAY - timedelta(days=days), int(free), 2_000_000_000_000)
        )


def papers(database: Database, level: str, unit: str, day: date, count: int, *, first: int) -> None:
    """Accepted and coded papers of a unit, digitised on a day; every eighth bears a person's decision."""
    at = datetime(day.year, day.month, day.day, 9, tzinfo=NOW.tzinfo).isoformat()
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("original", "document", "version", "code", "decision")
    }
    for number in range(first, first + count):
        name, printed = f"{number:032x}", f"{OWNER}.KQ.G15.000031.{number}/2020.01"
        sha = sha_of(name)
        rows["original"].append({"sha256": sha, "size": 90_000, "format": "pdf", "received_at": at})
        rows["document"].append(
            {"id": name, "sha256": sha, "pages": [1], "batch": ARCHIVE, "file": f"{number}.pdf"}
            | {"version": 1, "created_at": at}
        )
        data = {"validity": {"state": "unknown" if number % 29 == 0 else "in_force"}, "pages": [1]}
        rows["version"].append(
            {"document_id": name, "version": 1, **DIGESTS.model_dump(), "data": data, "level": level}
            | {"kind": "birth_certificate", "result_type": "KQ.G15.000031", "unit": unit}
            | {"route": "accepted", "verdict": "valid", "pdfa_key": name, "sidecar_key": name}
            | {"created_at": at}
        )
        rows["code"].append(
            {"owner": OWNER, "result_type": "KQ.G15.000031", "number": f"{number}/2020", "running": 1}
            | {"printed": printed, "document_id": name, "identity": sha, "state": "issued"}
            | {"issued_at": at, "issued_by": "lan", "batch": ARCHIVE}
        )
        if number % 8 == 0:
            rows["decision"].append(
                {"document_id": name, "target": "number", "action": "set", "operator": "lan", "at": at}
                | {"note": "", "event": name}
            )
    tables = zip(rows.values(), (t.original, t.document, t.document_version, t.code, t.decision), strict=True)
    with database.write() as connection:
        for values, table in tables:
            if values:
                connection.execute(insert(table), values)


def _queue(database: Database) -> None:
    running = NOW - timedelta(hours=2, minutes=10)
    _batch(database, "Hộ tịch phường Nha Trang, hộp 41–48", BatchState.RUNNING, running, 420, 163, pages=811)
    _batch(
        database,
        "Giấy phép xây dựng 2019",
        BatchState.STOPPED,
        NOW - timedelta(days=2),
        64,
        9,
        aside=14,
        pages=40,
    )
    _batch(
        database,
        "Đất đai xã Cam Lâm, hộp 3",
        BatchState.FAILED,
        NOW - timedelta(hours=14),
        210,
        77,
        pages=322,
    )
    _batch(database, "Hộ tịch xã Vạn Ninh, sổ 2016–2020", BatchState.PLANNED, None, 380, 0)
    _batch(database, "Sở Y tế: chứng chỉ hành nghề", BatchState.PLANNED, None, 96, 0)


def _batch(
    database: Database,
    name: str,
    state: BatchState,
    started: datetime | None,
    files: int = 0,
    done: int = 0,
    aside: int = 0,
    pages: int = 0,
) -> None:
    """A batch with its files, and a run whose pages came evenly until now (or for an hour)."""
    batches.bind(database, name, f"/inbox/{name}", sheet=None, findings=())
    batches.enter_files(database, name, [f"{number:04}.pdf" for number in range(files)])
    run = sha_of(name)[:32]
    if started is not None:
        runs.start_run(database, run, name, "lan", DIGESTS)
    if state is not BatchState.RUNNING and started is not None:
        closings.begin_closing(database, name, state, run=run)
        closings.end_closing(database, name, run)
    batches.set_state(database, name, state)
    at = (started or NOW - timedelta(hours=1)).isoformat()
    minutes = 130 if state is BatchState.RUNNING else 60
    with database.write() as connection:
        whose = t.batch_file.c.batch == name
        connection.execute(update(t.batch).where(t.batch.c.name == name).values(created_at=at, updated_at=at))
        connection.execute(update(t.batch_file).where(whose).values(updated_at=at))
        number = t.batch_file.c.position
        connection.execute(
            update(t.batch_file)
            .where(whose, number < done)
            .values(status=FileStatus.READ, pages=pages // max(done, 1), accounted=pages // max(done, 1))
        )
        connection.execute(
            update(t.batch_file)
            .where(whose, number >= done, number < done + aside)
            .values(status=FileStatus.SET_ASIDE)
        )
        ended = None if state is BatchState.RUNNING else (started or NOW) + timedelta(minutes=minutes)
        connection.execute(
            update(t.run)
            .where(t.run.c.id == run)
            .values(started_at=at, ended_at=ended.isoformat() if ended else None)
        )
        if started is not None and pages:
            connection.execute(
                insert(t.page_pass),
                [
                    {"sha256": sha_of(f"{name}{page}"), "page": 1, "digest": "r", "batch": name, "run": run}
                    | {"at": (started + timedelta(minutes=minutes * (page + 1) / pages)).isoformat()}
                    for page in range(pages)
                ],
            )
