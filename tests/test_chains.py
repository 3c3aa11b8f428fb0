"""Chains of provenance: sealed with what they describe, linked, sent once, and never sent over another object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import CatalogueOlder
from schemas.stores import StoreSpec
from storage import outbox
from storage.catalogue import chains, documents, views
from storage.catalogue.database import Database
from storage.catalogue.events import chain_of
from storage.objects import ObjectStore, keys, open_store, sha256_of
from tests.papers import new_catalogue, paper, store

BATCH = "lô 1"


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Database]:
    database = new_catalogue(tmp_path)
    yield database
    database.close()


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return open_store(StoreSpec(root=tmp_path / "store"), tmp_path)


def shown_code(catalogue: Database) -> str | None:
    (row,) = views.show(catalogue, BATCH)["documents"]
    code: str | None = row["code"]
    return code


def test_a_code_is_shown_only_once_its_event_is_stored(catalogue: Database, objects: ObjectStore) -> None:
    (done,) = store(catalogue, paper("one"))
    assert done.code is not None
    assert shown_code(catalogue) is None
    outbox.send(catalogue, objects)
    assert shown_code(catalogue) == done.code


def test_each_object_of_a_chain_holds_the_digest_of_the_one_before(
    catalogue: Database, objects: ObjectStore
) -> None:
    store(catalogue, paper("one"), file="a.pdf")
    store(catalogue, paper("two", number="2/2020"), file="b.pdf")
    outbox.send(catalogue, objects)
    chain = chain_of(BATCH)
    stored = [objects.read(keys.chain_object(chain, seq)) for _, seq in outbox.chain_keys(objects, chain)]
    plain = [json.loads(data) for data in stored]
    assert [each["seq"] for each in plain] == list(range(1, len(plain) + 1))
    assert [each["previous"] for each in plain] == [None, *map(sha256_of, stored[:-1])]
    assert [each["order"] for each in plain] == sorted(each["order"] for each in plain)


def test_a_transaction_that_fails_leaves_nothing_in_a_chain(catalogue: Database) -> None:
    with pytest.raises(RuntimeError), catalogue.write() as connection:
        chains.add(connection, chains.HOUSE, {"anchor": {}}, urgent=True)
        raise RuntimeError
    with catalogue.read() as connection:
        assert chains.HOUSE not in chains.heads(connection)
        assert not chains.waiting(connection)


def test_an_object_put_and_then_killed_before_it_was_marked_is_put_again_without_harm(
    catalogue: Database, objects: ObjectStore
) -> None:
    store(catalogue, paper("one"))
    with catalogue.read() as connection:
        (first, *_) = chains.unsent(connection)
    key = keys.chain_object(first.chain, first.seq)
    objects.put_if_absent(key, first.data, sha256=first.sha256, content_type="application/json")
    outbox.send(catalogue, objects)
    assert shown_code(catalogue) is not None
    assert objects.read(key) == first.data


def test_another_object_in_the_next_place_is_never_overwritten_and_means_an_older_catalogue(
    catalogue: Database, objects: ObjectStore
) -> None:
    store(catalogue, paper("one"))
    key, other = keys.chain_object(chain_of(BATCH), 1), b'{"of": "another catalogue"}\n'
    objects.put_if_absent(key, other, sha256=sha256_of(other), content_type="application/json")
    with pytest.raises(CatalogueOlder) as caught:
        outbox.send(catalogue, objects)
    assert (caught.value.remedy, caught.value.exit_code) == ("catalogue_older", 1)
    assert objects.read(key) == other
    assert shown_code(catalogue) is None


def test_a_catalogue_behind_its_store_is_refused_and_one_ahead_of_it_is_not(
    catalogue: Database, objects: ObjectStore
) -> None:
    store(catalogue, paper("one"))
    outbox.require_current(catalogue, objects, [BATCH])
    outbox.send(catalogue, objects)
    outbox.require_current(catalogue, objects, [BATCH])
    with catalogue.read() as connection:
        seq = chains.heads(connection)[chain_of(BATCH)][0] + 1
    data = chains.dump(chain_of(BATCH), seq, None, 99, [])
    key = keys.chain_object(chain_of(BATCH), seq)
    objects.put_if_absent(key, data, sha256=sha256_of(data), content_type="application/json")
    with pytest.raises(CatalogueOlder):
        outbox.require_current(catalogue, objects, [BATCH])


def test_a_voided_code_stays_in_the_chain_as_it_stood_and_as_it_stands(
    catalogue: Database, objects: ObjectStore
) -> None:
    (done,) = store(catalogue, paper("one"))
    assert done.code is not None
    documents.void_code(catalogue, done.code, reason="đọc sai", operator="minh")
    outbox.send(catalogue, objects)
    states = [
        row["state"]
        for entry in outbox.stored_entries(objects, chain_of(BATCH))
        if entry.get("table") == "code"
        for row in entry["rows"]
    ]
    assert states == ["issued", "void"]
