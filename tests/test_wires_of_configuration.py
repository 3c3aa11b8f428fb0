"""docs/configuration.md through the command line: each setting changes what a command then does or shows."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from PIL import Image

from configs.loader import ROOT as RULES
from schemas.clock import today
from tests.kept_home import BATCH, by_file
from tests.machine import Machine, names


def without_java(machine: Machine) -> None:
    """Leave on the path only the programs that reading needs: veraPDF cannot start."""
    folder = machine.folder / "bin"
    folder.mkdir()
    for name in ("env", "tesseract", "pdfinfo", "pdftoppm", "pdfimages"):
        program = shutil.which(name)
        if program:
            (folder / name).symlink_to(program)
    machine.environment["PATH"] = str(folder)
    machine.environment.pop("SOHOA_VERAPDF_JAR", None)


def test_where_verapdf_is_required_a_run_with_nothing_left_to_do_is_refused_without_it(
    machine: Machine, home: Path
) -> None:
    without_java(machine)
    again = ("digitize", home.parent / BATCH, "--plain")
    machine.environment["SOHOA_VERAPDF"] = "auto"
    assert machine.run(*again).returncode == 0
    machine.environment["SOHOA_VERAPDF"] = "required"
    refused = machine.run(*again)
    assert refused.returncode == 5
    assert "SOHOA_VERAPDF=required" in refused.stderr and "Traceback" not in refused.stderr
    doctor = machine.run("doctor", "--json")
    (line,) = [each for each in machine.json("doctor") if each["name"] == "veraPDF"]
    assert (doctor.returncode, line["found"], line["needed"]) == (5, False, True)


@pytest.mark.parametrize("command", [("quota",), ("doctor",), ("read", "a.pdf")])
def test_every_command_refuses_a_night_that_is_none(tmp_path: Path, command: tuple[str, ...]) -> None:
    refused = Machine(tmp_path, SOHOA_NIGHT="22h-6h").run(*command)
    assert refused.returncode == 1
    assert "22h-6h" in refused.stderr and "22:00-06:00" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "home").exists()


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(machine: Machine) -> None:
    english, vietnamese = "finished", "xong"
    machine.environment.pop("SOHOA_LANG", None)
    (machine.home / "sohoa.toml").write_text('lang = "en"\noperator = "chị Hoa"\n', encoding="utf-8")
    assert english in machine.run("batch", "list").stdout
    machine.environment["SOHOA_LANG"] = "vi"
    assert vietnamese in machine.run("batch", "list").stdout
    assert english in machine.run("batch", "list", "--lang", "en").stdout
    del machine.environment["SOHOA_OPERATOR"]
    first, second, _ = by_file(machine).values()
    assert machine.json("trace", first["id"])["operator"] == "chị Hoa"
    named = machine.json("trace", second["id"], "--operator", "anh Minh")
    assert named["operator"] == "anh Minh"


def test_the_batch_sheet_of_either_form_is_written_into_every_paper_and_an_unknown_key_spoils_it_whole(
    machine: Machine, home: Path
) -> None:
    batch = machine.inbox / "hộp-25"
    batch.mkdir()
    shutil.copy(home.parent / BATCH / "a.png", batch / "a.png")
    Image.new("L", (850, 1100), 255).save(batch / "b.png", dpi=(100, 100))
    book = Workbook()
    for row in (("box", "25"), ("fonds", "UBND xã"), ("expected_sheets", 9)):
        book.worksheets[0].append(row)
    book.save(batch / "lo.xlsx")
    assert machine.run("digitize", batch, "--plain").returncode == 0
    shown = machine.json("batch", "show", "hộp-25")
    assert "sheets_differ" in names(shown["findings"], "rule")
    (paper,) = shown["documents"]
    sheet = machine.json("trace", paper["id"])["papers"][0]["sheet"]
    assert (sheet["box"], sheet["fonds"]) == ("25", "UBND xã")
    (batch / "lo.xlsx").unlink()
    (batch / "lo.toml").write_text('box = "26"\nhop = "26"\n', encoding="utf-8")
    assert machine.run("digitize", batch, "--plain").returncode == 0
    (spoilt,) = [
        each
        for each in machine.json("batch", "show", "hộp-25")["findings"]
        if each["rule"] == "batch_sheet_unusable"
    ]
    assert "hop" in spoilt["message"]
    assert "26" not in str(machine.json("trace", paper["id"])["papers"][0]["sheet"])


def test_a_list_is_used_whole_from_its_day_on_by_a_batch_run_again(
    machine: Machine, home: Path, tmp_path: Path
) -> None:
    code = "KQ.G15.000031"
    shipped = max((RULES / "lists").glob("result-types-*.csv")).read_text(encoding="utf-8")
    newer = tmp_path / "kq.csv"
    newer.write_text("".join(line for line in shipped.splitlines(True) if code not in line), encoding="utf-8")
    before = by_file(machine)
    for days, unlisted in ((1, 0), (-1, 3)):
        day = (today() + timedelta(days=days)).isoformat()
        done = machine.run("lists", "import", "result-types", newer, "--from", day)
        assert done.returncode == 0 and "bỏ 1 mã" in done.stdout, done.stderr
        assert machine.run("digitize", home.parent / BATCH, "--plain").returncode == 0
        told = names(machine.json("batch", "show", BATCH)["findings"], "rule")
        assert told.count("result_code_unlisted") == unlisted, told
    assert names(list(by_file(machine).values()), "code") == names(
        list(before.values()), "code"
    )  # codes are for ever


def test_a_webhook_named_in_a_file_is_sent_the_test_of_every_channel(
    posted: list[dict[str, Any]], machine: Machine, tmp_path: Path
) -> None:
    address = tmp_path / "webhook"
    address.write_text(machine.environment.pop("SOHOA_WEBHOOK_URL") + "\n", encoding="utf-8")
    assert machine.run("alerts", "test").returncode == 5
    machine.environment["SOHOA_ALERTS__WEBHOOK_URL_FILE"] = str(address)
    assert machine.run("alerts", "test").returncode == 0
    (body,) = posted
    assert set(body) == {"text", "alerts"}
