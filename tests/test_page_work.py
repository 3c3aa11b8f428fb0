"""Pages split, joined, turned and replaced by hand: seen by other commands, kept by later runs and by a rebuild."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from schemas.reading import ImageMeasures
from storage.catalogue import documents
from storage.objects import sha256_of
from storage.sidecars import read_sidecar
from tests.command_forks import Forks, quick_machine
from tests.machine import Machine
from tests.printed_pages import Row, page
from tests.reviewed_batch import RULES, birth, digitise, drawn, settings_of
from workspace.opening import open_workspace

BATCH = "hộp-41"
PAGES: list[list[Row]] = [
    birth("141/2021"),
    [("Ghi chép bổ sung của cơ quan đăng ký hộ tịch theo quy định của pháp luật", 0.5, 0.3)],
    birth("142/2021", định_danh="Số định danh cá nhân: 056221009999"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of three pages: a certificate of two, a certificate of one."""
    folder = tmp_path_factory.mktemp("page-work")
    (folder / BATCH).mkdir()
    scan = folder / BATCH / "tập.tif"
    images = [drawn(page(rows)) for rows in PAGES]
    images[0].save(scan, save_all=True, append_images=images[1:], dpi=(300, 300), compression="tiff_lzw")
    with open_workspace(settings_of(folder / "home"), RULES) as workspace:
        digest = RULES.digests(workspace.settings, None).reading
        for number, rows in enumerate(PAGES, 1):
            reading = page(rows, number).model_copy(update={"measures": ImageMeasures(dpi=300.0)})
            workspace.ledger.finished(sha256_of(scan), digest, reading)
        digitise(workspace, folder / BATCH)
    return folder / "home"


@pytest.fixture
def machine(forks: Forks, home: Path, tmp_path: Path) -> Machine:
    return quick_machine(forks, home, tmp_path)


def shown(machine: Machine) -> dict[str, Any]:
    answer: dict[str, Any] = machine.json("batch", "show", BATCH)
    return answer


def by_pages(machine: Machine) -> dict[tuple[int, ...], dict[str, Any]]:
    return {tuple(paper["pages"]): paper for paper in shown(machine)["documents"]}


def lasting(machine: Machine, home: Path) -> None:
    """A later run changes nothing, and a rebuilt catalogue answers the same."""
    before = shown(machine)
    assert machine.run("digitize", home.parent / BATCH, "--plain").returncode == 0
    assert shown(machine) == before
    for file in machine.home.glob("catalogue.db*"):
        file.unlink()
    assert machine.run("rebuild").returncode == 0
    assert shown(machine) == before


def test_a_split_paper_is_replaced_by_its_parts_and_joined_again_it_is_itself(
    machine: Machine, home: Path
) -> None:
    whole = by_pages(machine)[1, 2]
    assert whole["code"]
    arguments = ("pages", "split", whole["id"], "--at", "2", "--reason", "trang 2 là giấy khác")
    refused = machine.run(*arguments)
    assert refused.returncode == 2 and "--code-to" in refused.stderr
    done = machine.json(*arguments, "--code-to", "1")
    first, second = done["documents"]
    assert (first["pages"], first["code"], second["code"]) == ([1], whole["code"], None)
    answer = shown(machine)
    assert answer["pages"]["in"] == answer["pages"]["accounted"] == 3
    assert [paper["pages"] for paper in answer["documents"]] == [[1], [2], [3]]
    assert [(each["id"], each["replaced_by"]) for each in answer["replaced"]] == [
        (whole["id"], [first["id"], second["id"]])
    ]
    trace = machine.json("trace", whole["id"])
    told = [event for event in trace["events"] if event["type"] == "page work"]
    assert [(event["outcome"], event["agent"]) for event in told] == [("split", "chị Lan")]
    assert told[0]["detail"]["reason"] == "trang 2 là giấy khác"
    gone = machine.run("review", "accept", whole["id"])
    assert gone.returncode == 2 and first["id"] in gone.stderr
    lasting(machine, home)
    joined = machine.json("pages", "join", first["id"], second["id"], "--reason", "vẫn là một giấy")
    assert [(each["id"], each["code"]) for each in joined["documents"]] == [(whole["id"], whole["code"])]
    assert {each["id"] for each in shown(machine)["replaced"]} == {first["id"], second["id"]}
    assert machine.run("verify").returncode == 0


def test_a_run_under_other_rules_keeps_split_and_edited_pages(machine: Machine, home: Path) -> None:
    paper = by_pages(machine)[1, 2]
    scan = machine.folder / "quét lại.png"
    drawn(page([("TRANG QUET LAI", 0.5, 0.3)])).save(scan, dpi=(300, 300))
    done = machine.run("pages", "replace", paper["id"], "--page", "2", scan, "--reason", "bị mờ")
    assert done.returncode == 0, done.stderr
    arguments = ("--at", "2", "--code-to", "1", "--reason", "giấy khác", "--lang", "vi")
    assert machine.run("pages", "split", paper["id"], *arguments).returncode == 0
    before = by_pages(machine)
    thresholds = RULES.book.thresholds.model_copy(update={"field": RULES.book.thresholds.field + 0.01})
    book = RULES.book.model_copy(update={"thresholds": thresholds})
    rules = replace(RULES, book=book)
    with open_workspace(settings_of(machine.home), rules) as workspace:
        digitise(workspace, home.parent / BATCH)
        versions = {row.document.pages: row for row in documents.of_batch(workspace.database, BATCH)}
        kept = read_sidecar(workspace.store, versions[2,].sidecar_key)
    assert list(versions) == [(1,), (2,), (3,)]
    assert {pages: row.version for pages, row in versions.items()} == {(1,): 2, (2,): 2, (3,): 2}
    after = by_pages(machine)
    assert [(each["id"], each["code"], each["pdfa"]) for each in after.values()] == [
        (each["id"], each["code"], each["pdfa"]) for each in before.values()
    ]
    assert [source.substitute for source in kept.original.pages] == [sha256_of(scan)]
    assert shown(machine)["pages"]["ocr_passes"] == 1


def test_papers_with_two_codes_or_of_other_places_are_not_joined(machine: Machine) -> None:
    first, second = by_pages(machine).values()
    done = machine.run("pages", "join", first["id"], second["id"], "--reason", "một giấy")
    assert done.returncode == 2 and first["code"] in done.stderr
    assert machine.run("pages", "split", first["id"], "--at", "3", "--reason", "x").returncode == 2
    alone = machine.run("pages", "join", first["id"], first["id"], "--reason", "x")
    assert alone.returncode == 2 and "hai" in alone.stderr


def test_a_split_may_void_the_code_and_the_parts_get_their_own(machine: Machine) -> None:
    whole = by_pages(machine)[1, 2]
    arguments = ("pages", "split", whole["id"], "--at", "2", "--reason", "nhầm", "--void-code")
    machine.environment["SOHOA_VOID_NEEDS_TWO"] = "true"
    alone = machine.run(*arguments)
    assert alone.returncode != 0 and "--second-operator" in alone.stderr
    assert machine.json("code", "show", whole["code"])["state"] == "issued"
    first, second = machine.json(*arguments, "--second-operator", "anh Minh")["documents"]
    assert machine.json("code", "show", whole["code"])["state"] == "void"
    assert first["code"] not in {None, whole["code"]} and second["code"] is None


def test_a_split_that_cannot_be_voids_no_code(machine: Machine) -> None:
    whole = by_pages(machine)[1, 2]
    arguments = ("pages", "split", whole["id"], "--at", "9", "--reason", "nhầm", "--void-code")
    assert machine.run(*arguments).returncode == 2
    assert by_pages(machine)[1, 2] == whole


def test_a_turned_page_stands_in_the_pdfa_and_its_original_is_untouched(
    machine: Machine, home: Path, tmp_path: Path
) -> None:
    paper = by_pages(machine)[1, 2]
    done = machine.run("pages", "turn", paper["id"], "--page", "2", "--by", "90", "--reason", "nằm ngang")
    assert done.returncode == 0, done.stderr
    after = by_pages(machine)[1, 2]
    assert (after["id"], after["code"], after["original"]) == (paper["id"], paper["code"], paper["original"])
    assert after["pdfa"] != paper["pdfa"]
    assert machine.run("get", paper["id"], tmp_path / "a.pdf").returncode == 0
    with pikepdf.open(tmp_path / "a.pdf") as book:
        sizes = [[float(edge) for edge in each.mediabox] for each in book.pages]
    assert sizes[0][2] < sizes[0][3] and sizes[1][2] > sizes[1][3]
    assert shown(machine)["pages"] == {"in": 3, "accounted": 3, "ocr_passes": 1}
    lasting(machine, home)


def test_a_replaced_page_is_a_new_version_with_both_originals_kept(
    machine: Machine, home: Path, tmp_path: Path
) -> None:
    paper = by_pages(machine)[1, 2]
    scan = tmp_path / "quét lại.png"
    drawn(page([("TRANG QUET LAI", 0.5, 0.3)])).save(scan, dpi=(300, 300))
    arguments = ("pages", "replace", paper["id"], "--page", "2", scan, "--reason", "bản cũ bị mờ")
    done = machine.run(*arguments)
    assert done.returncode == 0, done.stderr
    after = by_pages(machine)[1, 2]
    assert (after["id"], after["code"], after["original"]) == (paper["id"], paper["code"], paper["original"])
    assert after["pdfa"] != paper["pdfa"]
    objects = [path for path in (machine.home / "store").rglob("*") if path.is_file()]
    kept = {sha256_of(path) for path in objects}
    assert {sha256_of(scan), sha256_of(home.parent / BATCH / "tập.tif")} <= kept
    trace = machine.json("trace", paper["id"])
    (event,) = [event for event in trace["events"] if event["type"] == "page work"]
    assert (event["outcome"], event["detail"]["sha256"]) == ("replaced", sha256_of(scan))
    lasting(machine, home)
    assert machine.run("verify").returncode == 0
    shutil.copy(scan, tmp_path / "hai.png")
    missing = machine.run("pages", "replace", paper["id"], "--page", "3", scan, "--reason", "x")
    assert missing.returncode == 2 and "trang 3" in missing.stderr


def test_a_page_of_a_file_that_is_no_image_replaces_nothing(machine: Machine, tmp_path: Path) -> None:
    paper = by_pages(machine)[1, 2]
    two = tmp_path / "hai trang.tif"
    sheets = [Image.new("L", (800, 1000), 255), Image.new("L", (800, 1000), 255)]
    sheets[0].save(two, save_all=True, append_images=sheets[1:], dpi=(300, 300))
    done = machine.run("pages", "replace", paper["id"], "--page", "1", two, "--reason", "x")
    assert done.returncode == 2 and "2 trang" in done.stderr
    assert by_pages(machine)[1, 2] == paper
