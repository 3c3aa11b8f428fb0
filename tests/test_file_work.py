"""One file's way through the steps: the same for every command, and never the end of a run."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipeline import steps
from pipeline.work import FileRefused, FileWork, Known, RunContext, Source, Written, take_through
from schemas.documents import Route, Verdict
from schemas.errors import SourceError, StoreError
from schemas.findings import Finding, Severity, finding, joined, new_among
from schemas.reading import PageReading
from schemas.renditions import VerdictReport
from tests.papers import paper
from tests.printed_pages import page
from tests.reviewed_batch import RULES


class Recording:
    """A task whose only step does as told."""

    def __init__(self, step: Any) -> None:
        self.steps = (step,)

    def already_done(self, work: FileWork) -> tuple[str, list[str]] | None:
        return None

    def finish(self, work: FileWork) -> tuple[str, list[str]]:
        return "done", []

    def set_aside(self, work: FileWork, findings: Any) -> tuple[str, list[str]]:
        return "set aside", [note.rule for note in findings]


def context(folder: Path) -> RunContext:
    return RunContext(
        limits=RULES.limits,
        reading=RULES.reading,
        image=RULES.image,
        pool=cast(Any, None),
        staging=folder,
        as_of=date(2026, 11, 28),
        recall=lambda _: Known(datetime.now(UTC)),
        on_page=lambda: None,
        rulebook=RULES.book,
    )


def taken(folder: Path, step: Any) -> tuple[str, list[str]]:
    (folder / "in").mkdir()
    (folder / "staging").mkdir()
    scan = folder / "in" / "a.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n")
    source = Source(str(scan).encode(), "a.png")
    return take_through(context(folder / "staging"), source, steps.stage, Recording(step))


def raising(error: BaseException) -> Any:
    def step(work: FileWork) -> FileWork:
        raise error

    return step


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (lambda work: work, ("done", [])),
        (raising(SourceError("pdf_password")), ("set aside", ["pdf_password"])),
        (raising(FileRefused(finding("secret_document"))), ("set aside", ["secret_document"])),
        (raising(ZeroDivisionError("nobody foresaw it")), ("set aside", ["work_failed"])),
    ],
)
def test_what_a_file_does_wrong_ends_as_its_findings_and_leaves_nothing(
    tmp_path: Path, step: Any, outcome: Any
) -> None:
    assert taken(tmp_path, step) == outcome
    assert list((tmp_path / "staging").iterdir()) == []


@pytest.mark.parametrize("error", [StoreError("refused"), KeyboardInterrupt()])
def test_what_our_own_house_lacks_ends_the_run(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        taken(tmp_path, raising(error))
    assert list((tmp_path / "staging").iterdir()) == []


def test_a_paper_to_be_scanned_again_stays_so_though_its_rendition_is_invalid() -> None:
    blurred = finding("image_blurred", page=1, severity=Severity.ERROR)
    reading: PageReading = page([]).model_copy(update={"findings": (blurred,)})
    work = FileWork(
        cast(Any, SimpleNamespace(rulebook=RULES.book)),
        Source(b"a", "a"),
        Path("."),
        known=Known(datetime.now(UTC)),
        readings=(reading,),
    )
    invalid = VerdictReport(verdict=Verdict.INVALID)
    staged = SimpleNamespace(sha256="a")
    work = work.having(staged=staged)
    written = steps._routed(work, Written(paper("a"), Path("a.pdf"), None, invalid))
    assert written.paper.route is Route.RESCAN


def test_findings_are_joined_without_repeats() -> None:
    def differs(part: str) -> Finding:
        return finding("code_part_differs", part=part)

    known = (finding("page_broken", page=2, detail="a"), differs("owner"))
    more = [finding("page_broken", page=2, detail="b"), finding("page_broken", page=3), differs("number")]
    assert joined(known, more) == (*known, *more[1:])
    assert new_among(more, known) == tuple(more[1:])
