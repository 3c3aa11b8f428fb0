"""Lines of the log: for people or as JSON, each of a run with the run's id, also from threads; on stderr alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

from PIL import Image

from tests.machine import Machine


def test_lines_as_json_bear_run_batch_and_machine_and_leave_results_alone(tmp_path: Path) -> None:
    machine = Machine(tmp_path, SOHOA_LOG_LEVEL="INFO", SOHOA_LOG_FORMAT="json")
    batch = machine.inbox / "lô-1"
    batch.mkdir()
    Image.new("L", (850, 1100), 255).save(batch / "1.png", dpi=(100, 100))
    done = machine.run("digitize", batch, "--plain", "--json")
    assert done.returncode in {0, 3}, done.stderr
    assert json.loads(done.stdout)["batch"] == "lô-1"
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    began = next(line for line in lines if line["event"] == "run_began")
    assert re.fullmatch(r"[0-9a-f]{32}", began["run"]) and began["batch"] == "lô-1" and began["host"]
    assert {line["run"] for line in lines if "run" in line} == {began["run"]}
    again = machine.run("digitize", batch, "--plain")
    assert began["run"] not in again.stderr


def test_without_asking_for_it_a_line_is_for_people_and_a_wrong_format_is_refused(tmp_path: Path) -> None:
    machine = Machine(tmp_path, SOHOA_LOG_LEVEL="INFO")
    batch = machine.inbox / "lô-2"
    batch.mkdir()
    Image.new("L", (850, 1100), 255).save(batch / "1.png", dpi=(100, 100))
    told = machine.run("digitize", batch, "--plain").stderr
    assert "run_began" in told and "run=" in told and not told.lstrip().startswith("{")
    machine.environment["SOHOA_LOG_FORMAT"] = "xml"
    refused = machine.run("batch", "list")
    assert refused.returncode != 0 and "log_format" in refused.stderr
