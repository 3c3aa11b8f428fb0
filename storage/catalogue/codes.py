"""Issuing codes of digitised results: for ever, once a paper, never a number twice.

Identity of a paper = (owner, KQ, number, unit, issue date). Equal identity is the same paper and is linked; equal
(owner, KQ, number) with another identity takes the next running number. Voided codes keep their number.
"""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from schemas.codes import MAX_RUNNING_NUMBER, make_result_code
from schemas.errors import CodeError
from schemas.findings import Finding, finding
from storage.catalogue import schema as t


class CodeParts(NamedTuple):
    """What a code and the identity of a paper are made of; `owner` is empty where the paper names none."""

    owner: str
    result_type: str
    number: str
    unit: str
    issue_date: str

    @property
    def identity(self) -> str:
        """Digest of the paper's identity."""
        return hashlib.sha256(json.dumps(list(self), ensure_ascii=False).encode()).hexdigest()


class Issued(NamedTuple):
    """The outcome: the printed code or None, the document that holds it when the paper is linked, and findings."""

    code: str | None
    linked_to: str | None = None
    findings: tuple[Finding, ...] = ()
    new: bool = False


def issue(
    connection: Connection, document_id: str, parts: CodeParts, *, batch: str, operator: str, at: str
) -> Issued:
    """Give an accepted document its code, inside the caller's write transaction. Asking again changes nothing."""
    held = code_of(connection, document_id)
    if held is not None:
        return Issued(held, findings=differences(connection, document_id, parts))
    same = connection.execute(
        select(t.code.c.document_id, t.code.c.printed).where(
            t.code.c.identity == parts.identity, t.code.c.state == "issued"
        )
    ).first()
    if same is not None:
        note = finding("identity_duplicate", code=same.printed, document=same.document_id)
        return Issued(None, linked_to=same.document_id, findings=(note,))
    prefix = (
        t.code.c.owner == parts.owner,
        t.code.c.result_type == parts.result_type,
        t.code.c.number == parts.number,
    )
    running = (connection.execute(select(func.max(t.code.c.running)).where(*prefix)).scalar() or 0) + 1
    if running > MAX_RUNNING_NUMBER:
        return Issued(None, findings=(finding("running_number_exhausted", number=parts.number),))
    try:
        code = make_result_code(parts.owner, parts.result_type, parts.number, running)
    except CodeError as error:
        return Issued(None, findings=(finding("field_malformed", field="code", value=str(error)),))
    connection.execute(
        insert(t.code).values(
            owner=parts.owner,
            result_type=parts.result_type,
            number=parts.number,
            running=running,
            printed=str(code),
            document_id=document_id,
            identity=parts.identity,
            state="issued",
            issued_at=at,
            issued_by=operator,
            batch=batch,
        )
    )
    return Issued(str(code), new=True)


def code_of(connection: Connection, document_id: str) -> str | None:
    """The code in force of a document."""
    return connection.execute(
        select(t.code.c.printed).where(t.code.c.document_id == document_id, t.code.c.state == "issued")
    ).scalar()


def differences(connection: Connection, document_id: str, parts: CodeParts | None) -> tuple[Finding, ...]:
    """`code_part_differs` for each part of an issued code that the paper now reads differently; the code stays."""
    row = connection.execute(
        select(t.code).where(t.code.c.document_id == document_id, t.code.c.state == "issued")
    ).first()
    if row is None:
        return ()
    if parts is None:
        return (finding("code_part_differs", part="-", old=row.printed, new="-"),)
    pairs = {
        "owner": (row.owner, parts.owner),
        "result_type": (row.result_type, parts.result_type),
        "number": (row.number, parts.number),
    }
    return tuple(
        finding("code_part_differs", part=name, old=old, new=new) for name, (old, new) in pairs.items() if old != new
    )


def void(connection: Connection, printed: str, *, reason: str, successor: str | None) -> str:
    """Void a wrongly issued code; its number is never used again. Returns the document it was issued to.

    Raises:
        CodeError: no such code in force, or no reason.
    """
    if not reason.strip():
        raise CodeError("a code is voided only with a reason", remedy="void_reason_missing")
    row = connection.execute(
        select(t.code.c.document_id).where(t.code.c.printed == printed, t.code.c.state == "issued")
    ).first()
    if row is None:
        raise CodeError(f"no code {printed} in force", remedy="code_absent", value=printed)
    connection.execute(
        update(t.code)
        .where(t.code.c.printed == printed)
        .values(state="void", void_reason=reason, successor=successor)
    )
    return str(row.document_id)
