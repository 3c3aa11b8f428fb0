"""docs/configuration.md through the command line: each setting changes what a command then does or shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.kept_home import BATCH
from tests.machine import Machine


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
