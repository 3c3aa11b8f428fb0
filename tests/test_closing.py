"""Closing a batch: `closing` until everything stands, then its end state; what was left is closed by the next run."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flows.nights.wishes import cancel
from schemas.batches import BatchState, ScheduleState
from schemas.clock import VIETNAM, today
from schemas.errors import StoreError
from schemas.findings import finding
from storage.catalogue import batches, closings, documents, runs, schedules
from storage.catalogue.database import Database
from tests.papers import DIGESTS, new_catalogue, open_batch
from tests.reviewed_batch import BATCH, OTHER, SCANS, copy_of, make_home
from workspace import closing
from workspace.alerting import alerts_of
from workspace.board import board_of
from workspace.closing import close_batch, close_others, is_unclosed, report_folder
from workspace.opening import Workspace


@pytest.fixture
def catalogue(tmp_path: Path) -> Database:
    return new_catalogue(tmp_path)


@pytest.fixture(scope="module")
def digitised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("home"), {OTHER: SCANS[OTHER], BATCH: SCANS[OTHER]})


def state(workspace: Workspace, name: str = OTHER) -> BatchState:
    return batches.batch(workspace.database, name).state


def refuse(*_: Any) -> Any:
    raise StoreError("the store refuses")


def test_a_killed_run_leaves_its_batch_failed_or_closing_with_the_end_it_leads_to(
    catalogue: Database,
) -> None:
    for name in ("running", "closing"):
        open_batch(catalogue, name)
        runs.start_run(catalogue, name, name, "lan", DIGESTS)
        batches.set_state(catalogue, name, BatchState.RUNNING)
    closings.begin_closing(catalogue, "closing", BatchState.PAUSED, run="closing")
    assert runs.close_dead_runs(catalogue, set()) == ["closing", "running"]
    assert batches.batch(catalogue, "running").state is BatchState.FAILED
    left = batches.batch(catalogue, "closing")
    assert (left.state, left.ending) == (BatchState.CLOSING, BatchState.PAUSED)
    assert closings.end_closing(catalogue, "closing", "later") is BatchState.PAUSED
    assert batches.batch(catalogue, "closing").ending is None


def test_looking_at_a_batch_again_keeps_what_its_closing_found(catalogue: Database) -> None:
    open_batch(catalogue, "lô")
    stopped = finding("batch_stopped", aside=11, ended=20)
    absent = finding("batch_sheet_absent")
    batches.set_state(catalogue, "lô", BatchState.STOPPED, findings=[absent, stopped])
    path = batches.batch(catalogue, "lô").path
    batches.bind(catalogue, "lô", path, sheet=None, findings=[absent])
    assert batches.batch(catalogue, "lô").findings == (absent, stopped)


@pytest.mark.parametrize("ending", [BatchState.PAUSED, BatchState.STOPPED, BatchState.CANCELLED])
def test_a_batch_keeps_the_name_of_its_end_through_a_closing_that_fails(
    digitised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: BatchState
) -> None:
    with copy_of(digitised, tmp_path) as workspace:
        with monkeypatch.context() as patched, pytest.raises(StoreError):
            patched.setattr(closing, "send_all", refuse)
            close_batch(workspace, OTHER, ending)
        assert state(workspace) is BatchState.CLOSING
        board = board_of(workspace.database, workspace.settings, today())
        alerts = [alert.rule for alert in alerts_of(board, datetime.now(VIETNAM), "vi")]
        assert "batch_not_closed" in alerts
        with monkeypatch.context() as patched:
            patched.setattr(closing, "send_all", refuse)
            assert close_others(workspace, BATCH) == []
        assert close_others(workspace, BATCH) == [OTHER]
        assert state(workspace) is ending
        report = report_folder(workspace.settings.home, OTHER) / "report.html"
        assert f"state-{ending}" in report.read_text(encoding="utf-8")


def test_a_batch_cancelled_at_rest_gets_its_report_with_the_next_run(digitised: Path, tmp_path: Path) -> None:
    with copy_of(digitised, tmp_path) as workspace:
        database = workspace.database
        schedules.put(database, OTHER, "/inbox", "lan", state=ScheduleState.PAUSED)
        cancel(database, OTHER, "lan")
        assert state(workspace) is BatchState.CANCELLED
        assert is_unclosed(workspace, OTHER)
        assert close_others(workspace, BATCH) == [OTHER]
        assert documents.events_to_export(database, OTHER) == []
        assert state(workspace) is BatchState.CANCELLED
