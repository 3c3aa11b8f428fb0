"""A machine without the in-process Tesseract binding: the program reads, through pytesseract, and everything says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import samples
from tests.machine import ROOT, Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which `import tesserocr` fails, as where it was never installed."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "tesserocr.py").write_text("raise ImportError('not installed')\n", encoding="utf-8")
    made = Machine(tmp_path / "machine", SOHOA_ENGINE="tesserocr")
    made.environment["PYTHONPATH"] = os.pathsep.join([str(hidden), str(ROOT)])
    return made


def test_a_paper_is_read_kept_and_traced_by_the_portable_engine(machine: Machine, tmp_path: Path) -> None:
    samples.make(tmp_path / "scans", 1, 3, batches=["dang-ky-doanh-nghiep-2009-2025"], clean=True)
    [batch] = [path for path in (tmp_path / "scans").iterdir() if path.is_dir() and path.name != "truth"]
    done = machine.run("digitize", batch, "--plain")
    assert done.returncode == 0, done.stderr
    shown = machine.json("batch", "show", batch.name)
    assert shown["pages"]["accounted"] == shown["pages"]["in"] > 0
    [paper] = shown["documents"]
    assert paper["kind"] == "enterprise_registration" and paper["pdfa"]
    traced = machine.json("trace", paper["id"])
    assert any(event["tool"].startswith("pytesseract 5") for event in traced["events"])
