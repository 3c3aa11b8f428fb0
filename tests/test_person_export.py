"""One person's papers, exported for a purpose: what the file holds, what it hides, and who is recorded for it."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.objects import sha256_of
from tests.kept_home import by_file, flip, object_path
from tests.machine import Machine
from workspace.person_export import masked_but

OWNER = "056221001234"


def export(machine: Machine, *more: str, owner: str = OWNER) -> Any:
    return machine.run("person", "export", owner, machine.folder / "out.zip", *more)


def test_the_file_holds_metadata_pdfa_and_trace_of_each_paper(machine: Machine) -> None:
    done = export(machine, "--purpose", "yêu cầu của công dân", "--document", "07/ĐN")
    assert done.returncode == 0, done.stderr
    assert OWNER not in done.stdout
    out = machine.folder / "out.zip"
    assert out.stat().st_mode & 0o077 == 0
    papers = by_file(machine)
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert (manifest["owner"], manifest["purpose"]) == (OWNER, "yêu cầu của công dân")
        listed = {each["document"]: each for each in manifest["papers"]}
        assert listed.keys() == {paper["id"] for paper in papers.values()}
        for paper in papers.values():
            folder = listed[paper["id"]]["folder"]
            data = archive.read(f"{folder}/{paper['id']}.pdf")
            assert hashlib.sha256(data).hexdigest() in paper["pdfa"]
            metadata = json.loads(archive.read(f"{folder}/metadata.json"))
            assert metadata["fields"]["owner_id"]["value"] == OWNER
            for name in ("trace.json", "trace.html"):
                assert OWNER not in archive.read(f"{folder}/{name}").decode()


def test_every_paper_tells_who_exported_it_and_what_for(machine: Machine) -> None:
    assert export(machine, "--purpose", "thanh tra").returncode == 0
    sha256 = sha256_of((machine.folder / "out.zip").read_bytes())
    for paper in by_file(machine).values():
        trace = machine.json("trace", paper["id"])
        (event,) = [each for each in trace["events"] if each["type"] == "person export"]
        assert (event["agent"], event["detail"]["purpose"]) == ("chị Lan", "thanh tra")
        assert event["detail"]["sha256"] == sha256


@pytest.mark.parametrize("more", [(), ("--purpose", " ")])
def test_without_a_purpose_nothing_is_exported_or_recorded(machine: Machine, more: tuple[str, ...]) -> None:
    refused = export(machine, *more)
    assert refused.returncode == 2 and "--purpose" in refused.stderr
    assert not (machine.folder / "out.zip").exists()
    trace = machine.json("trace", by_file(machine)["a.png"]["id"])
    assert "person export" not in {each["type"] for each in trace["events"]}


def test_a_person_without_papers_a_wrong_number_and_a_file_that_is_there_are_refused(
    machine: Machine,
) -> None:
    absent = export(machine, "--purpose", "x", owner="001199000001")
    assert absent.returncode == 2 and "001199000001" not in absent.stderr
    assert export(machine, "--purpose", "x", owner="12").returncode == 2
    (machine.folder / "out.zip").write_bytes(b"mine")
    assert export(machine, "--purpose", "x").returncode == 2
    assert (machine.folder / "out.zip").read_bytes() == b"mine"


def test_a_paper_that_waits_for_a_person_and_has_no_code_is_exported_too(quick_review: Machine) -> None:
    done = export(quick_review, "--purpose", "x", owner="056 221 001 234")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(quick_review.folder / "out.zip") as archive:
        (name,) = [each for each in archive.namelist() if each.endswith("metadata.json")]
        told = json.loads(archive.read(name))
    assert told["code"] is None and told["fields"]["owner_id"]["value"] == OWNER


def test_a_damaged_paper_is_named_and_the_others_are_exported(machine: Machine) -> None:
    paper = by_file(machine)["a.png"]
    flip(object_path(machine, paper["pdfa"]))
    done = export(machine, "--purpose", "x")
    assert done.returncode == 3 and paper["id"] in done.stdout
    with zipfile.ZipFile(machine.folder / "out.zip") as archive:
        states = {
            each["document"]: each["pdfa"] for each in json.loads(archive.read("manifest.json"))["papers"]
        }
    assert states.pop(paper["id"]) == "damaged" and set(states.values()) == {"whole"}


@given(other=st.from_regex(r"[0-9]{12}", fullmatch=True).filter(lambda number: number != OWNER))
def test_the_owners_number_stays_and_that_of_another_is_hidden(other: str) -> None:
    told = masked_but(OWNER, "subject", f"Cha: {other}; con: {OWNER}, mẹ {other}.")
    assert told.count(OWNER) == 1 and other not in told
    assert not re.search(r"(?<!\d)\d{12}(?!\d)", told.replace(OWNER, ""))
