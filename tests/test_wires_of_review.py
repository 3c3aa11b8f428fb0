"""docs/review.md through the command line: what a person says is what every other command then shows, for good."""

from __future__ import annotations

import io
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pikepdf
from PIL import Image, ImageDraw

from tests.kept_home import BATCH as CODED
from tests.kept_home import by_file
from tests.machine import Machine, names
from tests.reviewed_batch import BATCH, RIGHT, fill
from workspace.locks import hold_batch

DEATH = ("02.png", "Loại kết quả (mã KQ)")


def papers(machine: Machine) -> dict[str, dict[str, Any]]:
    """Papers of the batch whose papers wait, by file."""
    return {paper["file"]: paper for paper in machine.json("batch", "show", BATCH)["documents"]}


def waiting(machine: Machine, *options: str) -> list[str]:
    """Files of the papers that `review list` names."""
    return names(machine.json("review", "list", BATCH, *options)["papers"], "file")


def test_a_workbook_names_its_answerer_leaves_empty_rows_open_and_changes_nothing_a_second_time(
    quick_review: Machine, tmp_path: Path
) -> None:
    book = tmp_path / "xem.xlsx"
    assert quick_review.run("review", "export", BATCH, book).returncode == 0
    assert stat.S_IMODE(book.stat().st_mode) == 0o600
    again = quick_review.run("review", "export", BATCH, book)
    assert again.returncode == 2 and str(book) in again.stderr
    fill(book, {DEATH: RIGHT[DEATH]}, who="")
    nobody = quick_review.run("review", "import", book)
    assert nobody.returncode == 2 and "dòng 3" in nobody.stderr
    assert len(waiting(quick_review)) == 4
    before = counted(quick_review)
    assert quick_review.run("review", "import", book, "--operator", "anh Ba").returncode == 0
    assert waiting(quick_review) == ["01.png", "03.png", "04.png"]
    shown = quick_review.json("review", "show", papers(quick_review)["02.png"]["id"])
    assert {each["operator"] for each in shown["decisions"]} == {"anh Ba"}
    assert shown["code"] and counted(quick_review) == before + 1
    once = papers(quick_review)
    assert quick_review.run("review", "import", book, "--operator", "anh Ba").returncode == 0
    assert papers(quick_review) == once
    assert len(quick_review.json("review", "show", once["02.png"]["id"])["decisions"]) == len(
        shown["decisions"]
    )


def counted(machine: Machine) -> int:
    """Papers that the quota counts."""
    return sum(row["digitised"] for row in machine.json("quota")["rows"] if row["unit"] is None)


def test_a_decision_and_a_code_outlive_a_run_under_other_rules_as_a_new_version(
    machine: Machine, home: Path, tmp_path: Path
) -> None:
    before = by_file(machine)
    paper = before["a.png"]
    done = machine.run("review", "set", paper["id"], "number=133/2021", "--note", "xem sổ gốc")
    assert done.returncode == 0, done.stderr
    decided = by_file(machine)["a.png"]
    assert (decided["code"], decided["route"]) == (paper["code"], "review")
    assert decided["pdfa"] != paper["pdfa"], "the typed number stands in the text of a new file"
    assert "code_part_differs" in names(machine.json("batch", "show", CODED)["findings"], "rule")
    machine.environment |= {"SOHOA_CONFIRM_TYPED": "twice", "SOHOA_WORK_AGENCY": "Sở Nội vụ tỉnh Khánh Hòa"}
    assert machine.run("digitize", home.parent / CODED, "--plain").returncode == 0
    after = by_file(machine)
    assert {name: each["code"] for name, each in after.items()} == {
        name: each["code"] for name, each in before.items()
    }
    assert machine.json("batch", "show", CODED)["pages"] == {"in": 3, "accounted": 3, "ocr_passes": 0}
    (traced,) = machine.json("trace", paper["id"])["papers"]
    assert (traced["fields"]["number"]["value"], traced["fields"]["number"]["raw"]) == (
        "133/2021",
        "131/2021",
    )
    assert [(each["operator"], each["note"]) for each in traced["decisions"]] == [("chị Lan", "xem sổ gốc")]
    digests = [version["digests"] for version in traced["versions"]]
    assert len({each["reading"] for each in digests}) == 1
    assert (
        len({each["understanding"] for each in digests}) == len({each["rendition"] for each in digests}) == 2
    )
    assert set(names(traced["versions"], "sidecar_fixity")) == {"intact"}
    assert machine.run("get", paper["id"], tmp_path / "a.pdf").returncode == 0
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        assert "Sở Nội vụ tỉnh Khánh Hòa" in str(pdf.open_metadata())
    text = subprocess.run(["pdftotext", tmp_path / "a.pdf", "-"], capture_output=True, text=True, check=True)
    assert "133/2021" in text.stdout and "131/2021" not in text.stdout


def test_a_batch_that_is_held_takes_no_decision_and_says_who_holds_it(quick_review: Machine) -> None:
    paper = papers(quick_review)["04.png"]["id"]
    with hold_batch(quick_review.home, BATCH, "anh Minh"):
        for command in (
            ("review", "accept", paper),
            ("pages", "turn", paper, "--page", "1", "--by", "90", "--reason", "x"),
        ):
            refused = quick_review.run(*command)
            assert refused.returncode == 1 and "anh Minh" in refused.stderr, command
    assert quick_review.json("review", "show", paper)["decisions"] == []


def test_what_is_said_by_hand_is_asked_no_more_and_what_cannot_be_is_refused(quick_review: Machine) -> None:
    ids = {name: paper["id"] for name, paper in papers(quick_review).items()}
    absent = quick_review.json("review", "set", ids["01.png"], "issue_date=12/05/2021", "--absent", "agency")
    assert absent["papers"][0]["route"] == "review"
    shown = quick_review.json("review", "show", ids["01.png"])
    assert "issue_date" not in shown["lacks"] and "agency" in shown["lacks"]
    named = quick_review.json("review", "set", ids["03.png"], "kind=Giấy khai sinh")
    assert named["papers"][0]["new_code"] is True
    impossible = quick_review.run("review", "set", ids["04.png"], "owner_id=12")
    assert impossible.returncode == 2 and "Traceback" not in impossible.stderr
    accepted = quick_review.run("review", "accept", ids["04.png"])
    assert accepted.returncode == 0 and "056921001234" not in accepted.stdout
    after = papers(quick_review)
    assert after["04.png"]["code"] == "056921001234.KQ.G15.000031.125/2021.01"
    assert quick_review.run("review", "close", ids["02.png"], "--reason", "trùng hồ sơ").returncode == 0
    assert (waiting(quick_review), waiting(quick_review, "--closed")) == (["01.png"], ["02.png"])
    html = next(quick_review.home.glob("reports/hop-12-*/report.html")).read_text(encoding="utf-8")
    assert "056921001234" not in html and "chị Lan" in html


def test_where_somebody_else_must_say_it_the_same_person_twice_gets_no_code(quick_review: Machine) -> None:
    quick_review.environment["SOHOA_CONFIRM_TYPED"] = "other_operator"
    paper = papers(quick_review)["04.png"]["id"]
    typed = ("review", "set", paper, "owner_id=056221001234")
    assert quick_review.run(*typed).returncode == 0
    quick_review.run(*typed, "--confirm")
    shown = quick_review.json("review", "show", paper)
    assert shown["code"] is None and "field_unconfirmed" in str(shown["questions"])
    assert quick_review.run(*typed, "--confirm", "--operator", "anh Minh").returncode == 0
    assert papers(quick_review)["04.png"]["code"] == "056221001234.KQ.G15.000031.125/2021.01"


def test_a_paper_with_a_lost_page_is_shown_with_what_to_do_and_is_nobodys_to_accept(
    quick_review: Machine,
) -> None:
    batch = quick_review.inbox / "hộp-14"
    batch.mkdir()
    half_lost(batch / "1.pdf")
    assert quick_review.run("digitize", batch, "--plain").returncode == 3
    shown = quick_review.json("batch", "show", "hộp-14")
    assert shown["pages"]["in"] == shown["pages"]["accounted"] == 2
    (paper,) = shown["documents"]
    assert (paper["route"], paper["code"]) == ("partial", None)
    lost = [each for each in shown["findings"] if each["severity"] == "error"]
    assert set(names(lost, "page")) == {2} and all(names(lost, "remedy"))
    refused = quick_review.run("review", "accept", paper["id"])
    assert refused.returncode == 2 and lost[0]["remedy"] in refused.stderr
    assert names(quick_review.json("batch", "rescan", "hộp-14")["pages"], "page") == [2]


def half_lost(path: Path) -> None:
    """A PDF of two scanned pages, the second one's image cut off."""
    data = io.BytesIO()
    sheets = [Image.new("L", (1700, 2200), 255) for _ in range(2)]
    for sheet in sheets:
        ImageDraw.Draw(sheet).text((200, 400), "12", fill=0, font_size=80)
    sheets[0].save(data, "PDF", save_all=True, append_images=sheets[1:], resolution=200)
    with pikepdf.open(data) as pdf:
        image = next(iter(pdf.pages[1].Resources.XObject.values()))
        raw = bytes(image.read_raw_bytes())
        image.write(raw[: len(raw) // 3], filter=image.Filter)
        pdf.save(path)


def test_the_unit_is_said_once_for_all_papers_of_a_batch_that_have_none(quick_review: Machine) -> None:
    before = quick_review.json("review", "show", papers(quick_review)["01.png"]["id"])
    assert before["unit"] is None
    done = quick_review.run("review", "unit", BATCH, "Xã Diên An")
    assert done.returncode == 0, done.stderr
    after = quick_review.json("review", "show", papers(quick_review)["01.png"]["id"])
    assert after["unit"] == "Xã Diên An"
    assert not re.search(r"\bunit\b", str(after["lacks"]))


def test_a_paper_is_decided_after_a_rebuild_left_no_words_of_it_its_page_read_again_once(
    quick_review: Machine,
) -> None:
    paper = papers(quick_review)["04.png"]["id"]
    for path in quick_review.home.glob("catalogue.db*"):
        path.unlink()
    assert quick_review.run("rebuild").returncode == 0
    before = quick_review.json("batch", "show", BATCH)["pages"]["ocr_passes"]
    done = quick_review.run("review", "set", paper, "owner_id=056221001234")
    assert done.returncode == 0, done.stderr
    assert quick_review.run("review", "set", paper, "signer=Trần Văn Bình").returncode == 0
    said = quick_review.json("review", "show", paper)["decisions"]
    assert sorted(each["target"] for each in said) == ["owner_id", "signer"]
    assert quick_review.json("batch", "show", BATCH)["pages"]["ocr_passes"] == before + 1


def test_a_lost_original_takes_its_own_pictures_from_the_workbook_and_no_question(
    quick_review: Machine, tmp_path: Path
) -> None:
    lost = quick_review.home / "store" / papers(quick_review)["01.png"]["original"]
    lost.chmod(0o600)
    lost.unlink()
    book = tmp_path / "xem.xlsx"
    done = quick_review.run("review", "export", BATCH, book)
    assert done.returncode == 0, done.stderr
    fill(book, {DEATH: RIGHT[DEATH]}, who="anh Ba")
    assert quick_review.run("review", "import", book).returncode == 0
    assert waiting(quick_review) == ["01.png", "03.png", "04.png"]


def test_a_commune_that_is_in_no_list_is_refused_as_a_unit_and_nothing_said_is_said_so(
    quick_review: Machine,
) -> None:
    paper = papers(quick_review)["04.png"]["id"]
    for unit in ("Xã Không Có", "UBND xã Diên Annn", "Huyện Không Có"):
        refused = quick_review.run("review", "set", paper, f"unit={unit}")
        assert refused.returncode == 2 and "Không nhận ra đơn vị" in refused.stderr, unit
    nothing = quick_review.run("review", "set", paper)
    assert nothing.returncode == 2 and "--absent" in nothing.stderr
