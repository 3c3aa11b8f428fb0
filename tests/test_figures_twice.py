"""A second implementation, in pandas and from the lists of units alone, agrees on many random provinces.

It knows the rules of docs/figures.md and shares no code with `quality`: units are looked up in the CSV files, cells are
capped in data frames. Provinces are drawn with recorded seeds.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

import pandas as pd
import pytest

from configs.loader import ROOT
from quality.quotas import compute
from schemas.quotas import InventoryRow, PaperRow
from tests.test_quota import paper, stock
from workspace.figuring import terms_of

CUT_OFF, MERGER, TODAY = pd.Timestamp(2021, 6, 16), pd.Timestamp(2025, 7, 1), date(2026, 11, 24)
KINDS = ["birth_certificate", "marriage_certificate"]
# Old communes of every fate: whole into one, in part, ended before, of former Ninh Thuận; and new ones.
OLD = [
    "Xã Diên An",
    "Thị trấn Diên Khánh",
    "Xã Diên Toàn",
    "Xã Cam Tân",
    "Xã Ninh Phước",
    "Xã Ninh Sơn",
    "Xã Lương Sơn",
]
NEW = ["Xã Diên Khánh", "Xã Cam Hiệp", "Xã Lâm Sơn"]


def lists() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Communes that stood on 31/12/2024 or from 1/7/2025, by name; and the mergers."""
    read = [pd.read_csv(path, dtype=str) for path in sorted((ROOT / "units").glob("units-*.csv"))]
    units = pd.concat(read)
    return units[units.level == "xa"], pd.read_csv(ROOT / "units" / "mergers-2025-07.csv", dtype=str)


UNITS, MERGERS = lists()


def unit_of(name: str, new: bool) -> str:
    """`old CODE` or `new CODE` of a name."""
    begun = UNITS.effective_from == "2025-07-01"
    (code,) = set(
        UNITS[(UNITS.name == name) & (begun if new else UNITS.effective_to == "2024-12-31")].code
    ) or set(UNITS[(UNITS.name == name) & ~begun].code)
    return f"{'new' if new else 'old'} {code}"


def holder_of(unit: str, day: pd.Timestamp) -> str:
    """Where a unit's stock stands on a day."""
    rows = MERGERS[MERGERS.old_code == unit[4:]]
    whole = unit.startswith("old") and len(rows) == 1 and rows.part.iloc[0] == "full"
    return f"new {rows.new_code.iloc[0]}" if whole and day >= MERGER else unit


def of_ninh_thuan(unit: str) -> bool:
    """By code: Ninh Thuận's communes come after 22737, but for Trường Sa's last."""
    return unit[4:] >= "22738" and unit[4:] != "22739"


def again(papers: list[PaperRow], inventory: list[InventoryRow], day: pd.Timestamp) -> tuple[int, int, int]:
    """Numerator (low), denominator and flow of all communes in the series of KH 5283."""
    facts = pd.DataFrame(
        [(each.unit, each.kind, each.issue_date, each.digitised_on, each.valid_until) for each in papers],
        columns=["name", "kind", "issued", "done", "until"],
    )
    for column in ("issued", "done", "until"):
        facts[column] = pd.to_datetime(facts[column])
    facts["unit"] = [unit_of(name, at >= MERGER) for name, at in zip(facts.name, facts.issued, strict=True)]
    facts = facts[~facts.unit.map(of_ninh_thuan) & (facts.done <= day) & (facts.issued <= day)]
    force = facts.until.isna() | (facts.until >= day)
    old = facts.issued <= CUT_OFF
    held = pd.DataFrame(
        [(row.unit, row.kind, row.year, row.count) for row in inventory],
        columns=["name", "kind", "year", "n"],
    )
    held["unit"] = [unit_of(name, year >= 2025) for name, year in zip(held.name, held.year, strict=True)]
    held = held[~held.unit.map(of_ninh_thuan) & (held.year <= day.year)]
    held = held[~held.unit.str.startswith("new") | (day >= MERGER)]
    held = held.sort_values("year").groupby(["unit", "kind"]).tail(1)
    held["row"] = held.unit.map(lambda unit: holder_of(unit, day))
    own = set(held[held.unit == held.row].set_index(["row", "kind"]).index)
    held = held[
        [
            unit == row or (row, kind) not in own
            for unit, row, kind in zip(held.unit, held.row, held.kind, strict=True)
        ]
    ]
    numerator = denominator = 0
    for cell in held.itertuples():
        mine = (facts.kind == cell.kind) & (
            (facts.unit.map(lambda unit: holder_of(unit, day)) == cell.row)
            if (cell.row, cell.kind) in own
            else (facts.unit == cell.unit)
        )
        ended = facts[mine & old & ~force & (facts.until > pd.Timestamp(cell.year, 12, 31))]
        most = max(0, cell.n - len(ended))
        numerator += min(most, int((mine & old & force).sum()))
        denominator += most
    return numerator, denominator, int((~old & force).sum())


def province(draw: random.Random) -> tuple[list[PaperRow], list[InventoryRow]]:
    """Random papers and inventories."""
    papers = []
    for number in range(draw.randint(0, 60)):
        new = draw.random() < 0.2
        start, span = (date(2025, 7, 1), 300) if new else (date(2015, 1, 1), 3650)
        issued = start + timedelta(days=draw.randrange(span))
        until = issued + timedelta(days=draw.randrange(4000)) if draw.random() < 0.4 else None
        papers.append(
            paper(
                f"d{number}",
                unit=draw.choice(NEW if new else OLD),
                kind=draw.choice(KINDS),
                issue_date=issued,
                digitised_on=date(2021, 7, 1) + timedelta(days=draw.randrange(1900)),
                valid_until=until,
            )
        )
    inventory = {
        (unit, kind, year): stock(draw.randint(0, 8), unit=unit, kind=kind, year=year)
        for units, years in ((OLD, (2021, 2023)), (NEW, (2025, 2026)))
        for unit in units
        for kind in KINDS
        for year in years
        if draw.random() < 0.5
    }
    return papers, list(inventory.values())


@pytest.mark.parametrize("seed", range(150))
def test_two_implementations_agree_on_a_random_province(seed: int) -> None:
    draw = random.Random(seed)
    papers, inventory = province(draw)
    day = date(2021, 7, 1) + timedelta(days=draw.randrange(1950))
    report, _ = compute(papers, inventory, [], [], day, TODAY, terms=terms_of(day))
    totals = [row for row in report.rows if (row.level, row.unit) == ("xa", None)]
    expected = again(papers, inventory, pd.Timestamp(day))
    if not totals:
        assert expected == (0, 0, 0)
        return
    (total,) = totals
    low = total.numerator.low if total.numerator else 0
    assert (low, total.denominator or 0, total.flow) == expected
