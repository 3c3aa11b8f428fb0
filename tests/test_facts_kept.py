"""How facts are kept: moved from a catalogue of before, rebuilt from a store of before, the same on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text, update

from quality.quotas import compute
from schemas.facts import Origin
from schemas.quotas import ElsewhereRow, InventoryRow, RevocationRow
from storage import outbox, rebuilding
from storage.catalogue import chains, facts, figures
from storage.catalogue import documents as stored
from storage.catalogue import schema as t
from storage.catalogue.database import MIGRATIONS, Database
from storage.catalogue.events import now
from storage.catalogue.figures_papers import papers
from storage.objects import ObjectStore
from storage.objects.local import LocalStore
from tests.papers import new_catalogue, paper, store, version_of
from tests.servers import postgresql
from workspace.counting import counted_on, stored_papers

BIRTHS = InventoryRow(
    level="xa", unit="Xã Diên An", kind="birth_certificate", year=2021, count=20, basis="register"
)
REPORT = ElsewhereRow(
    level="xa",
    unit="Xã Diên An",
    kind="birth_certificate",
    digitised_on=date(2021, 6, 15),
    count=500,
    evidence="Báo cáo 77",
)
OLD_INVENTORY = BIRTHS.model_dump(exclude={"effective_on"})
OLD_ELSEWHERE = REPORT.model_dump(mode="json")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'c.db'}"
    import psycopg

    server = request.getfixturevalue("server")
    name = f"t{tmp_path.name.lower()}".replace("-", "_")[:60]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return str(server.rpartition("/")[0] + f"/{name}")


@pytest.fixture
def catalogue(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


def before_facts(url: str) -> None:
    """A catalogue of version 0008 with an inventory and twice the same result elsewhere, once with other evidence."""
    database = Database(url, migrate=False)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = database.engine
    command.upgrade(config, "0008")
    corrected = {**OLD_ELSEWHERE, "evidence": "Báo cáo 78"}
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO inventory (level, unit, kind, year, count, basis, source)"
                " VALUES (:level, :unit, :kind, :year, :count, :basis, :source)"
            ),
            OLD_INVENTORY,
        )
        for number, row in enumerate((OLD_ELSEWHERE, corrected), start=1):
            connection.execute(
                text("INSERT INTO elsewhere (row_hash, data) VALUES (:hash, :data)"),
                {"hash": f"{number:064x}", "data": json.dumps(row)},
            )
    database.close()


def test_a_catalogue_of_before_moves_over_and_its_figures_stay(url: str) -> None:
    before_facts(url)
    started = now()
    database = Database(url)
    with closing(database):
        assert figures.inventory(database) == [BIRTHS]
        # Both rows counted before; a person says which one is wrong.
        assert [row.evidence for row in figures.elsewhere(database)] == ["Báo cáo 77", "Báo cáo 78"]
        (fact,) = facts.history(database, facts.INVENTORY)
        assert started <= fact.origin.known_at <= now() and fact.origin.operator == ""
        done = figures.put_inventory(database, [BIRTHS.model_copy(update={"count": 40})])
        assert (done.superseding, [row.count for row in figures.inventory(database)]) == (1, [40])
        assert figures.inventory(database, fact.origin.known_at) == [BIRTHS]
        figures.add_elsewhere(database, [REPORT.model_copy(update={"count": 450})])
        assert sum(row.count for row in figures.elsewhere(database)) == 950


@pytest.mark.parametrize("chained", [True, False])
def test_what_was_moved_over_is_rebuilt_as_known_at_the_move(url: str, tmp_path: Path, chained: bool) -> None:
    before_facts(url)
    kept = LocalStore(tmp_path / "store")
    if chained:
        with closing(Database(url, migrate=False)) as old, old.write() as connection:
            entry = {"table": "inventory", "rows": [OLD_INVENTORY]}
            chains.add(connection, chains.HOUSE, entry, urgent=True)
    database = Database(url)
    with closing(database):
        outbox.require_current(database, kept)
        outbox.send_all(database, kept)
        expected = facts.history(database, facts.INVENTORY), facts.history(database, facts.ELSEWHERE)
    again = rebuilt(kept, tmp_path)
    with closing(again):
        assert (facts.history(again, facts.INVENTORY), facts.history(again, facts.ELSEWHERE)) == expected


def test_a_store_of_before_is_rebuilt_with_its_facts(tmp_path: Path) -> None:
    kept = LocalStore(tmp_path / "store")
    with closing(new_catalogue(tmp_path)) as database, database.write() as connection:
        rows: list[tuple[str, dict[str, Any]]] = [
            ("inventory", {**OLD_INVENTORY, "count": 19}),
            ("inventory", OLD_INVENTORY),
            ("elsewhere", {"id": 7, "row_hash": "f" * 64, "data": OLD_ELSEWHERE}),
        ]
        for table, row in rows:
            chains.add(connection, chains.HOUSE, {"table": table, "rows": [row]}, urgent=True)
        chains.seal(connection)
        for sealed in chains.unsent(connection):
            outbox._put(kept, sealed)
    again = rebuilt(kept, tmp_path)
    with closing(again):
        assert figures.inventory(again) == [BIRTHS]
        assert figures.elsewhere(again) == [REPORT]
        assert [fact.id for fact in facts.history(again, facts.ELSEWHERE)] == [7]
        assert figures.put_inventory(again, [BIRTHS]).known == 1


def rebuilt(kept: ObjectStore, folder: Path) -> Database:
    database = new_catalogue(folder)
    assert rebuilding.rebuild(kept, database).problems == ()
    return database


def test_a_clock_set_back_puts_no_row_before_the_one_it_supersedes(
    catalogue: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures.put_inventory(catalogue, [BIRTHS])
    monkeypatch.setattr(facts, "now", lambda: "2001-01-01T00:00:00.000+00:00")
    figures.put_inventory(catalogue, [BIRTHS.model_copy(update={"count": 40})])
    assert [row.count for row in figures.inventory(catalogue)] == [40]


def rate(database: Database, known_at: str | None = None) -> tuple[int, int | None]:
    """Papers counted today, and the inventory, as known at a moment."""
    day = date.today() + timedelta(days=1)
    report, _ = compute(
        counted_on(stored_papers(database, known_at), day),
        figures.inventory(database, known_at, day),
        figures.elsewhere(database, known_at),
        [],
        day,
        day,
    )
    return next(((row.digitised, row.inventory) for row in report.rows if row.unit), (0, None))


def test_both_databases_give_the_same_figures_at_every_moment(catalogue: Database) -> None:
    moments = [now()]

    def then() -> None:
        moment = now()
        while now() == moment:
            pass
        moments.append(moment)

    (first,) = store(catalogue, paper("a"))
    figures.put_inventory(catalogue, [BIRTHS], Origin(operator="lan", document="05/BB-UBND"))
    then()
    (second,) = store(catalogue, paper("b", number="124/2021"), file="b.pdf")
    figures.put_inventory(catalogue, [BIRTHS.model_copy(update={"count": 40})])
    then()
    assert first.code and second.code
    stored.void_code(catalogue, second.code, reason="cấp nhầm", operator="lan", successor=None, run="r")
    then()
    row = RevocationRow(
        level="xa",
        unit="Xã Diên An",
        number="123/2021",
        kind="birth_certificate",
        effective_on=date(2022, 1, 1),
    )
    facts.enter(catalogue, facts.REVOCATIONS, [row], Origin())
    then()
    expected = [(0, None), (1, 20), (2, 40), (1, 40), (0, 40)]
    assert [rate(catalogue, moment) for moment in moments] == expected
    assert rate(catalogue) == expected[-1]
    assert [row.document_id for row in papers(catalogue, known_at=moments[1])] == [first.document.id]


def test_a_paper_voided_and_coded_again_counts_from_its_first_code_on(catalogue: Database) -> None:
    (done,) = store(catalogue, paper("a"))
    assert done.code
    with catalogue.write() as connection:
        connection.execute(update(t.code).values(issued_at="2021-10-05T02:00:00.000+00:00"))
    stored.void_code(catalogue, done.code, reason="sai số", operator="lan", successor=None, run="r")
    (voided,) = papers(catalogue)
    assert (voided.code, voided.code_voided, voided.digitised_on) == (done.code, True, date(2021, 10, 5))
    assert voided.code_until is not None
    store(catalogue, version_of(paper("a", number="124/2021"), version=2))
    (again,) = papers(catalogue)
    assert again.code != done.code and not again.code_voided and again.code_until is None
    assert again.digitised_on == date(2021, 10, 5)
