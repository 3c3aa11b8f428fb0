"""Hands a batch's files to other machines: their bytes into the store's intake, their names into chunks."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from extractors.bundle import Member
from extractors.intake import stage
from flows.batch import FilesOfRun
from pipeline import readings
from pipeline.plan import PlannedFile
from schemas.batches import StagedFile
from schemas.errors import SourceError
from schemas.machines import ChunkWork, HandedFile, HandedPart
from storage.objects import keys

_AT_ONCE = 8  # files that are put into the intake at the same time
_SMALLEST_PAGE = (
    10_000  # bytes; a file that is smaller than so much a page is not asked how many pages it has
)


class Handed(NamedTuple):
    """What was handed over: chunks of work, the files in them, and those that could not be copied and end here."""

    chunks: list[ChunkWork]
    files: dict[str, HandedFile]
    here: list[PlannedFile]


class _Taken(NamedTuple):
    file: HandedFile
    pages: int


def hand_over(files: FilesOfRun) -> Handed:
    """Put every file that is left to do into the intake, and divide them into chunks.

    Files of the same bytes come into one chunk, so that one worker finds the second one read.

    Raises:
        StoreError: the store refused, lost or changed bytes.
    """
    todo = files.plan.todo
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="intake") as pool:
        taken = list(pool.map(lambda planned: _take(files, planned), todo))
    here = [planned for planned, got in zip(todo, taken, strict=True) if got is None]
    got = [each for each in taken if each is not None]
    return Handed(_chunks(files, got), {each.file.name: each.file for each in got}, here)


def _take(files: FilesOfRun, planned: PlannedFile) -> _Taken | None:
    """Put one file's bytes into the intake; None if it cannot be used, which the work on it will say."""
    entry = planned.entry
    members = entry.members if entry.members is not None else (Member(entry.path, entry.name),)
    try:
        copied = [_stage(files, member) for member in members]
    except SourceError:
        return None
    try:
        parts = tuple(_put(files, member, staged) for member, staged in zip(members, copied, strict=True))
        pages = _pages(files, copied[0]) if entry.members is None else 0
    finally:
        for staged in copied:
            Path(staged.path).unlink(missing_ok=True)
    handed = HandedFile(
        name=entry.name,
        position=planned.position,
        attempts=planned.known.attempts,
        parts=parts,
        paper=entry.members is not None,
    )
    return _Taken(handed, pages) if parts else None


def _stage(files: FilesOfRun, member: Member) -> StagedFile:
    workspace = files.workspace
    return stage(
        member.path,
        name=member.name,
        staging=workspace.staging,
        limits=workspace.rules.limits,
        inbox=files.plan.inbox.root,
    )


def _put(files: FilesOfRun, member: Member, staged: StagedFile) -> HandedPart:
    key = keys.intake(files.plan.name, staged.sha256)
    store = files.workspace.store
    store.put_if_absent(key, Path(staged.path), sha256=staged.sha256, content_type="application/octet-stream")
    return HandedPart(key=key, name=member.name, size=staged.size)


def _pages(files: FilesOfRun, staged: StagedFile) -> int:
    """Pages of a file that may be big; 0 where it is not, or where the worker will find why it cannot be listed."""
    most = files.workspace.settings.machines.range_pages
    if staged.size < most * _SMALLEST_PAGE:
        return 0
    try:
        return len(readings.list_pages(files.run.context, staged).pages)
    except SourceError:
        return 0


def _chunks(files: FilesOfRun, taken: Sequence[_Taken]) -> list[ChunkWork]:
    """Ranges of big files first, each followed by the chunk that takes its file to the end; then the others together."""
    spec = files.workspace.settings.machines
    made: list[ChunkWork] = []
    for big in (each for each in taken if each.pages > spec.range_pages):
        starts = range(1, big.pages + 1, spec.range_pages)
        first = len(made) + 1
        made += [
            ChunkWork(
                files=(big.file,),
                as_of=files.as_of,
                pages=(start, min(start + spec.range_pages - 1, big.pages)),
            )
            for start in starts
        ]
        after = tuple(range(first, len(made) + 1))
        made.append(ChunkWork(files=(big.file,), as_of=files.as_of, after=after))
    together: dict[tuple[str, ...], list[HandedFile]] = {}
    for each in taken:
        if each.pages <= spec.range_pages:
            together.setdefault(tuple(part.key for part in each.file.parts), []).append(each.file)
    held: list[HandedFile] = []
    for same in together.values():
        held += same
        if len(held) >= spec.chunk_files:
            made.append(ChunkWork(files=tuple(held), as_of=files.as_of))
            held = []
    if held:
        made.append(ChunkWork(files=tuple(held), as_of=files.as_of))
    return made
