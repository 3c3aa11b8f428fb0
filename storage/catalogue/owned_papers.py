"""Every current paper of one owner, with a code or without one; papers that merely name the person are another's."""

from __future__ import annotations

from sqlalchemy import Text, cast, select

from storage.catalogue import schema as t
from storage.catalogue.database import Database
from storage.catalogue.lookups import DocumentRow, of_ids

_OWNER = ("owner_id", "enterprise_code")


def bare(identifier: str) -> str:
    """An identifier without the signs it may be written with."""
    return "".join(char for char in identifier if char.isalnum()).upper()


def of_owner(database: Database, identifier: str) -> list[DocumentRow]:
    """Papers whose owner has this number, however it is spelt, in the order in which they were stored.

    Papers without a code are in no index: every current version is looked through, which takes its time.
    """
    wanted = bare(identifier)
    spelt = {wanted, identifier.strip()} | ({f"{wanted[:10]}-{wanted[10:]}"} if len(wanted) == 13 else set())
    coded = select(t.code.c.document_id).where(t.code.c.owner.in_(sorted(spelt)))
    column = t.document_version.c
    said = select(t.document.c.id).join(
        t.document_version, (column.document_id == t.document.c.id) & (column.version == t.document.c.version)
    )
    # The last digits alone: a number may be written in groups, and is judged by its field below.
    said = said.where(cast(column.data, Text).contains(wanted[-3:], autoescape=True))
    with database.read() as connection:
        ids = [*connection.execute(coded).scalars(), *connection.execute(said).scalars()]
    rows = of_ids(database, list(dict.fromkeys(ids))).values()
    found = (row for row in rows if _owned(row, wanted))
    return sorted(found, key=lambda row: (row.created_at, row.document.id))


def _owned(row: DocumentRow, wanted: str) -> bool:
    fields = row.document.fields
    return any(
        name in fields and fields[name].value and bare(fields[name].value or "") == wanted for name in _OWNER
    )
