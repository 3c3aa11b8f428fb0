"""The home of tests/kept_home.py as if digitised in 2021, and tables to import into it. No test lives here."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.machine import Machine

THEN = "2021-10-05T02:00:00.000+00:00"
END_OF_2021 = "2021-12-31"
UNIT = "Xã Diên An"
HEAD = "Cấp;Đơn vị;Loại giấy tờ;Năm;Số lượng;Cơ sở kiểm kê;Nguồn\n"
ELSEWHERE_HEAD = (
    "Đơn vị;Loại giấy tờ;Ngày số hóa;Số lượng;Số định danh chủ giấy tờ;"
    "Mã loại kết quả;Số, ký hiệu;Minh chứng\n"
)
REVOKED_HEAD = (
    "Đơn vị;Loại giấy tờ;Số, ký hiệu;Có hiệu lực từ ngày;Hình thức;Số văn bản;Ngày văn bản;Người ký\n"
)


def set_back(machine: Machine) -> None:
    """Date all that the catalogue holds to 2021."""
    with closing(sqlite3.connect(machine.home / "catalogue.db")) as connection, connection:
        connection.execute("UPDATE code SET issued_at = ?", (THEN,))
        connection.execute("UPDATE document SET created_at = ?", (THEN,))
        connection.execute("UPDATE document_version SET created_at = ?", (THEN,))


def now() -> str:
    """This moment, as `--known-at` takes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def table(folder: Path, name: str, head: str, *rows: str) -> Path:
    """A CSV table."""
    path = folder / name
    path.write_text(head + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def imported(machine: Machine, group: str, path: Path, *options: str) -> dict[str, Any]:
    """Import a table; it must be taken."""
    done = machine.run(group, "import", path, "--json", *options)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def unit_row(machine: Machine, *options: str, unit: str | None = UNIT) -> dict[str, Any]:
    """The row of a unit in `quota`, as of the end of 2021 unless another day is given."""
    asked = options if "--as-of" in options else ("--as-of", END_OF_2021, *options)
    rows = machine.json("quota", *asked)["rows"]
    # From 1/7/2025 on the commune stands with the one that it was merged into.
    names = {unit, "Xã Diên Khánh"} if unit == UNIT else {unit}
    (row,) = [row for row in rows if row["unit"] in names and row["level"] == "xa"]
    found: dict[str, Any] = row
    return found
