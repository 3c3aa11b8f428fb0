"""Search where the catalogue is PostgreSQL: the index lies beside it, and every home finds the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import text

import samples
from schemas.text import strip_accents
from storage.catalogue.database import Database
from storage.search.postgres import SCHEMA
from tests.machine import Machine
from tests.servers import postgresql


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, Machine, str]]:
    """Two homes on one catalogue and one store; the first has read three papers."""
    folder = tmp_path_factory.mktemp("shared")
    with postgresql() as url:
        shared = {
            "SOHOA_DATABASE_URL": url,
            "SOHOA_ORCHESTRATOR": "plain",
            "SOHOA_STORE_PATH": str(folder / "store"),
        }
        one, other = (Machine(folder / name, **shared) for name in ("one", "other"))
        samples.make(one.inbox, 3, 5, batches=["2026-phuong-nha-trang"], clean=True, container="pdf_jpeg")
        done = one.run("digitize", one.inbox / "2026-phuong-nha-trang")
        assert done.returncode == 0, done.stderr
        yield one, other, url


def hits(machine: Machine, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = machine.json("search", *words)["hits"]
    return found


def agency(machine: Machine) -> str:
    return str(hits(machine, "--from", "01/01/1900")[0]["agency"])


def test_homes_share_the_index_and_none_lies_in_a_home(homes: tuple[Machine, Machine, str]) -> None:
    one, other, _ = homes
    said = agency(one)
    own = hits(one, said)
    assert own and own == hits(other, said) == hits(other, strip_accents(said))
    assert own[0]["snippet"]["box"] is not None
    assert [path for machine in (one, other) for path in machine.home.glob("search.db*")] == []


def test_a_file_that_a_home_had_before_goes(homes: tuple[Machine, Machine, str]) -> None:
    one = homes[0]
    (one.home / "search.db").write_bytes(b"words of papers")
    assert agency(one) and not (one.home / "search.db").exists()


@pytest.mark.parametrize(
    "damage", ["DROP TABLE {0}.paper", "DROP SCHEMA {0} CASCADE", "TRUNCATE {0}.paper, {0}.mark"]
)
def test_an_index_that_was_lost_is_made_again_by_the_next_search(
    homes: tuple[Machine, Machine, str], damage: str
) -> None:
    one, other, url = homes
    before = hits(one, agency(one))
    with closing(Database(url)) as database, database.engine.begin() as connection:
        connection.execute(text(damage.format(SCHEMA)))
    assert hits(other, agency(one)) == before
    assert one.json("search", "--rebuild")["indexed"] == 3


def test_a_corrected_value_is_found_at_once_from_another_home(homes: tuple[Machine, Machine, str]) -> None:
    one, other, _ = homes
    paper = hits(one, agency(one))[0]["id"]
    done = one.run("review", "set", paper, "subject=cấp phép nuôi yến sào", "--operator", "chị Lan")
    assert done.returncode == 0, done.stderr
    assert [each["id"] for each in hits(other, "yến sào")] == [paper]
