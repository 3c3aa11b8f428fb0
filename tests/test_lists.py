"""Importing and comparing dated national lists."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from configs.lists import (
    KINDS,
    all_lists,
    diff_lists,
    effective_from,
    import_list,
    in_force,
    list_kind,
    read_result_types,
)
from configs.loader import ROOT, load_rulebook
from schemas.errors import ConfigurationError, UsageError

NEW = date(2027, 1, 1)


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_export_with_one_row_a_procedure_becomes_one_row_a_code(tmp_path: Path) -> None:
    export = write(
        tmp_path / "kq.csv",
        "result_code,procedure_code,name",
        "KQ.G15.000031,1.001193,Giấy  khai sinh",
        "KQ.G15.000031,1.000110,Giấy khai sinh",
        "KQ.H32.000001,,Giấy của tỉnh",
    )
    made = import_list("result-types", export, NEW, tmp_path / "lists")
    rows = read_result_types(made)
    assert made.name == "result-types-2027-01-01.csv"
    assert rows["KQ.G15.000031"].procedures == ("1.001193", "1.000110")
    assert rows["KQ.G15.000031"].name == "Giấy khai sinh"
    assert rows["KQ.H32.000001"].procedures == ()


def test_an_imported_list_holds_from_its_day_and_not_before(tmp_path: Path) -> None:
    export = write(tmp_path / "kq.csv", "code,name", "KQ.H32.000001,Giấy của tỉnh")
    import_list("result-types", export, NEW, tmp_path / "lists")
    assert "KQ.H32.000001" in load_rulebook(lists_dir=tmp_path / "lists", as_of=date(2027, 2, 1)).result_types
    assert (
        "KQ.H32.000001"
        not in load_rulebook(lists_dir=tmp_path / "lists", as_of=date(2026, 12, 31)).result_types
    )


def test_a_paper_asked_about_before_the_first_list_is_judged_by_the_first(tmp_path: Path) -> None:
    chosen = in_force(ROOT / "lists", None, date(2021, 1, 1))
    assert chosen["procedures"] == all_lists("procedures", ROOT / "lists")[0]


def test_the_same_list_again_is_no_error_and_another_is(tmp_path: Path) -> None:
    export = write(tmp_path / "kq.csv", "code,name", "KQ.H32.000001,Giấy của tỉnh")
    import_list("result-types", export, NEW, tmp_path / "lists")
    import_list("result-types", export, NEW, tmp_path / "lists")
    write(export, "code,name", "KQ.H32.000002,Giấy khác")
    with pytest.raises(UsageError):
        import_list("result-types", export, NEW, tmp_path / "lists")
    assert [path.suffix for path in (tmp_path / "lists").iterdir()] == [".csv"]


@pytest.mark.parametrize(
    "lines",
    [
        ("code,name", "KQ.G15.31,Giấy khai sinh"),
        ("code,name", ",Giấy khai sinh"),
        ("code,name",),
        ("code,name", "KQ.G15.000031"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_and_leaves_nothing(
    tmp_path: Path, lines: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigurationError):
        import_list("result-types", write(tmp_path / "x.csv", *lines), NEW, tmp_path / "lists")
    assert not list((tmp_path / "lists").glob("*")) if (tmp_path / "lists").exists() else True


def test_absent_files_and_unknown_kinds_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        import_list("procedures", tmp_path / "absent.csv", NEW, tmp_path)
    with pytest.raises(UsageError):
        list_kind("kinds")


def test_a_comparison_names_what_came_went_and_changed(tmp_path: Path) -> None:
    old = write(
        tmp_path / "procedures-2026-01.csv", "code,name", "1.000001,Một", "1.000002,Hai", "1.000003,Ba"
    )
    new = write(
        tmp_path / "procedures-2026-02.csv", "code,name", "1.000001,Một", "1.000002,Hai mới", "1.000004,Bốn"
    )
    diff = diff_lists("procedures", old, new)
    assert diff.added == ("1.000004",)
    assert diff.removed == ("1.000003",)
    assert diff.changed == (("1.000002", "Hai", "Hai mới"),)


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_differs_from_itself_in_nothing(kind: str) -> None:
    path = all_lists(kind, ROOT / "lists")[-1]  # type: ignore[arg-type]
    diff = diff_lists(kind, path, path)  # type: ignore[arg-type]
    assert (diff.added, diff.removed, diff.changed) == ((), (), ())


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("procedures-2026-07.csv", date(2026, 7, 1)),
        ("result-types-2027-01-15.csv", date(2027, 1, 15)),
        ("procedures-2026-13.csv", None),
        ("notes.csv", None),
    ],
)
def test_a_list_bears_its_day_in_its_name(name: str, day: date | None) -> None:
    assert effective_from(Path(name)) == day
