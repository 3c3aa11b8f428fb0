"""What the records of a paper cost, without OCR: ledger, originals, PDF/A, sidecars, rows, chains, in one home.

One ten-page paper is read and rendered for real; then papers like it, each of other bytes, go through the same functions
that the main job calls, with these readings: pages listed and entered in the ledger one by one, objects put and read back,
rows and events committed and sent.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pikepdf

from benchmarks.measuring import SOHOA, NotRun
from benchmarks.measuring import run as run_program
from configs.settings import Settings
from pipeline import steps
from pipeline.keeping import BatchRun, KeepInBatch, open_run
from pipeline.plan import PlannedFile, make_plan
from pipeline.work import FileWork, Source, Written
from samples.making import make_one
from schemas.batches import BatchState
from schemas.clock import today
from schemas.documents import document_id
from storage.catalogue import batches, runs
from storage.objects import keys, open_store
from workspace.opening import open_workspace

PAGES = 10


@contextmanager
def environment(**settings: str) -> Iterator[None]:
    """Set environment variables for the programs of a block."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@dataclass(frozen=True)
class Kept:
    """What was measured.

    Attributes:
        pages_a_second, papers_a_second: whose records were kept.
        puts_a_second: papers whose three objects are only put and read back.
        again_seconds: a second run of the finished batch, from the command line.
        again_readings: pages that it read.
    """

    pages_a_second: float
    papers_a_second: float
    puts_a_second: float
    again_seconds: float
    again_readings: int


def measure(room: Path, papers: int) -> Kept:
    """Keep so many papers of ten pages in a fresh home on a local store, then run their batch again.

    Raises:
        NotRun: not every paper was kept.
    """
    folder, sample = room / "inbox" / "so-sach", room / "sample.pdf"
    folder.mkdir(parents=True)
    _ten_pages(sample)
    for number in range(papers):
        (folder / f"{number}.pdf").write_bytes(sample.read_bytes() + f"\n% {number}\n".encode())
    settings = Settings.load(home=room / "home", verapdf="off", orchestrator="plain", workers=1)
    with open_workspace(settings) as workspace, workspace.hold("so-sach"):
        plan = make_plan(workspace, folder)
        runs.start_run(workspace.database, workspace.run_id, plan.name, "benchmark", plan.digests)
        run = open_run(workspace, plan, lambda: None, today())
        first = _work(run, plan.todo[0])
        works = [_like(first, planned, room / "made") for planned in plan.todo]
        started = time.monotonic()
        for planned, work in zip(plan.todo, works, strict=True):
            _keep(run, planned, work)
        spent = time.monotonic() - started
        files, pages = batches.counts(workspace.database, plan.name)
        if (files.read, pages.accounted) != (papers, papers * PAGES):
            raise NotRun(f"{files.read} papers and {pages.accounted} pages of {papers} were kept")
        batches.set_state(workspace.database, plan.name, BatchState.FINISHED)
    bare = _bare_puts(room, sample.read_bytes(), papers)
    return Kept(papers * PAGES / spent, papers / spent, bare, *_again(room, folder))


def _again(room: Path, folder: Path) -> tuple[float, int]:
    """Seconds of a second run, and the pages it read. The first closes the batch."""
    argv = [SOHOA, "digitize", folder, "--home", room / "home", "--plain"]
    with environment(SOHOA_VERAPDF="off"):
        run_program(argv, log=room / "closing.log")
        before = _passes(room)
        spent = run_program(argv, log=room / "again.log")
    return spent.wall, _passes(room) - before


def _passes(room: Path) -> int:
    with open_workspace(Settings.load(home=room / "home")) as workspace:
        return workspace.ledger.passes("so-sach")


def _ten_pages(path: Path) -> None:
    """A paper of ten pages: a permit's page over and over."""
    one = make_one("construction_permit", 1, dpi=150)
    source = path.with_suffix(".one")
    source.write_bytes(one.data)
    with pikepdf.open(source) as pdf:
        for _ in range(PAGES - 1):
            pdf.pages.append(pdf.pages[0])
        pdf.save(path)
    source.unlink()


def _work(run: BatchRun, planned: PlannedFile) -> FileWork:
    """One file through every step but the last."""
    folder = run.context.staging / "first"
    folder.mkdir()
    work = steps.stage(FileWork(run.context, Source(planned.entry.path, planned.entry.name), folder))
    work = work.having(known=run.context.recall(work.file))
    for step in (steps.pages, steps.read, steps.understand, steps.render):
        work = step(work)
    return work


def _like(first: FileWork, planned: PlannedFile, room: Path) -> FileWork:
    """The same work of other bytes."""
    place = room / planned.entry.name
    place.mkdir(parents=True)
    path = os.fsdecode(planned.entry.path)
    data = Path(path).read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    pages = tuple(range(1, PAGES + 1))
    own = {"sha256": sha256, "pages": pages, "id": document_id(sha256, pages)}
    paper = first.papers[0].model_copy(update=own)
    rendered = first.written[0].path.read_bytes() + data[-16:]
    pdf = place / "rendered.pdf"
    pdf.write_bytes(rendered)
    done = first.written[0].rendition
    assert done is not None
    digest = hashlib.sha256(rendered).hexdigest()
    rendition = done.model_copy(update={"sha256": digest, "size": len(rendered), "pages": PAGES})
    file = {"sha256": sha256, "path": path, "size": len(data), "name": planned.entry.name}
    return replace(
        first,
        source=Source(planned.entry.path, planned.entry.name),
        folder=place,
        staged=first.file.model_copy(update=file),
        known=None,
        papers=(paper,),
        written=(Written(paper, pdf, rendition, first.written[0].report),),
    )


def _keep(run: BatchRun, planned: PlannedFile, work: FileWork) -> None:
    """What the main job records of a file, in its order."""
    work = work.having(known=run.context.recall(work.file))
    assert work.known is not None and work.known.ledger is not None
    work.known.keep_pages(work.listed)
    for reading in work.readings:
        work.known.ledger.starting(reading.number)()
        work.known.ledger.keep(reading)
    KeepInBatch(run, planned).finish(work)


def _bare_puts(room: Path, data: bytes, papers: int) -> float:
    """Papers a second when their three objects are only put and read back, by the store's own interface."""
    settings = Settings.load(home=room / "bare")
    store = open_store(settings.store, room / "bare")
    started = time.monotonic()
    for number in range(papers):
        for part in range(3):
            body = data + f"{number} {part}".encode()
            digest = hashlib.sha256(body).hexdigest()
            store.put_if_absent(keys.original(digest), body, sha256=digest, content_type="-")
    return papers / (time.monotonic() - started)


__all__ = ["Kept", "measure"]
