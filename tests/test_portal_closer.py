"""Answers come first: a batch is closed once nobody answers, when the server ends, or by whoever runs next."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from portal.closer import Closer
from review.deciding import Requested, decide_open
from schemas.batches import BatchState
from schemas.clock import today
from storage.catalogue import batches, documents
from tests.reviewed_batch import BATCH, copy_of
from workspace.closing import report_folder
from workspace.opening import Workspace


def answer(workspace: Workspace, value: str) -> None:
    """What the page does with an answer."""
    paper = documents.of_batch(workspace.database, BATCH)[0].document.id
    decide_open(workspace, BATCH, [Requested(paper, "signer", value=value)], as_of=today(), how="hand")


def state(workspace: Workspace) -> BatchState:
    return batches.batch(workspace.database, BATCH).state


@pytest.mark.parametrize("ends", [False, True])
def test_a_batch_is_closed_when_nobody_answers_or_the_server_ends(
    digitised: Path, tmp_path: Path, ends: bool
) -> None:
    with copy_of(digitised, tmp_path) as workspace:
        closer = Closer(workspace, quiet=300 if ends else 0.3)
        closer.start()
        for value in ("Lê Minh Tuấn", "Lê Minh Tú"):
            answer(workspace, value)
            closer.answered(BATCH)
        assert state(workspace) is BatchState.CLOSING
        if not ends:
            deadline = time.monotonic() + 60
            while state(workspace) is BatchState.CLOSING and time.monotonic() < deadline:
                time.sleep(0.1)
        closer.stop()
        assert state(workspace) is BatchState.FINISHED
        report = report_folder(workspace.settings.home, BATCH) / "report.html"
        assert "Lê Minh Tú" in report.read_text(encoding="utf-8")


def test_a_batch_that_another_run_holds_is_left_to_it(digitised: Path, tmp_path: Path) -> None:
    with copy_of(digitised, tmp_path) as workspace:
        closer = Closer(workspace, quiet=0.0)
        closer.start()
        answer(workspace, "Lê Minh Tú")
        with workspace.hold(BATCH):
            closer.answered(BATCH)
            time.sleep(0.5)
            closer.stop()
            assert state(workspace) is BatchState.CLOSING
