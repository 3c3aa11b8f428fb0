"""A store explains itself: by its text alone a paper is found, and its bytes are checked."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from pathlib import Path

from storage.objects.local import LocalStore
from storage.self_description import KEY, describe
from tests.machine import Machine


def test_every_folder_of_a_store_is_explained_and_leads_to_the_paper_as_it_says(machine: Machine) -> None:
    store = machine.home / "store"
    text = (store / KEY).read_text(encoding="utf-8")
    explained = set(re.findall(r"^([a-z]+)/", text, re.MULTILINE))
    assert {path.name for path in store.iterdir() if path.is_dir() and path.name != ".tmp"} <= explained
    # Find a paper as the text tells: documents → rendition → pdfa, and its fingerprint is its name.
    sidecar = json.loads(max((store / "documents").rglob("v*.json")).read_text(encoding="utf-8"))
    assert sidecar["document"]["fields"]
    sha256 = sidecar["rendition"]["sha256"]
    data = (store / "pdfa" / sha256[:2] / f"{sha256}.pdf").read_bytes()
    assert hashlib.sha256(data).hexdigest() == sha256
    # Each link of a chain names the one before.
    links = sorted((store / "events" / "house").glob("*.json"))
    for before, after in itertools.pairwise(links):
        assert (
            json.loads(after.read_text(encoding="utf-8"))["previous"]
            == hashlib.sha256(before.read_bytes()).hexdigest()
        )


def test_an_older_text_gives_way_and_nothing_else_is_touched(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    old = b"an older text"
    store.put(KEY, old, sha256=hashlib.sha256(old).hexdigest(), content_type="text/plain")
    describe(store)
    described = store.read(KEY)
    assert b"originals/" in described
    describe(store)
    assert store.read(KEY) == described
