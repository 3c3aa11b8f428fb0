"""Counting in the database gives what counting paper by paper gives, whatever happened, and is never stale."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import delete, func, insert, select, update

from quality.frozen_figures import COLUMNS, JUDGED, PAPER, PLACED, judged
from quality.paper_groups import PaperGroups
from schemas.documents import Route, Validity, ValidityState
from schemas.errors import CatalogueError
from schemas.facts import Origin
from schemas.quotas import ElsewhereRow, InventoryRow, QuotaReport, RevocationRow
from schemas.review import VALIDITY
from storage import outbox, rebuilding
from storage.catalogue import documents as stored
from storage.catalogue import facts, figure_counts, figure_stream, figures
from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.objects.local import LocalStore
from tests.papers import new_catalogue, paper, store, version_of
from tests.servers import postgresql
from workspace.counting import columns_on, counted_on, stored_papers
from workspace.figuring import READING, SERIES, figures_from, figures_of, ledger_of, terms_for

TODAY = date(2026, 11, 24)
DAYS = [date(2021, 6, 16), date(2022, 12, 31), date(2024, 1, 1), date(2025, 7, 1), TODAY]
UNITS = [
    ("xa", "Xã Diên An"),
    ("xa", "Xã Ninh Phước"),
    ("xa", "Xã Diên Khánh"),
    ("huyen", "Huyện Diên Khánh"),
    ("tinh", "Sở Xây dựng"),
]
# Kinds of a series by owner or by number, of no series, and one that is not counted.
KINDS = ["poor_household_certificate", "driving_licence", "birth_certificate", "decision", "certified_copy"]
OWNERS = ["056190001234", "056190005678"]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    if request.param == "postgresql":
        import psycopg

        server = request.getfixturevalue("server")
        name = f"t{tmp_path.name.lower()}".replace("-", "_")[:60]
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = str(server.rpartition("/")[0] + f"/{name}")
    database = Database(url)
    yield database
    database.close()


def both(
    database: Database, day: date = TODAY, known_at: str | None = None
) -> tuple[QuotaReport, QuotaReport]:
    """The report counted in the database, and the one made paper by paper."""
    ledger = ledger_of(database, known_at)
    return (
        figures_of(ledger, day, TODAY).report,
        figures_of(ledger, day, TODAY, explain=True).report,
    )


def digitised(database: Database) -> int:
    """Papers counted today, all levels together; both ways must agree."""
    counted, told = both(database, date.today() + timedelta(days=1))
    assert counted == told
    return sum(row.digitised for row in counted.rows if row.unit is None)


def moment(draw: random.Random) -> str:
    """Some moment since 2021, as the catalogue keeps moments."""
    day = date(2021, 1, 1) + timedelta(days=draw.randrange(2150))
    return f"{day.isoformat()}T{draw.randrange(24):02}:{draw.randrange(60):02}:00.000+00:00"


def some_day(draw: random.Random) -> date:
    """Some day; often one at which something turns."""
    turning = [*DAYS, date(2024, 12, 31), date(2025, 6, 30), date(2021, 6, 17), date(2022, 1, 1)]
    return draw.choice([*turning, date(2018, 1, 1) + timedelta(days=draw.randrange(3300))])


def random_papers(database: Database, draw: random.Random, count: int) -> None:
    """Papers of every fate, their rows backdated at random."""
    for number in range(count):
        level, unit = draw.choice(UNITS)
        until = draw.choice([None, some_day(draw)])
        made = paper(
            f"scan {number}",
            number=f"{draw.randrange(50)}/2021",
            owner=draw.choice(OWNERS),
            issue_date=some_day(draw).isoformat(),
            unit=draw.choice([unit] * 6 + [None]),
            route=draw.choice([Route.ACCEPTED] * 4 + [Route.REVIEW]),
        ).model_copy(
            update={
                "level": level,
                "kind": draw.choice(KINDS),
                "validity": Validity(
                    state=draw.choice(list(ValidityState)),
                    until=until.isoformat() if until else None,
                    basis="b",
                    source=draw.choice(["statute", "printed", "operator"]),
                ),
            }
        )
        (done,) = store(database, made, file=f"{number}.pdf")
        if draw.random() < 0.3:
            again = made.model_copy(update={"route": draw.choice(list(Route)), "unit": draw.choice(UNITS)[1]})
            store(database, version_of(again, version=2), file=f"{number}.pdf")
        if done.code and draw.random() < 0.2:
            stored.void_code(database, done.code, reason="nhầm", operator="lan", successor=None, run="r")
    backdate(database, draw)


def backdate(database: Database, draw: random.Random) -> None:
    """Spread what was done over the years, and let persons and rot have their say."""
    with database.write() as connection:
        for row in connection.execute(select(t.document_version)).all():
            mine = (
                t.document_version.c.document_id == row.document_id,
                t.document_version.c.version == row.version,
            )
            connection.execute(update(t.document_version).where(*mine).values(created_at=moment(draw)))
        for code in connection.execute(select(t.code)).all():
            values = {"issued_at": moment(draw)}
            if code.voided_at:
                values["voided_at"] = draw.choice([moment(draw), None])
            connection.execute(update(t.code).where(t.code.c.id == code.id).values(values))
        ids = connection.execute(select(t.document.c.id).order_by(t.document.c.id)).scalars().all()
        for name in draw.sample(ids, 4):
            said = draw.choice(["expired", f"expired {some_day(draw).isoformat()}", "in_force"])
            values = {"value": said, "old": draw.choice(["in_force", "unknown", None]), "target": VALIDITY}
            connection.execute(
                insert(t.decision).values(
                    document_id=name,
                    action="set",
                    operator="lan",
                    at=moment(draw),
                    note="",
                    event="e",
                    **values,
                )
            )
        old, new = draw.sample(ids, 2)
        connection.execute(update(t.document).where(t.document.c.id == old).values(replaced_by=new))
        keys = connection.execute(select(t.document_version.c.sidecar_key).distinct()).scalars().all()
        rotten = [{"key": key, "state": "missing", "round": "r"} for key in draw.sample(sorted(keys), 3)]
        connection.execute(insert(t.fixity), [{**row, "checked_at": moment(draw)} for row in rotten])


def random_facts(database: Database, draw: random.Random) -> None:
    """Inventories, results elsewhere that may repeat ours, revocations that may fit one, none or several."""
    for level, unit in UNITS:
        rows = [
            InventoryRow(
                level=level,
                unit=unit,
                kind=kind,
                year=draw.choice([2020, 2021, 2023]),
                count=draw.randrange(9),
                basis="register",
            )  # type: ignore[arg-type]
            for kind in KINDS
        ]
        figures.put_inventory(database, rows)
        other = ElsewhereRow(
            level=level,
            unit=unit,
            kind="birth_certificate",
            digitised_on=some_day(draw),
            owner=draw.choice([*OWNERS, None]),
            result_type="KQ.G15.000031",
            number=f" {draw.randrange(50)}/2021",
        )  # type: ignore[arg-type]
        figures.add_elsewhere(database, [other])
        ended = RevocationRow(
            level=level,
            unit=unit,
            number=f"{draw.randrange(50)}/2021",
            owner=draw.choice([*OWNERS, None]),
            effective_on=some_day(draw),
        )  # type: ignore[arg-type]
        facts.enter(database, facts.REVOCATIONS, [ended], Origin())


@pytest.mark.parametrize("seed", range(4))
def test_counted_in_the_database_and_paper_by_paper_the_figures_are_the_same(
    catalogue: Database, seed: int
) -> None:
    draw = random.Random(seed)
    random_papers(catalogue, draw, 60)
    random_facts(catalogue, draw)
    seen = 0
    for day in DAYS:
        for known_at in (None, *(moment(draw) for _ in range(3))):
            counted, told = both(catalogue, day, known_at)
            assert counted == told
            seen += sum(row.digitised for row in counted.rows)
    assert seen
    with catalogue.write() as connection:
        for table in (t.inventory, t.elsewhere, t.revocation):
            connection.execute(update(table).values(known_at="2020-01-01T00:00:00.000+00:00"))
    for day in DAYS:
        for known_at in (moment(draw) for _ in range(3)):
            counted, told = both(catalogue, day, known_at)
            assert counted == told


@pytest.mark.parametrize("seed", range(3))
def test_kept_counts_follow_every_change_though_no_day_is_counted_again(
    catalogue: Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(figure_counts, "KEPT_FROM", 0)
    draw = random.Random(seed)
    random_papers(catalogue, draw, 30)
    asked = [(day, known_at) for day in DAYS for known_at in (None, moment(draw))]

    def reports() -> list[QuotaReport]:
        return [figures_of(ledger_of(catalogue, known_at), day, TODAY).report for day, known_at in asked]

    for step in range(30, 50, 5):
        reports()
        for number in range(step, step + 5):
            random_change(catalogue, draw, number)
            figure_counts.refresh(catalogue)
        with monkeypatch.context() as forbidden:
            forbidden.setattr(figure_counts, "count_of", None)
            kept = reports()
        with catalogue.write() as connection:
            held = t.figure_cache.c.groups.is_not(None)
            connection.execute(delete(t.figure_cache).where(held))
        assert reports() == kept
    for day, known_at in asked:
        counted, told = both(catalogue, day, known_at)
        assert counted == told


def random_change(database: Database, draw: random.Random, step: int) -> None:
    """One more paper, one version more of an old one, a code voided, or a word of a person."""
    made = paper(
        f"scan {draw.choice([step, draw.randrange(30)])}",
        number=f"{draw.randrange(50)}/2021",
        owner=draw.choice(OWNERS),
        issue_date=some_day(draw).isoformat(),
        unit=draw.choice(UNITS)[1],
    ).model_copy(update={"kind": draw.choice(KINDS[:2]), "level": draw.choice(UNITS)[0]})
    (done,) = store(database, version_of(made, version=step), file=f"{step}.pdf")
    if done.code and draw.random() < 0.5:
        stored.void_code(database, done.code, reason="nhầm", operator="lan", successor=None, run="r")
    with database.write() as connection:
        ids = connection.execute(select(t.document.c.id).order_by(t.document.c.id)).scalars().all()
        chosen = t.code.c.document_id == draw.choice(ids)
        connection.execute(update(t.code).where(chosen).values(issued_at=moment(draw)))


def test_whatever_changes_a_paper_changes_the_figure_at_once_though_counts_are_kept(
    catalogue: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figure_counts, "KEPT_FROM", 1)

    def kept() -> int:
        with catalogue.read() as connection:
            rows = (
                select(func.count()).where(t.figure_cache.c.groups.is_not(None)).select_from(t.figure_cache)
            )
            return connection.execute(rows).scalar() or 0

    (first,) = store(catalogue, paper("a"))
    assert (digitised(catalogue), kept()) == (1, 1)
    assert digitised(catalogue) == 1
    (second,) = store(catalogue, paper("b", number="124/2021"), file="b.pdf")
    assert digitised(catalogue) == 2
    assert first.code and second.code
    stored.void_code(catalogue, second.code, reason="nhầm", operator="lan", successor=None, run="r")
    assert digitised(catalogue) == 1
    row = RevocationRow(level="xa", unit="Xã Diên An", number="123/2021", effective_on=date(2022, 1, 1))
    entered: Callable[[], object] = lambda: facts.enter(catalogue, facts.REVOCATIONS, [row], Origin())  # noqa: E731
    entered()
    assert digitised(catalogue) == 0
    store(catalogue, paper("c", number="125/2021"), file="c.pdf")
    with catalogue.write() as connection:
        connection.execute(
            insert(t.decision).values(
                document_id=paper("c").id,
                target=VALIDITY,
                action="set",
                value="expired",
                old="in_force",
                operator="lan",
                at="2026-01-01T00:00:00.000+00:00",
                note="",
                event="e",
            )
        )
    assert digitised(catalogue) == 0


def test_a_rebuilt_catalogue_counts_the_same(tmp_path: Path) -> None:
    kept = LocalStore(tmp_path / "store")
    with closing(new_catalogue(tmp_path)) as database:
        store(database, paper("a"))
        outbox.send_all(database, kept)
    with closing(new_catalogue(tmp_path)) as again:
        rebuilding.rebuild(kept, again)
        digitised(again)
        with again.read() as connection:
            spans = select(func.count()).select_from(t.paper_span)
            assert connection.execute(spans).scalar() == 1


def frozen_rows(database: Database, day: date, known_at: str) -> tuple[QuotaReport, list[dict[str, Any]]]:
    """The report and the papers of a frozen set, made in columns."""
    ledger = ledger_of(database, known_at)
    terms = terms_for(ledger, day, READING, SERIES)
    groups = PaperGroups(day, terms, ledger.elsewhere)
    work = partial(figures_from, ledger, day, TODAY, READING, terms)
    tables = judged(columns_on(database, day, known_at, ledger.revocations), groups, work((), ()).tell)
    rows = [row for table in tables for row in table.select(COLUMNS).to_pylist()]
    return work(groups.groups(), groups.named).report, rows


@pytest.mark.parametrize("seed", range(4))
def test_the_papers_of_a_frozen_set_are_those_that_an_explanation_lists_and_give_its_report(
    catalogue: Database, seed: int
) -> None:
    draw = random.Random(seed)
    random_papers(catalogue, draw, 60)
    random_facts(catalogue, draw)
    with catalogue.write() as connection:
        for table in (t.inventory, t.elsewhere, t.revocation):
            connection.execute(update(table).values(known_at="2020-01-01T00:00:00.000+00:00"))
    seen = 0
    for day in DAYS:
        for known_at in (TODAY.isoformat() + "T23:00:00.000+00:00", *(moment(draw) for _ in range(3))):
            told = figures_of(ledger_of(catalogue, known_at), day, TODAY, explain=True)
            papers = {row.document_id: row for row in counted_on(stored_papers(catalogue, known_at), day)}
            report, rows = frozen_rows(catalogue, day, known_at)
            assert report == told.report
            assert [row["document_id"] for row in rows] == sorted(papers)
            by_id = {row.document_id: row for row in told.explanations}
            for row in rows:
                paper_row, explained = papers[row["document_id"]], by_id[row["document_id"]]
                held = {name: getattr(paper_row, name) for name in PAPER}
                assert {name: row[name] for name in PAPER} == held | {"returned": []}
                assert {name: row[name] for name in JUDGED} == {
                    name: getattr(explained, name) for name in JUDGED
                }
                assert all(row[column] == getattr(explained, name) for name, column in PLACED.items())
                seen += 1
    assert seen


def test_columns_read_by_a_process_of_its_own_are_the_same_and_its_end_is_told(
    catalogue: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(5)
    random_papers(catalogue, draw, 60)
    known_at = TODAY.isoformat() + "T23:00:00.000+00:00"
    here = pa.concat_tables(figure_stream.columns(catalogue, known_at)).to_pylist()
    monkeypatch.setattr(figure_stream, "MANY", 0)
    assert pa.concat_tables(figure_stream.columns(catalogue, known_at)).to_pylist() == here != []
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(CatalogueError):
        list(figure_stream.columns(catalogue, known_at))
    start = figure_stream.runner.start

    def gone_before_it_is_asked(*args: Any, **options: Any) -> Any:
        child = start(*args, **options)
        child.process.wait()
        return child

    monkeypatch.setattr(figure_stream.runner, "start", gone_before_it_is_asked)
    with pytest.raises(CatalogueError):
        list(figure_stream.columns(catalogue, known_at))
