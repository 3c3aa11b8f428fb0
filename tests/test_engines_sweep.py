"""What a killed run left is found and removed by the next; what lives is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from engines.sweep import SweepReport, open_run, sweep
from tests.processes import gone, marked

_ROOT = Path(__file__).parent.parent
_OWNER = """
import subprocess, sys, pathlib, os, time
from engines.sweep import open_run
run = open_run(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
(run.tmp / "page.bmp").write_bytes(b"x")
subprocess.Popen(["sh", "-c", "sleep 300 & sleep 300"], start_new_session=True, env={**os.environ, "SOHOA_RUN_ID": run.id})
print(run.id, flush=True)
time.sleep(300)
"""


def _owner(runs: Path, temporary: Path) -> tuple[subprocess.Popen[str], str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(runs), str(temporary)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout
    run_id = owner.stdout.readline().strip()
    owner.stdout.close()
    return owner, run_id


def test_a_closed_run_leaves_nothing(tmp_path: Path) -> None:
    """Neither folder is left, and there is nothing to sweep."""
    with open_run(tmp_path / "runs", tmp_path / "tmp") as run:
        assert run.dir.stat().st_mode & 0o777 == run.tmp.stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "tmp").iterdir()) == []
    assert sweep(tmp_path / "runs", tmp_path / "tmp") == SweepReport(0, 0)


def test_a_live_run_is_left_alone(tmp_path: Path) -> None:
    """Its lock is held."""
    with open_run(tmp_path / "runs", tmp_path / "tmp") as run:
        assert sweep(tmp_path / "runs", tmp_path / "tmp").runs == 0
        assert run.dir.is_dir()
        assert run.tmp.is_dir()


def test_a_killed_run_is_swept_with_its_processes_even_under_another_tmpdir(tmp_path: Path) -> None:
    """The folders and every process that carries its id; a neighbour's stay."""
    runs, old, new = tmp_path / "runs", tmp_path / "old", tmp_path / "new"
    dead, dead_id = _owner(runs, old)
    live, live_id = _owner(runs, old)
    try:
        dead.kill()
        dead.wait()
        assert len(marked("SOHOA_RUN_ID", dead_id)) == 3
        report = sweep(runs, new)
        assert report == SweepReport(1, 3)
        assert gone(lambda: marked("SOHOA_RUN_ID", dead_id))
        assert [folder.name for folder in old.iterdir()] == [f"sohoa-{live_id}"]
        assert len(marked("SOHOA_RUN_ID", live_id)) == 3
    finally:
        live.kill()
        live.wait()
        for pid in marked("SOHOA_RUN_ID", live_id):
            os.kill(pid, signal.SIGKILL)


def test_a_home_without_runs_has_nothing_to_sweep(tmp_path: Path) -> None:
    """The first run of all."""
    assert sweep(tmp_path / "none", tmp_path) == SweepReport(0, 0)


def test_a_note_that_names_a_strange_folder_is_not_believed(tmp_path: Path) -> None:
    """A sweep removes only what runs make."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / "runs" / "abc").mkdir(parents=True)
    (tmp_path / "runs" / "abc" / "tmp").write_text(str(precious))
    assert sweep(tmp_path / "runs", tmp_path / "tmp").runs == 1
    assert precious.is_dir()
