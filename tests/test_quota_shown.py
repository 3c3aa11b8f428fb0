"""What `sohoa quota` shows: narrow terminals, notes in both forms, and a table from which a spreadsheet gets each rate."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cli import tables
from quality.quotas import worked_out
from tests.test_province import INVENTORY, PAPERS, TARGETS, TODAY, figures
from tests.test_quota import other
from workspace import quota_explain
from workspace.figuring import terms_of

TITLES = {"birth_certificate": "Giấy khai sinh"}


@pytest.mark.parametrize("width", [50, 60, 80, 100, 160, 200, 240])
def test_a_number_is_never_broken_however_narrow_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tables, "_PIPED", width)
    heads = ["Cấp", "Đơn vị", *(f"Số đã số hóa {n}" for n in range(9))]
    tables.print_table(
        heads, [["Cấp xã", "Xã Diên Khánh", *["12,34 % – 100,00 %"] * 9]], numbers=set(range(2, 11))
    )
    out = capsys.readouterr().out
    assert (out.count("12,34 %"), out.count("100,00 %")) == (9, 9)
    assert max(map(len, out.splitlines())) <= width
    assert "Xã Diên Khánh" in out


def written(path: Path) -> list[dict[str, str]]:
    """The lines of a table of explanation."""
    worked = worked_out(
        PAPERS,
        INVENTORY,
        [other(unit="Xã Cam Tân", count=3, evidence="=HYPERLINK(1)")],
        TARGETS,
        TODAY,
        TODAY,
        terms=terms_of(TODAY),
    )
    quota_explain.write(path, worked, TITLES, "vi")
    return list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))


def test_a_spreadsheet_recomputes_every_denominator_and_numerator(tmp_path: Path) -> None:
    lines = written(tmp_path / "vì-sao.csv")
    assert {line["Loại dòng"] for line in lines} == {
        "giấy tờ",
        "kiểm kê",
        "số hóa nơi khác",
        "tỷ lệ và chỉ tiêu",
    }
    stock: dict[tuple[str, str], int] = defaultdict(int)
    covered: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        place = (line["Cấp"], line["Đơn vị"])
        if line["Loại dòng"] == "kiểm kê":
            stock[place] += int(line["Số lượng"])
        if line["Loại dòng"] == "giấy tờ" and (line["Được tính"], line["Trong kiểm kê"]) == ("có", "có"):
            covered[place] += 1
    sums = [line for line in lines if line["Loại dòng"] == "tỷ lệ và chỉ tiêu" and line["Đơn vị"]]
    assert len(sums) == 5
    for line in sums:
        place = (line["Cấp"], line["Đơn vị"])
        assert int(line["Mẫu số"]) == stock[place]
        assert int(line["Tử số (thấp)"]) == min(covered[place], stock[place])
    assert not {"True", "False", "huyen"} & {cell for line in lines for cell in line.values()}
    assert all(not line["Nguồn"].startswith("=") for line in lines)


def test_the_same_table_is_written_as_parquet_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "vì-sao.parquet"
    quota_explain.write(path, figures(date(2024, 12, 31)), TITLES, "en")
    table = pq.read_table(path)
    assert table.num_rows > len(PAPERS) and table.column_names[0] == "Line"
    assert path.stat().st_mode & 0o077 == 0
