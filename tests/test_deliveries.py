"""Papers signed digitally and received by the owner's national store: facts with two times, in columns of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.backdated_home import END_OF_2021, imported, now, set_back, table, unit_row
from tests.kept_home import by_file
from tests.machine import Machine

HEAD = "Mã tài liệu hoặc mã KQ;Việc;Ngày làm xong;Số chứng thư hoặc số biên nhận\n"


@pytest.fixture
def past(machine: Machine) -> Machine:
    """Two coded births of Xã Diên An, digitised in 2021."""
    set_back(machine)
    return machine


def told(machine: Machine, *options: str) -> tuple[Any, Any]:
    """What the unit's row says of signed and of received papers; None where it says nothing."""
    row = unit_row(machine, *options)
    return row.get("signed"), row.get("delivered")


def test_signed_and_received_papers_are_counted_as_of_a_day_and_as_known_then(
    past: Machine, tmp_path: Path
) -> None:
    papers = by_file(past)
    before = now()
    assert told(past) == (None, None)
    said = past.run("quota", "--as-of", END_OF_2021).stdout
    assert "chưa nhập số liệu «đã ký số» và «đã đồng bộ Kho»" in said
    rows = [
        f"{papers['a.png']['code']};ký số;2021-11-01;5402BA1F",
        f"{papers['b.png']['id']};đã ký số;2022-02-01;5402BA1F",
    ]
    done = imported(past, "deliveries", table(tmp_path, "ký.csv", HEAD, *rows), "--document", "7/BC")
    assert (done["new"], done["rows"]) == (2, 2)
    assert told(past) == (1, None)
    assert told(past, "--as-of", "2022-12-31") == (2, None)
    assert told(past, "--known-at", before) == (None, None)
    said = past.run("quota", "--as-of", END_OF_2021).stdout
    assert "chưa nhập số liệu «đã đồng bộ Kho»" in said
    received = f"{papers['a.png']['id']};đồng bộ Kho;15/12/2021;BN-77"
    imported(past, "deliveries", table(tmp_path, "kho.csv", HEAD, received))
    assert told(past) == (1, 1)
    assert told(past, "--as-of", "2021-11-30") == (1, 0)
    said = past.run("quota", "--as-of", END_OF_2021)
    assert "đứng riêng từng cột" in said.stdout
    out = tmp_path / "giải trình.csv"
    assert past.run("quota", "--as-of", END_OF_2021, "--explain", out).returncode == 0
    assert "2021-11-01" in out.read_text("utf-8-sig")


def test_a_frozen_set_holds_them_and_a_row_withdrawn_later_leaves_it_as_it_was(
    past: Machine, tmp_path: Path
) -> None:
    papers = by_file(past)
    imported(
        past, "deliveries", table(tmp_path, "ký.csv", HEAD, f"{papers['a.png']['id']};ký số;2021-11-01;54")
    )
    made = past.json("figures", "freeze", "--as-of", END_OF_2021)
    (row,) = past.json("deliveries", "list")["rows"]
    assert row["document_id"] == papers["a.png"]["id"] and row["state"] == "in_force"
    assert past.run("deliveries", "withdraw", str(row["id"]), "--reason", "nhầm giấy").returncode == 0
    assert told(past) == (None, None)
    frozen = past.json("quota", "--frozen", made["id"])["rows"]
    assert [each["signed"] for each in frozen if each["unit"] == "Xã Diên An"] == [1]
    assert past.json("figures", "verify")["altered"] == []
    history = past.json("deliveries", "list", "--history")["rows"]
    assert [each["state"] for each in history] == ["superseded", "withdrawn"]


def test_a_paper_taken_out_of_the_figures_is_not_counted_as_signed(past: Machine, tmp_path: Path) -> None:
    code = by_file(past)["a.png"]["code"]
    imported(past, "deliveries", table(tmp_path, "ký.csv", HEAD, f"{code};ký số;2021-11-01;54"))
    assert past.run("code", "void", code, "--reason", "nhầm").returncode == 0
    assert told(past) == (1, None)
    assert told(past, "--as-of", "2099-01-01") == (0, None)


def test_bad_rows_are_named_with_their_remedy_and_nothing_is_taken(past: Machine, tmp_path: Path) -> None:
    good = f"{by_file(past)['a.png']['id']};ký số;2021-11-01;54"
    path = table(
        tmp_path, "xấu.csv", HEAD, good, "giấy nào đó;ký số;2021-11-01;54", f"{good[:33]}gửi;2999-01-01;"
    )
    done = past.run("deliveries", "import", path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    for words in ("mã tài liệu", "không rõ việc", "ký số hoặc đồng bộ Kho"):
        assert words in done.stderr
    assert past.json("deliveries", "list")["rows"] == []
    unknown = table(tmp_path, "lạ.csv", HEAD, f"{'0' * 32};ký số;2021-11-01;54")
    imported(past, "deliveries", unknown)
    assert "không khớp giấy nào" in past.run("deliveries", "list").stdout
    assert told(past) == (0, None)


def test_the_list_hides_owners_and_a_rebuilt_catalogue_knows_what_was_handed_in(
    past: Machine, tmp_path: Path
) -> None:
    code = by_file(past)["a.png"]["code"]
    imported(past, "deliveries", table(tmp_path, "ký.csv", HEAD, f"{code};ký số;2021-11-01;54"))
    assert code not in past.run("deliveries", "list").stdout
    assert code not in json.dumps(past.json("deliveries", "list"))
    for path in past.home.glob("catalogue.db*"):
        path.unlink()
    assert past.run("rebuild").returncode == 0
    assert len(past.json("deliveries", "list")["rows"]) == 1
    assert past.run("deliveries", "template", tmp_path / "mẫu.xlsx").returncode == 0
