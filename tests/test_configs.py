"""Rule files: complete, consistent, dated; and what happens when one is not."""

from __future__ import annotations

import pickle
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from configs.loader import (
    ROOT,
    load_agencies,
    load_expectations,
    load_image_rules,
    load_kinds,
    load_limits,
    load_mergers,
    load_provinces,
    load_reading_profile,
    load_rendition_profile,
    load_rulebook,
    load_targets,
    load_units,
    load_validity,
)
from configs.rows import LazyRows
from quality.quotas import compute
from schemas.codes import GRAMMARS
from schemas.errors import ConfigurationError
from schemas.findings import Severity
from schemas.rules import ResultType

EARLY, BEFORE, AFTER = date(2021, 6, 16), date(2025, 3, 1), date(2025, 7, 1)


def share(level: str, year: int, reading: str = "A") -> float | None:
    rows = [row for row in load_targets() if (row.level, row.period, row.reading) == (level, year, reading)]
    return rows[0].share if rows else None


@pytest.mark.parametrize(
    ("reading", "level", "shares"),
    [
        ("A", "tinh", [0.30, 0.50, 0.70, 0.90, 1.00]),
        ("A", "huyen", [0.20, 0.40, 0.60, 0.80, 1.00]),
        ("A", "xa", [0.15, 0.35, 0.55, 0.75, 0.95]),
        ("B", "tinh", [0.30, 0.36, 0.432, 0.5184, 0.62208]),
        ("B", "huyen", [0.20, 0.24, 0.288, 0.3456, 0.41472]),
        ("B", "xa", [0.15, 0.18, 0.216, 0.2592, 0.31104]),
        ("C", "xa", [0.15, 0.35, 0.55, 0.75, 0.95]),
    ],
)
def test_targets_are_those_of_the_plan_in_every_reading(
    reading: str, level: str, shares: list[float]
) -> None:
    assert [share(level, year, reading) for year in range(2021, 2026)] == pytest.approx(shares)


def test_a_target_after_the_plan_is_a_guess_that_says_so_or_names_its_own_paper() -> None:
    after = [row for row in load_targets() if row.period > 2025]
    assert after
    for row in after:
        if row.mark == "V":
            assert row.source and "guess" not in row.source
        else:
            assert row.mark == "M-lo" and "guess" in row.source
            before = share(row.level, row.period - 1, row.reading)
            assert row.share == pytest.approx(min(1, before * 1.2) if row.reading == "B" else 1)


@pytest.mark.parametrize("level", ["tinh", "huyen", "xa"])
def test_a_target_decided_for_a_later_year_takes_the_place_of_the_guess(rules_copy: Path, level: str) -> None:
    path = rules_copy / "targets.csv"
    kept = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if not (line.startswith(f"{level},") and ",2027," in line)
    ]
    decided = f"{level},,,,2027,0.98,A,2027-01-01,,KH 1/KH-UBND,V"
    path.write_text("\n".join([*kept, decided]) + "\n", encoding="utf-8")
    report, _ = compute([], [], [], load_targets(rules_copy), date(2027, 12, 31), date(2028, 1, 1))
    assert [row.target for row in report.rows if row.level == level] == [0.98]


def test_every_rule_row_says_where_it_comes_from() -> None:
    rows = (
        *load_targets(),
        *load_validity(),
        *load_image_rules(),
        *load_expectations(),
        *load_units(),
        *load_agencies(),
        *load_mergers(),
    )
    assert all(row.source and row.mark != "?" for row in rows)
    assert all(kind.source and kind.mark != "?" for kind in load_kinds())


def test_the_three_snapshots_hold_as_many_units_as_counted() -> None:
    def count(day: date, level: str, province: str = "56") -> int:
        units = [unit for unit in load_units() if unit.holds_on(day)]
        above = {unit.code for unit in units if unit.parent == province} | {province}
        return sum(unit.level == level and unit.parent in above for unit in units)

    assert (count(EARLY, "huyen"), count(EARLY, "xa")) == (9, 139)
    assert (count(BEFORE, "huyen"), count(BEFORE, "xa")) == (9, 132)
    assert (count(BEFORE, "huyen", "58"), count(BEFORE, "xa", "58")) == (7, 62)
    assert (count(AFTER, "huyen"), count(AFTER, "xa")) == (0, 65)


def test_a_code_names_another_unit_after_each_change() -> None:
    names = {
        day: next(unit.name for unit in load_units() if unit.code == "22366" and unit.holds_on(day))
        for day in (EARLY, BEFORE, AFTER)
    }
    assert list(names.values()) == ["Phường Phước Tiến", "Phường Tân Tiến", "Phường Nha Trang"]


def test_mergers_are_told_whole_and_in_part() -> None:
    split = [row.new_name for row in load_mergers() if row.old_name == "Xã Suối Tân"]
    assert len(split) == 3
    assert {row.part for row in load_mergers() if row.old_name == "Xã Suối Tân"} == {"partial"}
    assert len({row.new_code for row in load_mergers()}) == 65


def test_provinces_are_sixty_three_before_the_mergers_and_thirty_four_after() -> None:
    def standing(day: date) -> int:
        return sum(unit.holds_on(day) for unit in load_provinces())

    assert (standing(EARLY), standing(BEFORE), standing(AFTER)) == (63, 63, 34)
    assert next(unit for unit in load_provinces() if unit.name == "Tỉnh Khánh Hòa").agency_code == "H32"


def test_kinds_map_to_listed_result_codes() -> None:
    listed = load_rulebook().result_types
    for kind in load_kinds():
        for code in kind.result_codes:
            assert GRAMMARS["result_type"].match(code)
            assert code in listed, f"{kind.id}: {code}"


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("birth_certificate", ("KQ.G15.000031",)),
        ("marriage_certificate", ("KQ.G15.000032",)),
        ("decision", ()),
        ("dispatch", ()),
    ],
)
def test_a_kind_has_the_code_that_the_list_gives_it(kind: str, codes: tuple[str, ...]) -> None:
    found = load_rulebook().kind(kind)
    assert found is not None
    assert found.result_codes == codes


def test_the_document_types_of_the_decree_are_all_known() -> None:
    known = load_rulebook().abbreviations
    wanted = (
        "NQ QĐ CT QC QyĐ TC TB HD CTr KH PA ĐA DA BC BB TTr HĐ CĐ BGN BTT GUQ GM GGT GNP PG PC PB SY TrS SL"
    )
    assert set(wanted.split()) <= known.keys()


def test_of_image_rules_only_the_legal_resolution_stops_a_paper_and_only_from_its_day_on() -> None:
    rules = load_image_rules()
    (strict,) = [rule for rule in rules if rule.severity is Severity.ERROR]
    assert (strict.rule, strict.property, str(strict.effective_from)) == (
        "image_low_resolution",
        "dpi",
        "2025-07-01",
    )
    assert "TT 05/2025" in strict.source
    day = date(2025, 6, 30)
    assert {rule.severity for rule in rules if rule.holds_on(day)} == {Severity.WARNING}
    assert sum(rule.rule == strict.rule and rule.holds_on(day) for rule in rules) == 1


def test_limits_and_profiles_are_those_of_the_design() -> None:
    limits = load_limits()
    assert (limits.page_megapixels, limits.page_seconds, limits.file_pages) == (160, 60.0, 5000)
    assert (limits.file_bytes, limits.worker_bytes, limits.stop_after_files) == (
        2_000_000_000,
        1_500_000_000,
        20,
    )
    assert load_reading_profile().languages == "vie"
    assert load_rendition_profile().flavour == "2b"


def test_the_national_lists_are_whole() -> None:
    rules = load_rulebook()
    assert (len(rules.procedures), len(rules.result_types)) == (2642, 2277)
    assert rules.result_types["KQ.G15.000031"].name == "Giấy khai sinh"
    assert "1.001193" in rules.result_types["KQ.G15.000031"].procedures


def test_a_rulebook_travels_to_another_process() -> None:
    rules = load_rulebook()
    copy = pickle.loads(pickle.dumps(rules))
    assert copy.version == rules.version
    assert copy.result_types["KQ.G15.000032"] == rules.result_types["KQ.G15.000032"]


def test_a_list_asked_by_several_threads_at_once_is_whole_for_each_of_them() -> None:
    types = load_rulebook().result_types
    begun = threading.Event()

    def slow() -> dict[str, ResultType]:
        begun.set()
        time.sleep(0.2)
        return dict(types)

    rows = LazyRows(slow)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(lambda: "KQ.G15.000031" in rows)
        assert begun.wait(5)
        others = [threads.submit(lambda: "KQ.G15.000031" in rows) for _ in range(3)]
        assert [each.result() for each in (first, *others)] == [True] * 4


def test_loading_rules_pulls_in_no_heavy_library() -> None:
    heavy = "{'pandas', 'numpy', 'prefect', 'sqlalchemy', 'cv2', 'great_expectations'}"
    script = (
        f"import sys; from configs.loader import load_rulebook as l; l(); print({heavy} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT.parent
    )
    assert done.stdout.strip() == "set()"


@pytest.fixture
def rules_copy(tmp_path: Path) -> Path:
    copy = tmp_path / "configs"
    copy.mkdir()
    for name in ("kinds", "units", "lists"):
        shutil.copytree(ROOT / name, copy / name)
    for path in (*ROOT.glob("*.toml"), *ROOT.glob("*.csv")):
        shutil.copy(path, copy / path.name)
    return copy


def append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")


def test_the_version_follows_the_rules(rules_copy: Path) -> None:
    before = load_rulebook(rules_copy).version
    load_kinds.cache_clear()
    other = rules_copy.parent / "other"
    shutil.copytree(rules_copy, other)
    append(other / "thresholds.toml", "# a note")
    assert load_rulebook(other).version != before


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("targets.csv", "tinh,,,,2021,0.4,A,2021-06-16,,another,V", "dates overlap"),
        ("targets.csv", "tinh,,,,2031,1.4,A,2021-06-16,,x,V", "share"),
        ("targets.csv", "tinh,,,,2031", "cells"),
        ("validity.csv", "x,no_such_kind,PERMANENT,,,,,,x,V", "no such kind"),
        ("validity.csv", "x,decision,TERM_FROM_ISSUE,,,,1990-01-01,1991-01-01,x,V", "term_months"),
        ("image_rules.csv", "no_such_rule,dpi,<,1,warning,,,x,V", "no such finding"),
        ("image_rules.csv", "image_blurred,colour,<,1,info,,,x,V", "no such property"),
        ("agencies.csv", "Sở Y tế,SYT,tinh,,,,,,x,V", "dates overlap"),
        ("units/units-2025-07.csv", "22366,xa,Phường Khác,56,2025-07-01,,x,V", "dates overlap"),
        ("units/units-2025-07.csv", "99999,lang,Làng Khác,56,2025-07-01,,x,V", "level"),
    ],
)
def test_a_broken_row_is_named_with_its_file(rules_copy: Path, file: str, line: str, told: str) -> None:
    append(rules_copy / file, line)
    with pytest.raises(ConfigurationError, match=told) as error:
        load_targets(rules_copy)
        load_image_rules(rules_copy)
        load_rulebook(rules_copy)
    assert Path(file).name in str(error.value) or "units" in str(error.value)


@pytest.mark.parametrize(
    ("key", "old", "new", "told"),
    [
        ("kind_known", "ToNotBeNull", "ToBeNice", "no such expectation"),
        ("kind_known", '["kind"]', '["colour"]', "no such column: colour"),
        ("kind_known", '["kind"]', '["kind", "unit"]', "takes 1 columns"),
        ("first_page_unique", '["sha256", "first_page"]', '["sha256"]', "takes two or more columns"),
        ("pages_accounted", "value_set", "values", "no such argument: values"),
        ("pages_accounted", "[true]", "[]", "value_set: empty"),
        ("pages_accounted", "[true]", "true", "wrong type"),
        ("pages_accounted", "arguments = { value_set = [true] }", "", "missing argument: value_set"),
        ("page_confidence", "min_value = 0.6, max_value = 1.0", "", "min_value or max_value"),
        ("kind_confidence", "thresholds.kind", "thresholds.kid", "no such threshold"),
        ("number_wellformed", "^(?=.*9)", "^(?=.*9", "regex"),
        ("number_wellformed", "^(?=.*9)", "(?=.*9)", "must begin with"),
        ("stored", "linked = false", "copied = false", "no such column: copied"),
        ("stored", 'route = "accepted"', "route = []", "where.route"),
        ("stored", 'severity = "error"', 'severity = "grave"', "severity"),
        ("stored", "2021-06-16", '"soon"', "effective_from"),
        ("stored", 'key = "stored"', 'key = "kept"', "no words for it"),
        ("stored", 'key = "stored"', 'key = "code_unique"', "dates overlap"),
    ],
)
def test_a_broken_expectation_is_named(rules_copy: Path, key: str, old: str, new: str, told: str) -> None:
    path = rules_copy / "expectations.toml"
    head, mark, rest = path.read_text(encoding="utf-8").partition(f'key = "{key}"')
    assert old in mark + rest
    path.write_text(head + (mark + rest).replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=re.escape(told)) as error:
        load_expectations(rules_copy)
    assert "expectations.toml" in str(error.value)
    assert new.split('"')[1] in str(error.value) if new.startswith("key") else key in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "decision"', 'id = "decree"', "not the file's name"),
        ("result_codes = []", 'result_codes = ["KQ.G15"]', "not a result code"),
        ('title = "Quyết định"', 'titel = "Quyết định"', "titel"),
        ("fields = []", 'fields = [{name = "x", pattern = "("}]', "x"),
    ],
)
def test_a_broken_kind_is_named_with_its_file(rules_copy: Path, old: str, new: str, told: str) -> None:
    path = rules_copy / "kinds" / "decision.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told) as error:
        load_kinds(rules_copy)
    assert "decision.toml" in str(error.value)
