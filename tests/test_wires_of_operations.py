"""docs/operations.md through the command line: figures, board, alerts, traces and reports say what the commands did."""

from __future__ import annotations

import csv
import re
import shutil
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from schemas.clock import today
from schemas.reading import ImageMeasures
from storage.objects import sha256_of
from tests.kept_home import BATCH, by_file, flip, object_path
from tests.machine import Machine, names
from tests.printed_pages import page
from tests.reviewed_batch import RULES, birth, digitise, drawn, settings_of
from tests.servers import free_port
from workspace.opening import open_workspace

OWNER = "056221001234"
ELSEWHERE = (
    "level,unit,kind,result_type,number,issue_date,owner,digitised_on\n"
    "Cấp xã,Xã Diên An,Giấy khai sinh,KQ.G15.000031,99/2020,02/03/2020,056220001111,05/04/2021\n"
)


def unit_row(machine: Machine, *arguments: str) -> dict[str, Any]:
    """What `quota` says of the one unit that has papers: Xã Diên An, since 1/7/2025 part of Xã Diên Khánh."""
    rows = machine.json("quota", *arguments)["rows"]
    return next((dict(row) for row in rows if row["unit"] in {"Xã Diên An", "Xã Diên Khánh"}), {})


def report_of(machine: Machine) -> str:
    """The quality report of the batch."""
    (path,) = machine.home.glob("reports/hop-21-*/report.html")
    return path.read_text(encoding="utf-8")


def fingerprint(html: str) -> str:
    """The SHA-256 a report bears."""
    (found,) = set(re.findall(r"\b[0-9a-f]{64}\b", html))
    return found


def test_every_paper_is_explained_and_the_explanation_adds_up_to_the_figure(
    machine: Machine, tmp_path: Path
) -> None:
    papers = by_file(machine)
    decided = machine.run("review", "set", papers["b.png"]["id"], "validity=unknown")
    assert decided.returncode == 0, decided.stderr
    out = tmp_path / "vì-sao.csv"
    said = machine.run("quota", "--explain", out).stdout
    assert "chưa có số liệu kiểm kê" in said
    lines = list(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    rows = [row for row in lines if row["Loại dòng"] == "giấy tờ"]
    assert {row["Loại dòng"] for row in lines} == {"giấy tờ", "tỷ lệ và chỉ tiêu"}
    assert all(row["Lô"] and row["Tệp"] and row["Cấp"] for row in rows)
    reasons = {row["Mã tài liệu"]: row for row in rows}
    assert set(reasons) == {paper["id"] for paper in papers.values()}
    assert all(row["Lý do"] for row in rows)
    assert "trùng" in reasons[papers["c.png"]["id"]]["Lý do"]
    assert OWNER not in out.read_text("utf-8-sig") and stat.S_IMODE(out.stat().st_mode) == 0o600
    figure = unit_row(machine)
    assert figure["digitised"] == sum(row["Được tính"] == "có" for row in rows)
    assert (figure["unknown_validity"], figure["rate"]) == (1, None)
    yesterday = (today() - timedelta(days=1)).isoformat()
    assert unit_row(machine, "--as-of", yesterday).get("digitised", 0) == 0


def test_the_board_says_what_quota_says_and_is_rewritten_by_each_run(
    machine: Machine, home: Path, tmp_path: Path
) -> None:
    path = machine.home / "reports" / "board.html"
    board = machine.json("board")
    assert board["quota"]["rows"] == machine.json("quota")["rows"]
    html = path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "<script" not in html and not re.search(r"(?:src|href)=.https?:", html)
    past = machine.json("board", "--as-of", "2024-12-31")
    assert past["quota"]["as_of"] == "2024-12-31"
    path.unlink()
    second = machine.inbox / "hộp-22"
    second.mkdir()
    shutil.copy(home.parent / BATCH / "a.png", second / "a.png")
    assert machine.run("digitize", second, "--plain").returncode == 0
    assert "hộp-22" not in html and path.exists()


def test_damage_is_told_once_by_every_channel_waits_for_one_that_is_down_and_ends_with_the_damage(
    posted: list[dict[str, Any]], machine: Machine, home: Path
) -> None:
    paper = by_file(machine)["b.png"]
    flip(object_path(machine, paper["original"]))
    assert machine.run("verify").returncode == 3
    machine.environment |= {
        "SOHOA_ALERTS__SMTP_HOST": "127.0.0.1",
        "SOHOA_ALERTS__SMTP_PORT": str(free_port()),
        "SOHOA_ALERTS__MAIL_TO": '["cntt@vi.du"]',
    }
    first = machine.run("alerts", "check")
    assert first.returncode == 1 and "Traceback" not in first.stderr
    (standing,) = [each for each in machine.json("alerts", "list") if each["rule"] == "fixity_damage"]
    assert standing["sent"]["webhook"] and standing["sent"]["email"] is None
    machine.run("alerts", "check")
    told = [line for body in posted for line in body["alerts"] if "sohoa verify" in line]
    assert len(told) == 1, posted
    assert OWNER not in str(posted) and paper["id"] not in str(posted)
    for name in ("SMTP_HOST", "SMTP_PORT", "MAIL_TO"):
        del machine.environment[f"SOHOA_ALERTS__{name}"]
    assert machine.run("digitize", home.parent / BATCH, "--plain").returncode == 0
    assert machine.run("verify").returncode == 0
    machine.run("alerts", "check")
    assert "fixity_damage" not in names(machine.json("alerts", "list"), "rule")


def test_a_paper_is_traced_by_its_pdfa_and_by_a_code_taken_back_with_identifiers_hidden_unless_asked_for(
    machine: Machine, tmp_path: Path
) -> None:
    paper = by_file(machine)["b.png"]
    void = machine.run("code", "void", paper["code"], "--reason", "đọc sai số")
    assert void.returncode == 0, void.stderr
    by_code = machine.json("trace", paper["code"])
    by_pdfa = machine.json("trace", Path(paper["pdfa"]).stem)
    assert names(by_code["papers"], "id") == names(by_pdfa["papers"], "id") == [paper["id"]]
    (code,) = by_code["papers"][0]["codes"]
    assert (code["state"], code["void_reason"], code["voided_by"]) == ("void", "đọc sai số", "chị Lan")
    assert by_code["papers"][0]["figures"][-1]["counted"] is False
    assert OWNER not in str(by_code)
    out = tmp_path / "rõ.html"
    assert machine.run("trace", paper["id"], out, "--clear").returncode == 0
    html = out.read_text(encoding="utf-8")
    assert OWNER in html and "<script" not in html
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_trace_shows_at_most_twenty_four_pages_and_says_how_many_there_are(
    machine: Machine, tmp_path: Path
) -> None:
    batch = machine.inbox / "hộp-26"
    batch.mkdir()
    note = [("Ghi chép bổ sung của cơ quan đăng ký hộ tịch theo quy định của pháp luật", 0.5, 0.3)]
    readings = [page(birth("161/2021") if number == 1 else note, number) for number in range(1, 27)]
    images = [drawn(reading).convert("1") for reading in readings]
    scan = batch / "tập.tif"
    images[0].save(scan, save_all=True, append_images=images[1:], dpi=(300, 300), compression="group4")
    with open_workspace(settings_of(machine.home), RULES) as workspace:
        digest = RULES.digests(workspace.settings, None).reading
        for reading in readings:
            measured = reading.model_copy(update={"measures": ImageMeasures(dpi=300.0)})
            workspace.ledger.finished(sha256_of(scan), digest, measured)
        digitise(workspace, batch)
    (paper,) = machine.json("batch", "show", "hộp-26")["documents"]
    assert len(paper["pages"]) == 26
    out = tmp_path / "dài.html"
    assert machine.run("trace", paper["id"], out).returncode == 0
    html = out.read_text(encoding="utf-8")
    assert html.count("data:image/jpeg") == 24
    assert "26" in html


def test_the_report_is_written_again_whenever_a_person_changes_its_batch(machine: Machine) -> None:
    before = report_of(machine)
    paper = by_file(machine)["a.png"]
    done = machine.run("review", "set", paper["id"], "signer=Lê Minh Tuân")
    assert done.returncode == 0, done.stderr
    after = report_of(machine)
    assert fingerprint(before) != fingerprint(after)
    assert "chị Lan" in after and "chị Lan" not in before
    assert OWNER not in after


def test_a_batch_that_grows_and_is_mended_takes_up_only_what_is_new(
    machine: Machine, home: Path, tmp_path: Path
) -> None:
    folder = home.parent / BATCH
    batch = machine.inbox / "hộp-24"
    (batch / "túi 1").mkdir(parents=True)
    shutil.copy(folder / "b.png", batch / "túi 1" / "0001.png")
    (batch / "0002.pdf").write_text("không phải PDF", encoding="utf-8")
    assert machine.run("digitize", batch, "--plain").returncode == 3
    out = tmp_path / "để-riêng.csv"
    assert machine.run("batch", "failed", batch, "--csv", out).returncode == 0
    (row,) = csv.DictReader(out.read_text("utf-8-sig").splitlines())
    assert row["Tệp"] == "0002.pdf" and all(row[head] for head in ("Lý do", "Cách xử lý"))
    traced = machine.json("trace", row["SHA-256"])
    assert traced["papers"] == [] and traced["arrivals"][0]["findings"][0]["message"] == row["Lý do"]
    first = fingerprint_of_other(machine)
    assert machine.run("batch", "retry", "hộp-24", "--operator", "anh Minh").returncode == 3
    assert fingerprint_of_other(machine) == first
    Image.new("L", (850, 1100), 255).save(batch / "0002.pdf", "PDF", resolution=100)
    assert machine.run("batch", "retry", "hộp-24").returncode == 0
    Image.new("L", (860, 1100), 255).save(batch / "0003.png", dpi=(100, 100))
    assert machine.run("digitize", batch, "--plain").returncode == 0
    shown = machine.json("batch", "show", "hộp-24")
    assert (shown["files"]["in"], shown["files"]["read"], shown["files"]["set_aside"]) == (3, 3, 0)
    assert shown["pages"] == {"in": 3, "accounted": 3, "ocr_passes": 2}


def fingerprint_of_other(machine: Machine) -> str:
    """The fingerprint of the second batch's report."""
    (path,) = machine.home.glob("reports/hop-24-*/report.html")
    return fingerprint(path.read_text(encoding="utf-8"))


def test_results_digitised_elsewhere_have_a_column_of_their_own(machine: Machine, tmp_path: Path) -> None:
    table = tmp_path / "nơi khác.csv"
    table.write_text(ELSEWHERE, encoding="utf-8")
    before = unit_row(machine)
    done = machine.run("elsewhere", "import", table)
    assert done.returncode == 0, done.stderr
    after = unit_row(machine)
    assert (before["elsewhere"], after["elsewhere"]) == (0, 1)
    assert after["digitised"] == before["digitised"]
    machine.run("elsewhere", "import", table)
    assert unit_row(machine) == after


def test_pdfa_asked_to_check_has_every_file_judged_by_verapdf(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    Image.new("L", (850, 1100), 255).save(tmp_path / "trắng.png", dpi=(100, 100))
    (line,) = machine.lines("pdfa", tmp_path / "trắng.png", tmp_path / "ra.pdf", "--check")
    assert (line["status"], line["verdict"]) == ("done", "valid")
    (unasked,) = machine.lines("pdfa", tmp_path / "trắng.png", tmp_path / "khác.pdf")
    assert unasked["verdict"] == "not_checked"
