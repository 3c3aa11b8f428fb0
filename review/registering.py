"""A batch and its clerk's register: a register is imported, and the scans are matched with it.

What a register says about a paper is kept as a decision about `register:<field>` and applied by the same functions as a
person's, so that it lasts through later runs and rebuilds; a person's own values stand above it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from extractors.registered import STATED
from review.deciding import Applied, Requested, apply, apply_open
from review.register_columns import Guess
from review.register_matching import match, papers_without_row, rows_without_scan
from review.register_reading import Reading, read_register
from schemas.documents import Document
from schemas.errors import UsageError
from schemas.events import EventType
from schemas.registers import Matched, Pair, Register, RegisterRow
from schemas.reports import RowProblem
from schemas.review import Action, Decision, by_register, in_force, register_field
from schemas.version import TOOL
from storage.catalogue import batches, decisions, documents, registers
from storage.catalogue.events import now
from storage.catalogue.provenance import new_event
from workspace.opening import Workspace


class Imported(NamedTuple):
    """Result of an import.

    Attributes:
        register: the version in force now; None if nothing was imported.
        new: False if the same file was imported already.
        confirm: True if nothing was imported because a person has to confirm the columns first.
        tables: the columns used, or guessed.
        problems: rows left out; with no register, why the file cannot be taken.
    """

    register: Register | None
    new: bool
    confirm: bool
    tables: tuple[Guess, ...]
    problems: tuple[RowProblem, ...]


def import_register(
    workspace: Workspace,
    batch: str,
    path: Path,
    *,
    as_of: date,
    mapping: Mapping[str, int],
    head: int | None = None,
    confirmed: bool = False,
) -> Imported:
    """Import a register for a batch; a later one supersedes it as a new version.

    Args:
        workspace: the opened home.
        batch: the batch.
        path: the file.
        as_of: today.
        mapping: columns stated by a person; empty to guess.
        head: number of the header's last row, if stated.
        confirmed: a person confirmed the guess.

    Raises:
        UsageError: no such batch or file, or the file is larger than allowed.
        BatchHeld: a run is at work on the batch.
    """
    if not batches.exists(workspace.database, batch):
        raise UsageError(f"no batch {batch}", remedy="batch_absent", name=batch)
    data = _bytes_of(path, workspace.rules.limits.register_bytes)
    reading = read_register(data, path.name, workspace.rules.limits, as_of, mapping=mapping, head=head)
    if not reading.rows:
        return Imported(None, False, False, reading.tables, reading.problems)
    if not (reading.certain or confirmed):
        return Imported(None, False, True, reading.tables, reading.problems)
    with workspace.hold(batch):
        return _entered(workspace, batch, path.name, hashlib.sha256(data).hexdigest(), reading)


def _bytes_of(path: Path, most: int) -> bytes:
    if not path.is_file():  # a pipe would wait for ever
        raise UsageError(f"no file {path}", remedy="file_not_found", path=path)
    with path.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise UsageError(
            f"{path} is too large", remedy="register_too_large", path=path, most=most // 1_000_000
        )
    return data


def _entered(workspace: Workspace, batch: str, file: str, sha256: str, reading: Reading) -> Imported:
    columns = {
        table.sheet or "": {name: table.letter(name) for name in table.columns} for table in reading.tables
    }
    held = registers.current(workspace.database, batch)
    if held is not None and (held.sha256, held.columns) == (sha256, columns):
        return Imported(held, False, False, reading.tables, reading.problems)
    register = Register(
        batch=batch,
        version=held.version + 1 if held else 1,
        sha256=sha256,
        file=file,
        operator=workspace.operator,
        at=now(),
        columns=columns,
        encoding=reading.encoding,
        rows=reading.rows,
        problems=reading.problems,
    )
    detail: dict[str, str | int] = {
        "file": file,
        "sha256": sha256,
        "version": register.version,
        "rows": len(register.rows),
        "left_out": len(register.problems),
    }
    event = new_event(
        EventType.REGISTER,
        batch[:255],
        "imported",
        batch=batch,
        agent=workspace.operator,
        tool=TOOL,
        detail=detail,
    )
    registers.add(workspace.database, register, workspace.run.id, event)
    workspace.send()
    return Imported(register, True, False, reading.tables, reading.problems)


class Reconciled(NamedTuple):
    """How the scans of a batch stand against its register.

    Attributes:
        register: the version in force; None if there is none.
        matched: the last outcome of matching; None if it was never matched, or only with an older version.
        papers: the batch's papers.
        contradictions: papers with a value that the register contradicts.
        rows_alone, papers_alone: rows without scan, scans without row.
        applied: papers that have a new version from this call.
    """

    register: Register | None
    matched: Matched | None
    papers: tuple[documents.DocumentRow, ...] = ()
    contradictions: tuple[Document, ...] = ()
    rows_alone: tuple[RegisterRow, ...] = ()
    papers_alone: tuple[Document, ...] = ()
    applied: tuple[Applied, ...] = ()


def reconciled(workspace: Workspace, batch: str) -> Reconciled:
    """How a batch stands now; changes nothing.

    Raises:
        UsageError: no such batch.
    """
    if not batches.exists(workspace.database, batch):
        raise UsageError(f"no batch {batch}", remedy="batch_absent", name=batch)
    register = registers.current(workspace.database, batch)
    matched = registers.matched(workspace.database, batch)
    if register is None or (matched is not None and matched.version != register.version):
        matched = None
    rows = tuple(documents.of_batch(workspace.database, batch))
    papers = [row.document for row in rows]
    contradicted = tuple(
        paper for paper in papers if any(note.rule == "register_contradicts" for note in paper.findings)
    )
    if register is None or matched is None:
        return Reconciled(register, matched, rows, contradicted)
    alone = tuple(rows_without_scan(register, matched)), tuple(papers_without_row(_papers(rows), matched))
    return Reconciled(register, matched, rows, contradicted, *alone)


def match_batch(workspace: Workspace, batch: str, *, as_of: date) -> Reconciled:
    """Match the scans with the register in force, and apply what the rows say; a second time changes nothing.

    Raises:
        UsageError: no such batch, or it has no register.
        BatchHeld: a run is at work on the batch.
    """
    if reconciled(workspace, batch).register is None:
        raise UsageError(f"no register for {batch}", remedy="register_absent", batch=batch)
    with workspace.hold(batch):
        how, requested = _matched(workspace, batch)
        applied = apply(workspace, batch, requested, as_of=as_of, operator=workspace.operator, how=how)
        workspace.send()
    return reconciled(workspace, batch)._replace(applied=tuple(applied))


def match_before_closing(workspace: Workspace, batch: str, as_of: date) -> None:
    """Match the scans of a batch that a run holds and is about to close; nothing if it has no register."""
    if registers.current(workspace.database, batch) is None:
        return
    how, requested = _matched(workspace, batch)
    apply_open(workspace, batch, requested, as_of=as_of, operator=workspace.operator, how=how)


def _matched(workspace: Workspace, batch: str) -> tuple[str, list[Requested]]:
    """Record the outcome of matching if it is another than the last, and return what it asks for."""
    register = registers.current(workspace.database, batch)
    assert register is not None
    papers = _papers(documents.of_batch(workspace.database, batch))
    book = workspace.rules.book
    outcome = match(papers, register, {**book.abbreviations, **book.agency_lines.short})
    last = registers.matched(workspace.database, batch)
    if last is not None and _same_pairs(last, outcome):
        outcome = last  # with the evidence of the papers as they were read, before the register filled them
    else:
        detail = {
            "version": outcome.version,
            "matched": len(outcome.pairs),
            "ambiguous": len(outcome.ambiguous),
        }
        event = new_event(
            EventType.REGISTER,
            batch[:255],
            "matched",
            batch=batch,
            agent=workspace.operator,
            tool=TOOL,
            detail=detail,
        )
        registers.add_match(workspace.database, batch, outcome, workspace.operator, workspace.run.id, event)
    held = decisions.of_documents(workspace.database, [paper.id for paper in papers])
    return f"register {register.sha256[:12]}", _requested(papers, outcome, register, held)


def _papers(rows: Sequence[documents.DocumentRow]) -> list[Document]:
    """Papers to match; a second scan of a paper is left to the first one."""
    return [row.document for row in rows if row.linked_to is None]


def _same_pairs(one: Matched, other: Matched) -> bool:
    def keys(pairs: Sequence[Pair]) -> set[tuple[str, int]]:
        return {(pair.document_id, pair.position) for pair in pairs}

    return (one.version, keys(one.pairs), keys(one.ambiguous)) == (
        other.version,
        keys(other.pairs),
        keys(other.ambiguous),
    )


def _requested(
    papers: Sequence[Document], outcome: Matched, register: Register, held: Mapping[str, Sequence[Decision]]
) -> list[Requested]:
    """What the matched rows say, and what a row no longer says."""
    pairs: dict[str, Pair] = {pair.document_id: pair for pair in outcome.pairs}
    requested = []
    for paper in papers:
        pair = pairs.get(paper.id)
        row = register.rows[pair.position] if pair else None
        stated = {name: row.values[name] for name in STATED if name in row.values} if row else {}
        if pair is not None and row is not None:
            place = f"{register.file} v{register.version}, {row.sheet or 'CSV'}:{row.row}"
            requested += [
                Requested(paper.id, by_register(name), Action.SET, value, place, pair.confidence)
                for name, value in stated.items()
            ]
        for target, decision in in_force(held.get(paper.id, ())).items():
            field = register_field(target)
            if field is not None and field not in stated and decision.action is Action.SET:
                requested.append(Requested(paper.id, target, Action.ABSENT))
    return requested
