"""The table behind a rate, papers, inventories, results elsewhere and sums, so that a spreadsheet recomputes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet

from engines.private_files import private
from quality.quota_cells import ALL_KINDS
from quality.quotas import Worked
from schemas.masking import mask, mask_code
from schemas.quotas import QuotaRow
from schemas.wording import say, text
from workspace.private_csv import private_csv, write_rows

COLUMNS: Final = (
    "line",
    "level",
    "unit",
    "unit_code",
    "kind",
    "document_id",
    "code",
    "counted",
    "unknown_validity",
    "covered",
    "flow",
    "reason",
    "batch",
    "file",
    "issue_date",
    "digitised_on",
    "valid_until",
    "validity_basis",
    "accepted_by",
    "signed_on",
    "delivered_on",
    "year",
    "count",
    "basis",
    "source",
    "numerator_low",
    "numerator_high",
    "denominator",
    "rate_low",
    "rate_high",
    "target",
)
_FLAGS: Final = ("counted", "unknown_validity", "covered", "flow")


def write(path: Path, worked: Worked, titles: dict[str, str], lang: str) -> None:
    """Write the table, as Parquet if the name ends so, else as CSV; readable by its owner alone, identifiers masked.

    Args:
        path: where to.
        worked: the figures and what they were made of.
        titles: names of kinds by id.
        lang: of headings and words.
    """
    heads = [text(f"head.{key}", lang) for key in COLUMNS]
    rows = [[line.get(key) for key in COLUMNS] for line in _lines(worked, titles, lang)]
    if path.suffix.lower() == ".parquet":
        cells = [[None if row[at] is None else str(row[at]) for row in rows] for at in range(len(COLUMNS))]
        with open(path, "wb", opener=private) as out:
            path.chmod(0o600)
            parquet.write_table(pa.table([pa.array(cell, pa.string()) for cell in cells], names=heads), out)
        return
    with private_csv(path) as file:
        write_rows(file, heads, rows)


def _lines(worked: Worked, titles: dict[str, str], lang: str) -> Iterator[dict[str, Any]]:
    def line(kind_of_line: str, **cells: Any) -> dict[str, Any]:
        named = cells.get("kind")
        cells["kind"] = (
            text("quota.all_kinds", lang) if named == ALL_KINDS else titles.get(named or "", named)
        )
        level = text(f"level.{cells['level']}", lang)
        return cells | {"line": text(f"quota.line_{kind_of_line}", lang), "level": level}

    for paper in worked.explanations:
        cells = paper.model_dump()
        cells |= {flag: text(f"quota.{'yes' if cells[flag] else 'no'}", lang) for flag in _FLAGS}
        cells["code"] = mask_code(paper.code) if paper.code else None
        cells["reason"] = say("quota_reason", paper.reason, lang)
        yield line("paper", **cells)
    for row, used in worked.stock:
        basis = text(f"basis.{used.stock.basis}", lang)
        yield line(
            "inventory",
            level=row.level,
            unit=row.unit,
            unit_code=row.code,
            kind=used.kind,
            year=used.stock.year,
            count=used.stock.results,
            basis=basis,
            source=used.place.unit,
        )
    for row, other in worked.elsewhere:
        yield line(
            "elsewhere",
            level=row.level,
            unit=row.unit,
            unit_code=row.code,
            kind=other.kind,
            digitised_on=other.digitised_on,
            valid_until=other.valid_until,
            count=other.count,
            source=mask(other.evidence or other.number or ""),
        )
    for each in worked.report.rows:
        yield line("rate", **_sums(each, worked.report.as_of))


def _sums(row: QuotaRow, as_of: date) -> dict[str, Any]:
    """A row of the report: what its rate was made of, and its target."""
    numerator, rate = row.numerator, row.rate
    return {
        "level": row.level,
        "unit": row.unit,
        "unit_code": row.unit_code,
        "source": row.sector or row.result_type,
        "year": as_of.year,
        "count": row.inventory,
        "numerator_low": numerator.low if numerator else None,
        "numerator_high": numerator.high if numerator else None,
        "denominator": row.denominator,
        "rate_low": rate.low if rate else None,
        "rate_high": rate.high if rate else None,
        "target": row.target,
    }
