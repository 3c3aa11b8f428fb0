"""What is indexed: papers at their current versions from the catalogue, words of their pages from the ledger."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection, Row, func, select

from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks
from storage.catalogue.database import Database
from storage.ledger import digest_of_page
from storage.search.protocol import Indexed, Mark

_PAPERS_AT_ONCE: Final = 100
_MOST_OBJECTS: Final = 5000
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


class PlacedWords(NamedTuple):
    """Words of a page as they are indexed, and their boxes (left, top, right, bottom) in the displayed frame."""

    texts: list[str]
    boxes: list[list[int]]


class _Wanted(NamedTuple):
    """A page whose words are wanted, and the digest of the reading that its paper's version was made from."""

    sha256: str
    page: int
    digest: str


class Changes(NamedTuple):
    """What the index must do: papers to read again, papers to remove, and the mark that then holds."""

    read: tuple[str, ...]
    gone: tuple[str, ...]
    mark: Mark | None


def changes(database: Database, mark: Mark | None, held: Mapping[str, str] | None = None) -> Changes | None:
    """Compare the catalogue with what an index knows of it.

    Args:
        database: the catalogue.
        mark: of the index.
        held: stamps of the index; None to ask only what has changed since the mark.

    Returns:
        None if what has changed since the mark cannot be told without the stamps.
    """
    with database.read() as connection:
        now = _mark(connection)
        if held is None:
            if mark is not None and mark == now:
                return Changes((), (), now)
            touched = _touched(connection, mark) if mark is not None else None
            if touched is None:
                return None
            stamps = _stamps(connection, touched)
            return Changes(tuple(stamps), tuple(touched - stamps.keys()), now)
        stamps = _stamps(connection, None)
    read = tuple(paper for paper, stamp in stamps.items() if held.get(paper) != stamp)
    return Changes(read, tuple(held.keys() - stamps.keys()), now)


def mark_now(database: Database) -> Mark | None:
    """How far the chains have got: what `changes` goes on from."""
    with database.read() as connection:
        return _mark(connection)


def read(database: Database, ids: Iterable[str], titles: Mapping[str, str]) -> Iterator[Indexed]:
    """Papers as they are indexed; replaced ones are left out. `titles` are those of kinds."""
    for chunk in in_chunks(ids, _PAPERS_AT_ONCE):
        with database.read() as connection:
            rows = {row.id: row for row in connection.execute(_current().where(t.document.c.id.in_(chunk)))}
            wanted = [_Wanted(row.sha256, page, row.reading) for row in rows.values() for page in row.pages]
            kept = _kept(connection, wanted)
        for paper in chunk:
            if (row := rows.get(paper)) is not None:
                pages = [kept.get(_Wanted(row.sha256, page, row.reading)) for page in row.pages]
                yield _indexed(row, titles, pages)


def placed_words(database: Database, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], PlacedWords]:
    """Words with boxes of pages, each named by its paper's id and its number in the file."""
    with database.read() as connection:
        chosen = [paper for paper, _ in wanted]
        rows = {row.id: row for row in connection.execute(_current().where(t.document.c.id.in_(chosen)))}
        pages = {
            (paper, page): _Wanted(rows[paper].sha256, page, rows[paper].reading)
            for paper, page in wanted
            if paper in rows
        }
        kept = _kept(connection, list(pages.values()))
    found = {}
    for key, page in pages.items():
        if page in kept:
            words = _words(kept[page])
            found[key] = PlacedWords([word[0] for word in words], [word[2] for word in words])
    return found


def _mark(connection: Connection) -> Mark | None:
    column = t.chain_object.c
    row = connection.execute(
        select(column.order, column.sha256).order_by(column.order.desc()).limit(1)
    ).first()
    return Mark(row.order, row.sha256) if row else None


def _touched(connection: Connection, mark: Mark) -> set[str] | None:
    """Documents that the chains' objects after a mark speak of; None if the mark is not of this catalogue, or too old."""
    column = t.chain_object.c
    if connection.execute(select(column.sha256).where(column.order == mark.order)).scalar() != mark.sha256:
        return None
    after = column.order > mark.order
    if connection.execute(select(func.count()).where(after)).scalar_one() > _MOST_OBJECTS:
        return None
    ids: set[str] = set()
    originals: set[str] = set()
    for (body,) in connection.execute(select(column.body).where(after)):
        for entry in json.loads(zlib.decompress(body))["entries"]:
            for row in entry.get("rows", ()):
                if entry.get("table") == t.document.name:
                    ids.add(row["id"])
                elif entry.get("table") in {t.document_version.name, t.code.name, t.decision.name}:
                    ids.add(row["document_id"])
                elif entry.get("table") == t.batch_file.name and row["sha256"] is not None:
                    originals.add(row["sha256"])
    for chunk in in_chunks(sorted(originals)):
        ids |= set(
            connection.execute(select(t.document.c.id).where(t.document.c.sha256.in_(chunk))).scalars()
        )
    return ids


def _stamps(connection: Connection, ids: set[str] | None) -> dict[str, str]:
    """What tells versions of current papers apart, in the order in which they were kept."""
    column = t.document.c
    version = t.document_version.c
    query = (
        select(column.id, version.version, version.created_at)
        .join(t.document_version, (version.document_id == column.id) & (version.version == column.version))
        .where(column.replaced_by.is_(None))
        .order_by(version.created_at, column.id)
    )
    chunks: Iterable[list[str] | None] = [None] if ids is None else in_chunks(sorted(ids))
    rows = [
        row
        for chunk in chunks
        for row in connection.execute(query if chunk is None else query.where(column.id.in_(chunk)))
    ]
    return {row.id: f"{row.version} {row.created_at}" for row in sorted(rows, key=lambda row: row.created_at)}


def _current() -> Any:
    column, version = t.document.c, t.document_version.c
    held = (version.document_id == column.id) & (version.version == column.version)
    return (
        select(column.id, column.sha256, column.batch, column.pages, version.version, version.created_at)
        .add_columns(version.data, version.kind, version.unit, version.route, version.reading)
        .join(t.document_version, held)
        .where(column.replaced_by.is_(None))
    )


def _kept(connection: Connection, wanted: Sequence[_Wanted]) -> dict[_Wanted, bytes]:
    """Readings of pages as the ledger keeps them: those that the versions were made from, else the last ones."""
    originals = sorted({each.sha256 for each in wanted})
    pages = {(each.sha256, each.page) for each in wanted}
    column = t.page_reading.c
    found: dict[tuple[str, int], dict[str, bytes]] = {}
    edits: dict[str, dict[str, str]] = {}
    for chunk in in_chunks(originals):
        held = select(t.original.c.sha256, t.original.c.edits).where(t.original.c.sha256.in_(chunk))
        edits |= {row.sha256: row.edits or {} for row in connection.execute(held)}
        numbers = sorted({page for _, page in pages})
        query = select(column.sha256, column.page, column.digest, column.payload).where(
            column.sha256.in_(chunk)
        )
        if len(numbers) <= _PAPERS_AT_ONCE:
            query = query.where(column.page.in_(numbers))
        for row in connection.execute(query.order_by(column.at)):
            if (row.sha256, row.page) in pages:
                found.setdefault((row.sha256, row.page), {})[row.digest] = row.payload
    kept = {}
    for each in wanted:
        readings = found.get((each.sha256, each.page))
        if readings:
            edit = edits.get(each.sha256, {}).get(str(each.page), "")
            last = next(reversed(readings.values()))
            kept[each] = readings.get(digest_of_page(each.digest, edit), last)
    return kept


def _words(payload: bytes) -> list[list[Any]]:
    """Words of a kept reading, line by line; none if it cannot be read back. Plain data: a model a word costs too much."""
    try:
        words = from_json(zlib.decompress(payload)).get("words", [])
        return sorted(words, key=itemgetter(3))
    except (zlib.error, ValueError, IndexError, AttributeError):
        return []


def _indexed(row: Row[Any], titles: Mapping[str, str], pages: Sequence[bytes | None]) -> Indexed:
    fields: dict[str, dict[str, Any]] = row.data.get("fields", {})
    values = {name: field.get("value") or field.get("raw") for name, field in fields.items()}
    lines = [_spoken(value) for value in values.values() if value]
    lines += [line for line in (row.unit, titles.get(row.kind or "")) if line]
    return Indexed(
        id=row.id,
        stamp=f"{row.version} {row.created_at}",
        sha256=row.sha256,
        batch=row.batch,
        kind=row.kind or "",
        unit=row.unit or "",
        state=row.route,
        issued=fields.get("issue_date", {}).get("value") or "",
        number=fields.get("number", {}).get("value") or "",
        fields="\n".join(line.replace("\n", " ") for line in lines),
        pages=tuple(
            " ".join(map(itemgetter(0), _words(payload))) if payload is not None else "" for payload in pages
        )
        if any(payload is not None for payload in pages)
        else None,
    )


def _spoken(value: str) -> str:
    """A value as people type it: a date by day, month and year."""
    day = _DAY.fullmatch(value)
    return f"{day[3]}/{day[2]}/{day[1]}" if day else value
