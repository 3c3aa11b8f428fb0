"""Papers with a mark of secrecy are refused before anything of them is kept; sealed papers are not."""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from configs.loader import load_reading_profile
from extractors.stamps import Stamps, find_stamps, match
from samples import wear
from samples.making import KINDS, make_one
from samples.papers import print_paper
from samples.wear.scan import Pixels, Scan
from samples.wear.secrecy import BLACK, FRAMES, GRADES, REDS, Stamp, press
from tests.command_forks import ForkedMachine, Forks
from tests.machine import Machine

PROFILE = load_reading_profile()
WORN = ("signature", "seal", "fading", "paper_tint", "fold_lines", "skew", "noise", "blur")


def scanned(
    kind: str, seed: int, dpi: int, stamp: Stamp | None, wears: tuple[str, ...], colour: str
) -> Pixels:
    """The first page of a paper as a scanner gives it: `jpeg` colour, `grey`, or `bitonal`."""
    scan = Scan.of(print_paper(kind, random.Random(f"{kind}/{seed}"), None, dpi, pen=False).sheets[0])
    if stamp is not None:
        press(scan, random.Random(f"stamp/{seed}"), stamp)
    wear.apply(scan, wears, f"{kind}/{seed}")
    if colour == "jpeg":
        packed = cv2.imencode(".jpg", scan.pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
        return np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[:, :, ::-1])
    grey = cv2.cvtColor(scan.pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(grey if colour == "grey" else (grey > 0.85 * np.median(grey)) * 255, dtype=np.uint8)


def look(pixels: Pixels, dpi: int) -> Stamps:
    """What is found on an upright page."""
    return find_stamps(pixels, dpi, 0, PROFILE, 30)


# Detection, counted.


@pytest.mark.parametrize(
    ("colour", "least"), [("jpeg", 0.97), ("grey", 0.9), ("bitonal", 0.9)], ids=["colour", "grey", "bitonal"]
)
def test_stamps_of_every_grade_frame_tilt_wear_and_resolution_are_seen(colour: str, least: float) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    missed, cases = [], 0
    for grade, frame, tilt, worn, dpi in itertools.product(GRADES, FRAMES, (0, -10, 7), (0, 1), (200, 300)):
        if frame == "none" and colour != "jpeg":
            continue  # plain print: for the ordinary reading
        cases += 1
        stamp = Stamp(grade, frame, tilt, REDS[cases % 4], 0.6 * worn)
        kind = "decision" if cases % 2 else "construction_permit"
        found = look(scanned(kind, cases % 5, dpi, stamp, WORN if worn else WORN[:2], colour), dpi)
        seen[grade, frame] += found.mark is not None
        if not found.mark and not found.possible:
            missed.append((grade, frame, tilt, worn, dpi))
    print(
        f"{colour}: {sum(seen.values())} of {cases} read, {len(missed)} neither read nor held; {dict(seen)}"
    )
    assert sum(seen.values()) >= least * cases, missed
    assert len(missed) <= (1 - least) * cases, missed


@pytest.mark.parametrize("colour", ["jpeg", "grey"])
def test_sealed_papers_of_every_kind_are_not_taken_for_secrets(colour: str) -> None:
    taken, pages = [], 0
    for seed, kind in itertools.product(range(2), KINDS):
        dpi = (200, 300)[(seed + len(kind)) % 2]
        wears = ("signature", "seal", *(("arrival_stamp", "fading", "skew", "noise") if seed else ()))
        found = look(scanned(kind, seed, dpi, None, wears, colour), dpi)
        pages += 1
        if found.mark or found.possible:
            taken.append((kind, seed, found))
    print(f"{colour}: {len(taken)} of {pages} sealed pages taken for secrets")
    assert not taken


@pytest.mark.parametrize("text", ["KHẨN", "HỎA TỐC"])
def test_a_stamp_of_urgency_is_no_mark_of_secrecy(text: str) -> None:
    found = look(scanned("decision", 1, 300, Stamp(text, "double", 4), WORN[:2], "jpeg"), 300)
    assert found == Stamps(None, False)


def test_a_framed_stamp_in_black_ink_is_seen_too() -> None:
    stamp = Stamp("TỐI MẬT", "double", 6, BLACK)
    assert look(scanned("decision", 2, 300, stamp, WORN[:2], "jpeg"), 300).mark == "TỐI MẬT"


def unreadable() -> Pixels:
    """A page with the red double frame of a mark whose letters run together."""
    pixels = scanned("decision", 3, 300, Stamp("MẬT", "double", 0), (), "jpeg")
    red = (pixels[:, :, 0].astype(int) - pixels[:, :, 1]) > 60
    down, across = np.nonzero(red)
    top, bottom, left, right = down.min(), down.max(), across.min(), across.max()
    inner = pixels[top + 26 : bottom - 26, left + 26 : right - 26]
    inner[:] = cv2.blur(inner, (61, 61))
    return pixels


def test_a_red_frame_of_the_form_that_cannot_be_read_is_held() -> None:
    assert look(unreadable(), 300) == Stamps(None, True)


@pytest.mark.parametrize(
    ("words", "loose", "mark"),
    [
        (["MẬT"], False, "MẬT"),
        (["MAT"], True, "MẬT"),
        (["MẠT"], True, "MẬT"),
        (["TÓI", "MẬT"], True, "TỐI MẬT"),
        (["TUYET", "MAT"], False, "TUYỆT MẬT"),
        (["GIẢI", "MẬT"], True, "GIẢI MẬT"),
        (["KHẨN"], True, None),
        (["Mặt", "trận"], True, None),
        (["MAI"], False, None),
        ([], True, None),
    ],
)
def test_words_of_a_stamp_snap_to_the_closed_list(words: list[str], loose: bool, mark: str | None) -> None:
    assert match(words, PROFILE.marks, loose=loose) == mark


# The promise, through the command line.


def hand_in(machine: Machine, name: str, wears: tuple[str, ...]) -> Path:
    """A batch of one plain paper and one with these wears."""
    batch = machine.inbox / "lo-mat"
    batch.mkdir()
    (batch / "a.pdf").write_bytes(make_one("decision", 5, wear=("signature", "seal"), dpi=200).data)
    (batch / name).write_bytes(make_one("decision", 8, wear=("signature", "seal", *wears), dpi=200).data)
    return batch


def file_of(machine: Machine, name: str) -> dict[str, object]:
    """One file as the catalogue has it."""
    with sqlite3.connect(machine.home / "catalogue.db") as catalogue:
        query = "SELECT status, sha256, findings FROM batch_file WHERE name = ?"
        status, sha256, findings = catalogue.execute(query, (name,)).fetchone()
    return {"status": status, "sha256": sha256, "rules": [each["rule"] for each in json.loads(findings)]}


def test_of_a_secret_paper_only_name_digest_and_finding_remain(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    batch = hand_in(machine, "b.pdf", ("secret_stamp",))
    done = machine.run("digitize", batch)
    assert done.returncode in {0, 3}, done.stderr
    shown = file_of(machine, "b.pdf")
    assert shown["status"] == "set_aside"
    assert shown["rules"] == ["secret_document"]
    sha256 = str(shown["sha256"])
    stored = [path for path in machine.home.rglob("*") if path.is_file() and sha256 in path.name]
    assert stored == []
    with sqlite3.connect(machine.home / "catalogue.db") as catalogue:
        kept = catalogue.execute("SELECT count(*) FROM page_reading WHERE sha256 = ?", (sha256,)).fetchone()
        original = catalogue.execute("SELECT count(*) FROM original WHERE sha256 = ?", (sha256,)).fetchone()
    assert (kept, original) == ((0,), (0,))
    assert (batch / "b.pdf").is_file()


def test_a_declassified_paper_is_let_in_by_a_named_person_with_the_decision(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    batch = hand_in(machine, "b.pdf", ("secret_stamp", "declassified_stamp"))
    machine.run("digitize", batch)
    sha256 = str(file_of(machine, "b.pdf")["sha256"])
    nobody = machine.run("review", "declassify", sha256, "--decision", "12/QĐ-UBND")
    no_number = machine.run("review", "declassify", sha256, "--decision", "quyết định", "--operator", "An")
    only_said = machine.run("review", "release", sha256, "--not-secret", "--operator", "An")
    assert {nobody.returncode, no_number.returncode, only_said.returncode} == {2}
    assert file_of(machine, "b.pdf")["status"] == "set_aside"

    let_in = machine.run("review", "declassify", sha256, "--decision", "12/QĐ-UBND", "--operator", "Lê An")
    assert let_in.returncode == 0, let_in.stderr
    done = machine.run("digitize", batch)
    assert done.returncode == 0, done.stderr
    assert file_of(machine, "b.pdf")["status"] == "read"
    with sqlite3.connect(machine.home / "catalogue.db") as catalogue:
        told = catalogue.execute("SELECT data FROM event WHERE type = 'released'").fetchall()
    assert len(told) == 1
    assert all(word in told[0][0] for word in ("Lê An", "12/QĐ-UBND"))


def test_a_held_paper_that_somebody_releases_is_read_by_its_batch_and_by_nothing_else(
    forks: Forks, tmp_path: Path
) -> None:
    machine = ForkedMachine(forks, tmp_path, SOHOA_ORCHESTRATOR="plain")
    batch = machine.inbox / "lo-giu"
    batch.mkdir()
    scan = batch / "a.png"
    Image.fromarray(unreadable()).save(scan, dpi=(300, 300))
    assert machine.run("digitize", batch).returncode == 3
    held = file_of(machine, "a.png")
    assert (held["status"], held["rules"]) == ("set_aside", ["secret_mark_possible"])
    sha256 = str(held["sha256"])
    assert machine.run("review", "release", sha256, "--operator", "Lê An").returncode == 2
    assert machine.run("review", "release", sha256, "--not-secret", "--operator", "Lê An").returncode == 0
    for answer in (machine.lines("read", scan), machine.lines("pdfa", scan, tmp_path / "ra.pdf")):
        assert answer[0]["status"] == "set_aside"
        assert "secret_mark_possible" in [each["rule"] for each in answer[0]["findings"]]
    assert not (tmp_path / "ra.pdf").exists()
    assert machine.run("digitize", batch).returncode == 0
    let_in = file_of(machine, "a.png")
    assert let_in["status"] == "read" and "secret_mark_released" in let_in["rules"]
    told = machine.json("trace", sha256)["events"]
    (released,) = [event for event in told if event["type"] == "released"]
    assert released["agent"] == "Lê An"
