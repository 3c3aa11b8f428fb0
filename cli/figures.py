"""`sohoa quota`, `inventory`, `lists`, `units`: figures and the dated lists behind them."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.app import AsJson, Home, Lang, Operator, app, inventory_app, lists_app, settings_of, units_app
from cli.batch import database_of
from cli.shapes import print_json
from configs.messages import text
from schemas.clock import today
from schemas.errors import UsageError
from schemas.text import mask_identifier, vn_date, vn_number, vn_percent

_MOST_PLACES: Final = 6  # named in one note


def _day(given: str | None) -> date:
    if given is None:
        return today()
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(given, form).date()
        except ValueError:
            continue
    raise UsageError(f"no date: {given}", remedy="date_malformed", value=given)


@app.command("quota")
def quota(
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Ngày chốt (2026-11-30 hoặc 30/11/2026).")
    ] = None,
    reading: Annotated[str, typer.Option("--reading", help="Cách đọc «tăng 20 %»: A, B hoặc C.")] = "A",
    explain: Annotated[
        Path | None,
        typer.Option("--explain", metavar="CSV", help="Ghi từng giấy tờ được tính hay không, và vì sao."),
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Tỷ lệ số hóa so với chỉ tiêu, theo cấp và đơn vị."""
    settings = settings_of(home, lang, operator)
    from configs.loader import load_kinds, load_targets  # noqa: PLC0415
    from quality.quotas import compute  # noqa: PLC0415
    from storage.catalogue import figures  # noqa: PLC0415
    from workspace.counting import papers_as_of  # noqa: PLC0415

    day = _day(as_of)
    with database_of(settings) as database:
        report, reasons = compute(
            papers_as_of(database, day),
            figures.inventory(database),
            figures.elsewhere(database),
            load_targets(),
            day,
            today(),
            reading,
            kinds_without_code=[kind.id for kind in load_kinds() if not kind.result_codes],
            explain=explain is not None,
        )
    if explain is not None:
        _write_reasons(explain, reasons, settings.lang)
    if as_json:
        shape = report.model_dump(mode="json", exclude={"notes"})
        print_json(shape)
    else:
        _print_quota(report, settings.lang)
    return 0


def _write_reasons(path: Path, reasons: list[Any], lang: str) -> None:
    """Every paper in and out with its reason; identifiers in codes masked."""
    from quality.sentences import REASONS, say  # noqa: PLC0415

    keys = ("document_id", "level", "unit", "kind", "code", "counted", "unknown_validity", "reason")
    with open(path, "w", encoding="utf-8-sig", newline="", opener=_private) as out:
        writer = csv.writer(out)
        writer.writerow([text(f"head.{key}", lang) for key in keys])
        for row in reasons:
            cells = row.model_dump()
            cells["code"] = _masked(cells["code"])
            cells["reason"] = (
                say(REASONS, cells["reason"], lang) if cells["reason"] in REASONS else cells["reason"]
            )
            writer.writerow(["" if cells[key] is None else cells[key] for key in keys])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _masked(code: str | None) -> str | None:
    if not code:
        return code
    owner = code.partition(".")[0]
    # An enterprise's number is its own identifier: it must not stand in the clear further on.
    return code.replace(owner, mask_identifier(owner)) if owner else code


def _print_quota(report: Any, lang: str) -> None:
    from cli.tables import print_table  # noqa: PLC0415
    from quality.quota_notes import grouped  # noqa: PLC0415
    from quality.sentences import NOTES, say  # noqa: PLC0415

    title = text("quota.title", lang, date=vn_date(report.as_of))
    if not report.rows:
        sys.stdout.write(f"{title}\n{text('quota.none', lang)}\n")
        return
    keys = (
        "level",
        "unit",
        "digitised",
        "unknown_validity",
        "elsewhere",
        "inventory",
        "basis",
        "rate",
        "rate_with_elsewhere",
        "target",
    )
    print_table(
        [text(f"head.{key}", lang) for key in keys],
        [_quota_cells(row, lang) for row in report.rows],
        numbers={2, 3, 4, 5, 7, 8, 9},
        title=title,
    )
    for note in grouped(report.notes):
        places = [unit or text(f"level.{level}", lang) for level, unit in note.places]
        named = ", ".join(places[:_MOST_PLACES])
        if len(places) > _MOST_PLACES:
            named += " " + text("quota.more_places", lang, count=vn_number(len(places) - _MOST_PLACES))
        sys.stdout.write(f"* {named}: {say(NOTES, note.code, lang, **note.params)}\n")
    if report.live:
        sys.stdout.write(text("quota.live", lang) + "\n")
    sys.stdout.write(text("quota.reading", lang, reading=report.reading) + "\n")


def _quota_cells(row: Any, lang: str) -> list[str]:
    unit = row.unit or text("quota.unresolved" if row.level == "unresolved" else "quota.total", lang)
    return [
        text(f"level.{row.level}", lang),
        unit,
        vn_number(row.digitised),
        vn_number(row.unknown_validity),
        vn_number(row.elsewhere),
        text("quota.no_inventory", lang) if row.inventory is None else vn_number(row.inventory),
        text(f"basis.{row.basis}", lang) if row.basis else "–",
        _rate(row.rate),
        _rate(row.rate_with_elsewhere),
        vn_percent(row.target) if row.target is not None else text("quota.no_target", lang),
    ]


def _rate(rate: Any) -> str:
    if rate is None:
        return "–"
    if rate.low == rate.high:
        return vn_percent(rate.low)
    return f"{vn_percent(rate.low)} – {vn_percent(rate.high)}"


@inventory_app.command("import")
def inventory_import(
    table: Annotated[Path, typer.Argument(metavar="FILE", help="CSV hoặc XLSX.")],
    elsewhere: Annotated[bool, typer.Option("--elsewhere", help="Kết quả đã số hóa ở nơi khác.")] = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Nhập số liệu kiểm kê, hoặc kết quả đã số hóa ở nơi khác."""
    settings = settings_of(home, lang, operator)
    from quality.inventory import read_elsewhere, read_inventory  # noqa: PLC0415
    from storage.catalogue import figures  # noqa: PLC0415

    unit_of, kind_of = _resolvers()
    if elsewhere:
        results = read_elsewhere(table, unit_of, kind_of)
        _refuse(results.problems, settings.lang)
        with _evidenced(settings) as database:
            count = figures.add_elsewhere(database, results.rows)
    else:
        counted = read_inventory(table, unit_of, kind_of)
        _refuse(counted.problems, settings.lang)
        with _evidenced(settings) as database:
            figures.put_inventory(database, counted.rows)
            count = len(counted.rows)
    key = "inventory.elsewhere" if elsewhere else "inventory.imported"
    sys.stdout.write(text(key, settings.lang, count=count) + "\n")
    return 0


@contextmanager
def _evidenced(settings: Any) -> Iterator[Any]:
    """The catalogue, current with its store; what is entered goes into the house chain and is stored at the end."""
    from storage import outbox  # noqa: PLC0415
    from storage.objects import open_store  # noqa: PLC0415

    store = open_store(settings.store, settings.home)
    with database_of(settings) as database:
        outbox.require_current(database, store)
        yield database
        outbox.send_all(database, store)


def _refuse(problems: Sequence[Any], lang: str) -> None:
    """One bad row and nothing is imported: say every problem, then end as wrong usage does."""
    if not problems:
        return
    from quality.inventory import describe  # noqa: PLC0415

    lines = [text("inventory.refused", lang, count=len(problems))]
    lines += ["  • " + " → ".join(describe(problem, lang)) for problem in problems]
    raise UsageError("\n".join(lines), remedy="verbatim")


def _resolvers() -> tuple[Any, Any]:
    """How a table's units and kinds are known: by the same lists, and under the same names, as papers are."""
    from configs.loader import load_rulebook  # noqa: PLC0415
    from extractors.units import resolve  # noqa: PLC0415
    from schemas.batches import BatchSheet  # noqa: PLC0415
    from schemas.text import fold  # noqa: PLC0415

    book = load_rulebook()

    def unit_of(said: str, level: Any) -> Any:
        placed = resolve(said, None, BatchSheet(owning_unit=said), book)
        if placed.unit is None or (level is not None and placed.level != level):
            return None
        return placed.level, placed.unit

    def kind_of(said: str) -> str | None:
        wanted = fold(said)
        return next((kind.id for kind in book.kinds if wanted in {kind.id, fold(kind.title)}), None)

    return unit_of, kind_of


@inventory_app.command("template")
def inventory_template(
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx")],
    elsewhere: Annotated[
        bool, typer.Option("--elsewhere", help="Biểu mẫu cho kết quả đã số hóa ở nơi khác.")
    ] = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Ghi biểu mẫu XLSX để điền."""
    settings = settings_of(home, lang, operator)
    from configs.loader import load_kinds  # noqa: PLC0415
    from quality.inventory_template import write_template  # noqa: PLC0415

    kinds = [kind.title for kind in load_kinds()]
    write_template(out, "elsewhere" if elsewhere else "inventory", kinds=kinds)
    sys.stdout.write(text("inventory.template", settings.lang, path=out) + "\n")
    return 0


@lists_app.command("import")
def lists_import(
    kind: Annotated[str, typer.Argument(metavar="procedures|result-types")],
    table: Annotated[Path, typer.Argument(metavar="CSV")],
    effective: Annotated[str, typer.Option("--from", metavar="DATE", help="Ngày bắt đầu hiệu lực.")],
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Nhập danh mục thủ tục hoặc loại kết quả mới hơn."""
    settings = settings_of(home, lang, operator)
    from configs.lists import import_list  # noqa: PLC0415

    path = import_list(kind, table, _day(effective), settings.home / "lists")  # type: ignore[arg-type]
    sys.stdout.write(text("lists.imported", settings.lang, path=path) + "\n")
    return 0


@lists_app.command("diff")
def lists_diff(
    kind: Annotated[str, typer.Argument(metavar="procedures|result-types")],
    new: Annotated[Path, typer.Argument(metavar="NEW.csv")],
    old: Annotated[
        Path | None, typer.Argument(metavar="[OLD.csv]", help="Mặc định: danh mục đang dùng.")
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """So sánh hai danh mục."""
    settings = settings_of(home, lang, operator)
    from configs.lists import diff_lists, in_force  # noqa: PLC0415
    from configs.loader import ROOT  # noqa: PLC0415

    before = old or in_force(ROOT / "lists", settings.home / "lists", today())[kind]  # type: ignore[index]
    found = diff_lists(kind, before, new)  # type: ignore[arg-type]
    if as_json:
        print_json(found.model_dump())
        return 0
    for mark, codes in (("added", found.added), ("removed", found.removed)):
        for code in codes:
            sys.stdout.write(f"{text(f'lists.{mark}', settings.lang)}\t{code}\n")
    for code, was, now in found.changed:
        sys.stdout.write(f"{text('lists.changed', settings.lang)}\t{code}\t{was} → {now}\n")
    if not (found.added or found.removed or found.changed):
        sys.stdout.write(text("lists.same", settings.lang) + "\n")
    return 0


@units_app.command("list")
def units_list(
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE")] = None,
    as_json: AsJson = False,
    home: Home = None,
    lang: Lang = None,
    operator: Operator = None,
) -> int:
    """Đơn vị hành chính vào một ngày."""
    settings = settings_of(home, lang, operator)
    from configs.loader import load_units  # noqa: PLC0415

    day = _day(as_of)
    units = [unit for unit in load_units() if unit.holds_on(day)]
    if as_json:
        print_json([unit.model_dump(mode="json") for unit in units])
        return 0
    from cli.tables import print_table  # noqa: PLC0415

    print_table(
        [text(f"head.{key}", settings.lang) for key in ("code", "level", "name", "unit")],
        [
            [unit.code, text(f"level.{unit.level}", settings.lang), unit.name, unit.parent or ""]
            for unit in units
        ],
    )
    return 0
