"""Hash chains of provenance: what a transaction changed, sealed in that transaction, to be stored as immutable objects.

This is a transactional outbox. `note` and `add` enter what happened; `seal` turns entries into the next object of
their chain, whose bytes are fixed from then on; `storage.outbox` puts it into the store and marks it as sent. Each
object holds the SHA-256 of the one before. `order` grows over all chains, so that replaying every object in that order
gives the catalogue again. There is one chain a batch, and one called `house`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update

from storage.catalogue import schema as t
from storage.catalogue.chunks import in_chunks

HOUSE: Final = "house"
FORMAT: Final = 1
_MOST_ENTRIES: Final = 2000

Entry = dict[str, Any]


class ChainObject(NamedTuple):
    """One sealed object of a chain. `order` is its place among all chains."""

    order: int
    chain: str
    seq: int
    previous: str | None
    sha256: str
    data: bytes
    sent: bool = True


def add(connection: Connection, chain: str, entry: Mapping[str, Any], *, urgent: bool) -> None:
    """Enter something that happened, inside the caller's transaction.

    Args:
        connection: of the transaction that changes what the entry describes.
        chain: the chain it belongs to.
        entry: plain data.
        urgent: seal at the end of this transaction; otherwise with the next urgent entry of the chain.
    """
    connection.execute(insert(t.outbox).values(chain=chain, urgent=urgent, data=dict(entry)))


def note(connection: Connection, chain: str, table: Table, *where: ColumnElement[bool]) -> None:
    """Enter the rows of a table as they stand now; they are what a rebuilt catalogue will hold."""
    rows = [dict(row) for row in connection.execute(select(table).where(*where)).mappings()]
    if table is t.document_version:
        rows = [_without_reading(row) for row in rows]
    for chunk in in_chunks(rows, _MOST_ENTRIES):
        entry = {"table": table.name, "rows": chunk}
        add(connection, chain, entry, urgent=False)


def note_passes(connection: Connection, chain: str, batch: str, sha256: str) -> None:
    """Enter the page readings that a batch started on an original; they count in `ocr_passes` for ever."""
    column = t.page_pass.c
    query = select(column.page, column.digest, column.run, column.at)
    rows = connection.execute(
        query.where(column.batch == batch, column.sha256 == sha256).order_by(column.id)
    ).all()
    if rows:
        passes = {"batch": batch, "sha256": sha256, "rows": [list(row) for row in rows]}
        add(connection, chain, {"passes": passes}, urgent=False)


def _without_reading(row: dict[str, Any]) -> dict[str, Any]:
    """A version as recorded in the chain: its reading is in the sidecar, the results of the commit are here."""
    data = row.pop("data")
    return {**row, "findings": data.get("findings", [])}


def adopt(connection: Connection, chain_of_batch: Callable[[str], str]) -> None:
    """Enter all that a catalogue holds which was filled before there were chains: rows first, then events."""
    if connection.execute(select(t.chain_object.c.order).limit(1)).first() is not None:
        return
    for name in connection.execute(select(t.batch.c.name).order_by(t.batch.c.created_at)).scalars().all():
        chain = chain_of_batch(name)
        documents = select(t.document.c.id).where(t.document.c.batch == name)
        files = select(t.batch_file.c.sha256).where(t.batch_file.c.batch == name)
        held: list[tuple[Table, ColumnElement[bool]]] = [
            (t.batch, t.batch.c.name == name),
            (t.run, t.run.c.batch == name),
            (t.original, t.original.c.sha256.in_(files)),
            (t.batch_file, t.batch_file.c.batch == name),
            (t.document, t.document.c.batch == name),
            (t.document_version, t.document_version.c.document_id.in_(documents)),
            (t.code, t.code.c.document_id.in_(documents)),
            (t.decision, t.decision.c.document_id.in_(documents)),
        ]
        for table, where in held:
            note(connection, chain, table, where)
        for sha256 in connection.execute(files.distinct()).scalars().all():
            if sha256 is not None:
                note_passes(connection, chain, name, sha256)
    note(connection, HOUSE, t.account)
    for facts in t.FACTS:
        note(connection, HOUSE, facts)
    events = select(t.event).order_by(t.event.c.at, t.event.c.run, t.event.c.sequence)
    for row in connection.execute(events).all():
        chain = chain_of_batch(row.batch) if row.batch else HOUSE
        entry = {"event": row.data, "run": row.run, "sequence": row.sequence}
        add(connection, chain, entry, urgent=True)
    seal_rest(connection)


def seal(connection: Connection) -> None:
    """Seal the chains that have an urgent entry, at the end of the transaction that wrote it."""
    query = select(t.outbox.c.chain).where(t.outbox.c.urgent).distinct().order_by(t.outbox.c.chain)
    for chain in connection.execute(query).scalars().all():
        _seal_chain(connection, chain)


def seal_rest(connection: Connection) -> None:
    """Seal all pending entries, urgent or not."""
    query = select(t.outbox.c.chain).distinct().order_by(t.outbox.c.chain)
    for chain in connection.execute(query).scalars().all():
        _seal_chain(connection, chain)


def waiting(connection: Connection) -> bool:
    """True if there are unsealed entries."""
    return connection.execute(select(t.outbox.c.id).limit(1)).first() is not None


def _seal_chain(connection: Connection, chain: str) -> None:
    rows = connection.execute(select(t.outbox).where(t.outbox.c.chain == chain).order_by(t.outbox.c.id)).all()
    for chunk in in_chunks(rows, _MOST_ENTRIES):
        _append(connection, chain, [row.data for row in chunk])
    connection.execute(delete(t.outbox).where(t.outbox.c.chain == chain))


def _append(connection: Connection, chain: str, entries: Sequence[Entry]) -> None:
    last = connection.execute(
        select(t.chain_object.c.seq, t.chain_object.c.sha256)
        .where(t.chain_object.c.chain == chain)
        .order_by(t.chain_object.c.seq.desc())
        .limit(1)
    ).first()
    order = (connection.execute(select(func.max(t.chain_object.c.order))).scalar() or 0) + 1
    seq, previous = (last.seq + 1, last.sha256) if last else (1, None)
    body = dump(chain, seq, previous, order, entries)
    connection.execute(
        insert(t.chain_object).values(
            order=order,
            chain=chain,
            seq=seq,
            previous=previous,
            sha256=hashlib.sha256(body).hexdigest(),
            body=zlib.compress(body, 6),
            sent=False,
        )
    )


def dump(chain: str, seq: int, previous: str | None, order: int, entries: Sequence[Entry]) -> bytes:
    """An object's bytes: UTF-8 JSON, keys sorted, an entry a line."""
    head = json.dumps(
        {"format": FORMAT, "chain": chain, "seq": seq, "previous": previous, "order": order}, sort_keys=True
    )
    lines = ",\n".join(
        json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for entry in entries
    )
    return f'{head[:-1]}, "entries": [\n{lines}\n]}}\n'.encode()


def unsent(connection: Connection) -> list[ChainObject]:
    """Sealed objects that the store is not known to hold, in their order."""
    query = select(t.chain_object).where(t.chain_object.c.sent.is_(False)).order_by(t.chain_object.c.order)
    return [_object(row) for row in connection.execute(query)]


def objects(connection: Connection, chain: str) -> list[ChainObject]:
    """Every sealed object of a chain, in order."""
    query = select(t.chain_object).where(t.chain_object.c.chain == chain).order_by(t.chain_object.c.seq)
    return [_object(row) for row in connection.execute(query)]


def heads(connection: Connection) -> dict[str, tuple[int, str]]:
    """The highest sequence number per chain, and that object's digest."""
    column = t.chain_object.c
    last = select(column.chain, func.max(column.seq).label("seq")).group_by(column.chain).subquery()
    query = select(column.chain, column.seq, column.sha256).join(
        last, (last.c.chain == column.chain) & (last.c.seq == column.seq)
    )
    return {row.chain: (row.seq, row.sha256) for row in connection.execute(query)}


def mark_sent(connection: Connection, sent: Iterable[ChainObject]) -> int:
    """Mark objects as stored. Returns how many events they hold."""
    orders, ids = [], []
    for sealed in sent:
        orders.append(sealed.order)
        ids += [entry["event"]["id"] for entry in json.loads(sealed.data)["entries"] if "event" in entry]
    for chunk in in_chunks(orders):
        chosen = t.chain_object.c.order.in_(chunk)
        connection.execute(update(t.chain_object).where(chosen).values(sent=True))
    for names in in_chunks(ids):
        held = t.event.c.id.in_(names)
        connection.execute(update(t.event).where(held).values(exported=True))
    return len(ids)


def _object(row: Any) -> ChainObject:
    return ChainObject(
        row.order, row.chain, row.seq, row.previous, row.sha256, zlib.decompress(row.body), row.sent
    )
