"""Exports the questions of a batch to workbooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from review.crops import pictures_of
from review.questions import waiting
from review.units import without_unit
from review.workbook import parts, write_workbook
from schemas.errors import UsageError
from schemas.review import ACCEPTANCE, UNIT
from storage.catalogue import documents
from workspace.opening import Workspace


class Exported(NamedTuple):
    """One workbook: path, number of papers and questions."""

    path: Path
    papers: int
    questions: int


def export(
    workspace: Workspace,
    batch: str,
    out: Path,
    *,
    day: date,
    every: bool = False,
    operator: str = "",
    on_paper: Callable[[], None] = lambda: None,
) -> list[Exported]:
    """Write the questions of a batch; those that do not fit into one workbook go into further ones (`-2`, `-3` …).

    Args:
        workspace: the opened home.
        batch: its name.
        out: the workbook to write; one that is there is never overwritten.
        day: today, as shown.
        every: doubtful values of accepted papers too.
        operator: who will review, if known.
        on_paper: called for every paper whose pictures are cut.

    Raises:
        UsageError: there is no such batch, or a workbook of that name is there already.
        StoreError: the store cannot be reached.
    """
    asked = waiting(workspace.database, batch, workspace.rules.book, every=every)
    if not any(paper.questions for paper in asked):
        return []
    # The unit is asked once, for the batch; who accepts what others typed does so paper by paper.
    elsewhere = {UNIT, ACCEPTANCE}
    own = [
        paper._replace(questions=tuple(asked for asked in paper.questions if asked.target not in elsewhere))
        for paper in asked
    ]
    papers = [paper for paper in own if paper.questions]
    unknown = len(without_unit([row.document for row in documents.of_batch(workspace.database, batch)]))
    workbooks = [
        (out if number == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}"), part)
        for number, part in enumerate(parts(papers), start=1)
    ]
    for path, _ in workbooks:
        if path.exists():
            raise UsageError(f"{path} is there already", remedy="review_workbook_there", path=path)
    done = []
    for path, part in workbooks:
        pictures = pictures_of(workspace, part, on_paper)
        units = unknown if path == out else 0
        lang = workspace.settings.lang
        write_workbook(path, batch, part, pictures, workspace.rules.book, day, operator, units, lang)
        questions = sum(len(paper.questions) for paper in part) + bool(units)
        done.append(Exported(path, len(part), questions))
    return done
