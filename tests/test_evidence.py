"""A number in a pen's hand that its reader is not sure of: second evidence makes it sure, evidence against it asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from extractors.evidence import stated_in
from extractors.places import places_of
from extractors.written import place_box
from schemas.reading import ImageMeasures, PageReading, Written
from storage.objects import sha256_of
from tests.laid_out import BIRTH
from tests.machine import Machine
from tests.printed_pages import Row, page
from tests.reviewed_batch import RULES, digitise, drawn, settings_of
from workspace.opening import open_workspace

BATCH = "hộp-7"
Guesses = tuple[tuple[str, float], ...]


def certificate(number: str, day: int, owner: str) -> list[Row]:
    """A birth certificate that a clerk registered on a day of May 2021."""
    changed = {"123/2021": number, "ngày 12 tháng 5": f"ngày {day} tháng 5", "056221001234": owner}
    rows = BIRTH
    for old, new in changed.items():
        rows = [(text.replace(old, new), x, y) for text, x, y in rows]
    return rows


def penned(rows: Sequence[Row], guesses: Guesses) -> PageReading:
    """A page whose number is a pen's, as the reader of handwriting read it; all else is print."""
    read = page(rows).model_copy(update={"measures": ImageMeasures(dpi=300.0)})
    seen = [
        Written(place.what, place_box(place, read), True, guesses, True, "?")
        for place in places_of(read)
        if place.what == "register"
    ]
    assert seen
    return read.model_copy(update={"written": tuple(seen)})


def printed(rows: Sequence[Row]) -> PageReading:
    return page(rows).model_copy(update={"measures": ImageMeasures(dpi=300.0)})


def digitised(folder: Path, papers: dict[str, tuple[list[Row], PageReading]]) -> Machine:
    """A home in which these papers were digitised, and its command line."""
    machine = Machine(folder)
    (folder / BATCH).mkdir()
    with open_workspace(settings_of(machine.home), RULES) as workspace:
        digest = RULES.digests(workspace.settings, None).reading
        for name, (rows, read) in papers.items():
            drawn(page(rows)).save(folder / BATCH / name, dpi=(300, 300))
            workspace.ledger.finished(sha256_of(folder / BATCH / name), digest, read)
        digitise(workspace, folder / BATCH)
    return machine


def paper(machine: Machine, file: str) -> Any:
    (found,) = [each for each in machine.json("batch", "show", BATCH)["documents"] if each["file"] == file]
    return {**found, **machine.json("review", "show", found["id"])}


def traced(machine: Machine, document: str) -> str:
    """The page of a paper's trace."""
    out = machine.folder / "vết.html"
    done = machine.run("trace", document, out)
    assert done.returncode == 0, done.stderr
    return out.read_text(encoding="utf-8")


def reasons(found: Any) -> str:
    return str(found["questions"])


def doubtful(number: str = "176", other: str = "116") -> Guesses:
    """Two readings, of which none is sure by itself."""
    return ((f"{number}/2021", 0.7), (f"{other}/2021", 0.28))


def test_a_number_that_the_file_is_named_after_needs_no_person_and_the_trace_says_why(tmp_path: Path) -> None:
    rows = certificate("176/2021", 12, "056221001234")
    machine = digitised(tmp_path, {"Giấy khai sinh, số 176.png": (rows, penned(rows, doubtful()))})
    found = paper(machine, "Giấy khai sinh, số 176.png")
    assert (found["route"], found["questions"]) == ("accepted", [])
    assert found["code"]
    assert "Tên tệp cũng ghi số này" in traced(machine, found["id"])


def test_a_scanner_s_own_name_is_no_evidence(tmp_path: Path) -> None:
    rows = certificate("176/2021", 12, "056221001234")
    machine = digitised(tmp_path, {"scan0176.png": (rows, penned(rows, doubtful()))})
    found = paper(machine, "scan0176.png")
    assert found["route"] == "review"
    assert "viết tay" in reasons(found)


def test_a_file_named_after_another_number_is_asked_with_both_numbers(tmp_path: Path) -> None:
    rows = certificate("176/2021", 12, "056221001234")
    machine = digitised(tmp_path, {"số 116.png": (rows, penned(rows, (("176/2021", 0.99),)))})
    found = paper(machine, "số 116.png")
    assert (found["route"], found["code"]) == ("review", None)
    assert "Tên tệp ghi số 116, trên giấy đọc được 176/2021" in reasons(found)
    done = machine.run("review", "set", found["id"], "number=176/2021")
    assert done.returncode == 0, done.stderr
    assert paper(machine, "số 116.png")["route"] == "accepted"


def series(last: str = "178/2021") -> dict[str, tuple[list[Row], PageReading]]:
    """Three certificates of a clerk, one after another; the number of the second is a pen's."""
    before, own, after = (
        certificate("175/2021", 11, "056221001111"),
        certificate("176/2021", 12, "056221001234"),
        certificate(last, 13, "056221009999"),
    )
    return {
        "1.png": (before, printed(before)),
        "2.png": (own, penned(own, doubtful())),
        "3.png": (after, printed(after)),
    }


def test_a_number_that_the_series_leaves_no_room_to_misread_needs_no_person(tmp_path: Path) -> None:
    machine = digitised(tmp_path, series())
    found = paper(machine, "2.png")
    assert (found["route"], found["questions"]) == ("accepted", [])
    told = traced(machine, found["id"])
    assert "mang số 175 và 178" in told
    assert "thứ tự trong dãy số" in told


def test_a_number_out_of_its_series_is_asked_and_told_between_which_it_should_lie(tmp_path: Path) -> None:
    papers = series()
    own = certificate("776/2021", 12, "056221001234")
    papers["2.png"] = (own, penned(own, (("776/2021", 0.7), ("176/2021", 0.28))))
    found = paper(digitised(tmp_path, papers), "2.png")
    assert found["route"] == "review"
    assert "mang số 175 và 178" in reasons(found)


def test_evidence_of_a_series_falls_with_the_paper_it_rested_on(tmp_path: Path) -> None:
    machine = digitised(tmp_path, series())
    after = paper(machine, "3.png")
    assert machine.run("review", "set", after["id"], "number=90/2021").returncode == 0
    assert machine.run("digitize", tmp_path / BATCH, "--plain").returncode in {0, 3}
    # What was coded stays coded; the trace says that its evidence is there no longer.
    found = paper(machine, "2.png")
    assert found["code"]
    assert "mang số 175 và 178" not in traced(machine, found["id"])


@pytest.mark.parametrize(
    ("name", "number", "stated"),
    [
        ("176-QD-UBND.pdf", "176/QĐ-UBND", "176"),
        ("QĐ-UBND 176 nam 2019.pdf", "176/QĐ-UBND", "176"),
        ("So 12 ngay 3-5-2019.pdf", "12/2019", "12"),
        ("176-QD-UBND-2019.pdf", "176/QĐ-UBND", "176"),
        ("0176.pdf", "176/QĐ-UBND", None),
        ("QD-UBND-0012.pdf", "176/QĐ-UBND", None),
        ("2-QD.pdf", "176/QĐ-UBND", None),
        ("20190312_093012.pdf", "176/QĐ-UBND", None),
        ("12-QD-UBND 13-QD-UBND.pdf", "12/QĐ-UBND", None),
        ("Số 1٢٣.pdf", "123/QĐ-UBND", "1"),
        ("Số 176\udcff.pdf", "176/QĐ-UBND", "176"),
        ("1" * 5000 + ".pdf", "1/QĐ-UBND", None),
    ],
)
def test_a_name_states_a_number_only_beside_the_notation_or_behind_so(
    name: str, number: str, stated: str | None
) -> None:
    assert stated_in(name, number) == stated
