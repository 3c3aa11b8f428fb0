"""Batches and the status of their files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, func, insert, select, update

from schemas.batches import BatchSheet, BatchState, FileCounts, FileStatus, PageCounts
from schemas.errors import BatchNameTaken, UsageError
from schemas.findings import Finding
from storage.catalogue import chains
from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.catalogue.events import chain_of
from storage.catalogue.events import now as now  # callers of this module stamp with it, too


class FileRow(NamedTuple):
    """One file of a batch. `done_with` names the digests that its work was completed under."""

    name: str
    position: int
    sha256: str | None
    status: FileStatus
    findings: tuple[Finding, ...]
    pages: int
    accounted: int
    duplicate_of: str | None
    attempts: int
    done_with: str | None


class BatchRow(NamedTuple):
    """One batch in a list. `ending` is the end state that a closing leads to, None outside of one."""

    name: str
    path: str
    state: BatchState
    files: int
    documents: int
    findings: tuple[Finding, ...]
    sheet: BatchSheet | None
    ending: BatchState | None = None


def dump(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON columns hold them."""
    return [finding.model_dump(mode="json", exclude_defaults=True) for finding in findings]


def load(rows: Sequence[dict[str, Any]] | None) -> tuple[Finding, ...]:
    """Findings from a JSON column."""
    return tuple(Finding.model_validate(row) for row in rows or ())


def bind(
    database: Database, name: str, path: str, *, sheet: BatchSheet | None, findings: Sequence[Finding]
) -> None:
    """Bind a batch name to its folder, creating the batch when it is new.

    Raises:
        BatchNameTaken: the name belongs to another folder.
    """
    dumped = sheet.model_dump(mode="json", exclude_none=True) if sheet else None
    with database.write() as connection:
        query = select(t.batch.c.path, t.batch.c.findings, t.batch.c.sheet).where(t.batch.c.name == name)
        known = connection.execute(query).first()
        if known is None:
            connection.execute(
                insert(t.batch).values(
                    name=name,
                    path=path,
                    state=BatchState.PLANNED,
                    sheet=dumped,
                    findings=dump(findings),
                    created_at=now(),
                    updated_at=now(),
                )
            )
            note_batch(connection, name)
            return
        if known.path != path:
            raise BatchNameTaken(
                f"batch {name} is bound to {known.path}",
                remedy="batch_name_taken",
                name=name,
                path=known.path,
            )
        # What the last closing found stays; only the findings about the sheet are renewed.
        kept = [note for note in load(known.findings) if not note.rule.startswith("batch_sheet")]
        values = {"sheet": dumped, "findings": dump([*findings, *kept])}
        if values == {"sheet": known.sheet, "findings": known.findings}:
            return  # an unchanged batch adds nothing to its chain
        connection.execute(update(t.batch).where(t.batch.c.name == name).values(**values, updated_at=now()))
        note_batch(connection, name)


def note_batch(connection: Connection, name: str) -> None:
    """Enter a batch's row as it stands now in its chain."""
    chains.note(connection, chain_of(name), t.batch, t.batch.c.name == name)


def _note_files(connection: Connection, batch: str, names: Sequence[str]) -> None:
    column = t.batch_file.c
    for chunk in in_chunks(names):
        chains.note(connection, chain_of(batch), t.batch_file, column.batch == batch, column.name.in_(chunk))


def set_state(
    database: Database, name: str, state: BatchState, *, findings: Sequence[Finding] | None = None
) -> None:
    """Record a batch's state (and its own findings, when given)."""
    values: dict[str, Any] = {"state": state, "ending": None, "updated_at": now()}
    if findings is not None:
        values["findings"] = dump(findings)
    with database.write() as connection:
        connection.execute(update(t.batch).where(t.batch.c.name == name).values(values))
        note_batch(connection, name)


def files(database: Database, batch: str, names: Sequence[str] | None = None) -> dict[str, FileRow]:
    """Files of a batch (or those named) by name, in their order."""
    with database.read() as connection:
        return {row.name: row for row in rows_of_files(connection, batch, names)}


def file_findings(
    database: Database, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[Finding, ...]]:
    """Findings of files, by batch and name: of these alone, however many a batch has."""
    column, by_batch = t.batch_file.c, sorted({batch for batch, _ in wanted})
    found = {}
    with database.read() as connection:
        for batch in by_batch:
            for chunk in in_chunks(sorted(name for own, name in wanted if own == batch)):
                query = select(column.name, column.findings).where(
                    column.batch == batch, column.name.in_(chunk)
                )
                found.update({(batch, row.name): load(row.findings) for row in connection.execute(query)})
    return found


def stored_row(connection: Connection, name: str) -> Row[Any]:
    """A batch's row, on a connection whose snapshot other queries share.

    Raises:
        UsageError: there is none of that name.
    """
    row = connection.execute(select(t.batch).where(t.batch.c.name == name)).first()
    if row is None:
        raise UsageError(f"no batch {name}", remedy="batch_absent", name=name)
    return row


def rows_of_files(connection: Connection, batch: str, names: Sequence[str] | None = None) -> list[FileRow]:
    """The same, on a connection whose snapshot other queries share."""
    columns = [t.batch_file.c[name] for name in FileRow._fields]
    query = select(*columns).where(t.batch_file.c.batch == batch)
    if names is not None:
        query = query.where(t.batch_file.c.name.in_(list(names)))
    rows = connection.execute(query.order_by(t.batch_file.c.position, t.batch_file.c.name)).all()
    return [
        FileRow(*row)._replace(status=FileStatus(row.status), findings=load(row.findings)) for row in rows
    ]


def failed(database: Database, batch: str) -> list[FileRow]:
    """Files set aside and files read only in part, with the reasons."""
    with database.read() as connection:
        rows = rows_of_files(connection, batch)
    return [row for row in rows if row.status in {FileStatus.SET_ASIDE, FileStatus.PARTIAL}]


def enter_files(database: Database, batch: str, names: Sequence[str]) -> None:
    """Record every file of the inbox, so that none is left out of the count; known files keep their status."""
    query = select(t.batch_file.c.name, t.batch_file.c.position).where(t.batch_file.c.batch == batch)
    with database.write() as connection:
        known = {row.name: row.position for row in connection.execute(query)}
        fresh = [
            {
                "batch": batch,
                "name": name,
                "position": position,
                "status": FileStatus.NOT_STARTED,
                "findings": [],
                "pages": 0,
                "accounted": 0,
                "attempts": 0,
                "updated_at": now(),
            }
            for position, name in enumerate(names)
            if name not in known
        ]
        moved = [
            {"in_batch": batch, "named": name, "place": position}
            for position, name in enumerate(names)
            if known.get(name, position) != position
        ]
        if fresh:
            connection.execute(insert(t.batch_file), fresh)
        if moved:
            where = (t.batch_file.c.batch == bindparam("in_batch"), t.batch_file.c.name == bindparam("named"))
            connection.execute(update(t.batch_file).where(*where).values(position=bindparam("place")), moved)
        changed = [row["name"] for row in fresh] + [row["named"] for row in moved]
        _note_files(connection, batch, [str(name) for name in changed])


def finish_file(connection: Connection, batch: str, row: FileRow) -> None:
    """Write a file's status inside the caller's transaction."""
    where = (t.batch_file.c.batch == batch, t.batch_file.c.name == row.name)
    connection.execute(
        update(t.batch_file)
        .where(*where)
        .values(
            sha256=row.sha256,
            status=row.status,
            findings=dump(row.findings),
            pages=row.pages,
            accounted=row.accounted,
            duplicate_of=row.duplicate_of,
            attempts=row.attempts,
            done_with=row.done_with,
            updated_at=now(),
        )
    )
    _note_files(connection, batch, [row.name])
    if row.sha256 is not None:
        chains.note(connection, chain_of(batch), t.original, t.original.c.sha256 == row.sha256)
        chains.note_passes(connection, chain_of(batch), batch, row.sha256)


class EndedFile(NamedTuple):
    """How a file ended that another machine worked on."""

    name: str
    status: FileStatus
    attempts: int
    pages: int
    documents: int
    codes: int


def ended_files(database: Database, batch: str, attempts: Mapping[str, int]) -> list[EndedFile]:
    """Those of some files of a batch that were worked on more often than is known, and what came of it.

    `attempts` is how often each had been worked on, by name.
    """
    column, paper = t.batch_file.c, t.document.c
    query = select(column.name, column.status, column.attempts, column.pages).where(
        column.batch == batch, column.attempts > 0
    )
    with database.read() as connection:
        rows = [
            row for row in connection.execute(query) if row.attempts > attempts.get(row.name, row.attempts)
        ]
        found: dict[str, tuple[int, int]] = {}
        for names in in_chunks(row.name for row in rows):
            counted = select(paper.file, func.count(), func.count(t.code.c.printed)).where(
                paper.batch == batch, paper.file.in_(names)
            )
            joined = counted.join_from(t.document, t.code, t.code.c.document_id == paper.id, isouter=True)
            for name, papers, codes in connection.execute(joined.group_by(paper.file)):
                found[name] = (papers, codes)
    return [
        EndedFile(row.name, FileStatus(row.status), row.attempts, row.pages, *found.get(row.name, (0, 0)))
        for row in rows
    ]


def finished_twin(database: Database, sha256: str, batch: str, name: str) -> str | None:
    """The file with the same bytes that was already read completely, as `batch/name`, or None."""
    query = (
        select(t.batch_file.c.batch, t.batch_file.c.name)
        .where(
            t.batch_file.c.sha256 == sha256,
            t.batch_file.c.status.in_([FileStatus.READ, FileStatus.PARTIAL]),
            t.batch_file.c.duplicate_of.is_(None),
        )
        .order_by(t.batch_file.c.updated_at)
    )
    with database.read() as connection:
        for row in connection.execute(query):
            if (row.batch, row.name) != (batch, name):
                return f"{row.batch}/{row.name}"
    return None


def counts(database: Database, batch: str) -> tuple[FileCounts, PageCounts]:
    """Files and pages of a batch; passes are the ledger's to count."""
    with database.read() as connection:
        return count(connection, batch)


def count(connection: Connection, batch: str) -> tuple[FileCounts, PageCounts]:
    """The same, on a connection whose snapshot other queries share."""
    column = t.batch_file.c
    read = case((column.status.in_([FileStatus.READ, FileStatus.PARTIAL]), 1), else_=0)
    aside = case((column.status == FileStatus.SET_ASIDE, 1), else_=0)
    waiting = case((column.status == FileStatus.NOT_STARTED, 1), else_=0)
    query = select(
        func.count().label("total"),
        func.coalesce(func.sum(read), 0).label("read"),
        func.coalesce(func.sum(aside), 0).label("aside"),
        func.coalesce(func.sum(waiting), 0).label("waiting"),
        func.coalesce(func.sum(column.pages), 0).label("pages"),
        func.coalesce(func.sum(column.accounted), 0).label("accounted"),
    ).where(column.batch == batch)
    row = connection.execute(query).one()
    return (
        FileCounts(in_=row.total, read=row.read, set_aside=row.aside, not_started=row.waiting),
        PageCounts(in_=row.pages, accounted=row.accounted),
    )


def batch(database: Database, name: str) -> BatchRow:
    """One batch.

    Raises:
        UsageError: there is none of that name.
    """
    found = _batches(database, t.batch.c.name == name)
    if not found:
        raise UsageError(f"no batch {name}", remedy="batch_absent", name=name)
    return found[0]


def exists(database: Database, name: str) -> bool:
    """True if there is a batch of that name."""
    with database.read() as connection:
        found = connection.execute(select(t.batch.c.name).where(t.batch.c.name == name))
        return found.first() is not None


def batches(database: Database) -> list[BatchRow]:
    """All batches, newest first."""
    return _batches(database)


def _batches(database: Database, *where: ColumnElement[bool]) -> list[BatchRow]:
    own_files = select(func.count()).where(t.batch_file.c.batch == t.batch.c.name)
    own = (t.document.c.batch == t.batch.c.name, t.document.c.replaced_by.is_(None))
    count_files = own_files.correlate(t.batch).scalar_subquery()
    count_documents = select(func.count()).where(*own).correlate(t.batch).scalar_subquery()
    query = select(t.batch, count_files.label("files"), count_documents.label("documents")).where(*where)
    with database.read() as connection:
        rows = connection.execute(query.order_by(t.batch.c.created_at.desc(), t.batch.c.name)).all()
    return [
        BatchRow(
            row.name,
            row.path,
            BatchState(row.state),
            row.files,
            row.documents,
            load(row.findings),
            BatchSheet.model_validate(row.sheet) if row.sheet else None,
            BatchState(row.ending) if row.ending else None,
        )
        for row in rows
    ]


def requeue(database: Database, name: str, names: Sequence[str] | None) -> list[str]:
    """Put set-aside and partial files (all, or those named) back to be worked on. Returns their names.

    Raises:
        UsageError: the batch has no file of a given name.
    """
    column = t.batch_file.c
    where = [column.batch == name, column.status.in_([FileStatus.SET_ASIDE, FileStatus.PARTIAL])]
    if names:
        where.append(column.name.in_(list(names)))
    with database.write() as connection:
        known = set(connection.execute(select(column.name).where(column.batch == name)).scalars())
        unknown = next((file for file in names or () if file not in known), None)
        if unknown is not None:
            raise UsageError(f"no file {unknown} in {name}", remedy="file_not_found", path=unknown)
        chosen = list(connection.execute(select(column.name).where(*where)).scalars())
        if chosen:
            connection.execute(
                update(t.batch_file)
                .where(column.batch == name, column.name.in_(chosen))
                .values(done_with=None, attempts=0, updated_at=now())
            )
            _note_files(connection, name, chosen)
    return chosen
