"""Issue codes of digitised results: permanent, one per paper, never reusing a number.

Identity of a paper = (owner, KQ, number, unit, issue date). Equal identity is the same paper and is linked. Equal (owner,
KQ, number), however spelt, with another identity waits for a person, who says same or other; another takes the next
running number. Of papers without an owner only those of one unit are alike: every commune counts from 1. A voided code
keeps its number, and the document that held it gets another only once it reads differently. Everything here runs inside
the caller's write transaction, which is the only one at that moment: that is what makes the running number safe.
"""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from sqlalchemy import Connection, Row, func, insert, select, update

from schemas.codes import MAX_RUNNING_NUMBER, likeness, make_result_code
from schemas.documents import Document, Role
from schemas.errors import CodeError
from schemas.findings import Finding, finding
from schemas.review import SAME_AS
from schemas.text import fold_tone_place, nfc, number_key
from storage.catalogue import schema as t

ISSUED = "issued"
VOID = "void"
_RESULT = "KQ."  # how the code of a result type begins; a procedure's does not
MAX_NUMBER_KEY = 250  # as wide as the column
_MAX_NUMBER = 200  # as wide as the column; the production systems take 60


class CodeParts(NamedTuple):
    """The parts of a code and of a paper's identity; `owner` is empty if the paper names none.

    Of a component, `result_type` and `number` are the procedure's and the component's code, and `paper` its own number.
    """

    owner: str
    result_type: str
    number: str
    unit: str
    issue_date: str
    paper: str = ""

    @property
    def identity(self) -> str:
        """Digest of the paper's identity; a unit spelt or a tax code hyphenated otherwise is the same."""
        unit = fold_tone_place(self.unit)
        plain = [self.owner.replace("-", ""), self.result_type, self.number, unit, self.issue_date]
        plain += [self.paper] if self.paper else []
        return hashlib.sha256(json.dumps(plain, ensure_ascii=False).encode()).hexdigest()


class Issued(NamedTuple):
    """The outcome: the printed code or None, the document that holds it if the paper is linked, findings.

    `refused`: the paper may not stay accepted (a part differs, numbers are used up, the code was voided).
    """

    code: str | None
    linked_to: str | None = None
    findings: tuple[Finding, ...] = ()
    new: bool = False
    refused: bool = False


def parts_of(document: Document) -> CodeParts | None:
    """The parts as the document reads them; None where one is missing or the owner is there but unread.

    A component has a code of its own form, from the procedure and component that the batch sheet names; processing
    results have none. The code of a result must not be spent on a copy in a dossier.
    """
    read = _read(document)
    if not read["result_type"] or not read["number"] or read["owner"] is None:
        return None
    is_component = document.role is Role.COMPONENT
    return CodeParts(
        owner=read["owner"],
        result_type=read["result_type"],
        number=nfc(read["number"]),
        unit=document.unit or "",
        issue_date=document.value("issue_date") or "",
        paper=(document.value("number") or document.id) if is_component else "",
    )


def _read(document: Document) -> dict[str, str | None]:
    """The parts of a code as a document reads now; "" for an owner that the paper does not name."""
    field = document.fields.get("owner_id")
    owner = field.value if field is not None else ""
    if document.role is Role.RESULT:
        chosen = document.result_type
        return {
            "owner": owner,
            "result_type": chosen.value if chosen else None,
            "number": document.value("number"),
        }
    if document.role is Role.COMPONENT:
        asked = document.procedure
        return {"owner": owner, "result_type": asked.value if asked else None, "number": document.component}
    return {"owner": owner, "result_type": None, "number": None}


def issue(
    connection: Connection, document_id: str, parts: CodeParts, *, batch: str, operator: str, at: str
) -> Issued:
    """Give an accepted document its code. Asking again changes nothing."""
    parts = parts._replace(number=nfc(parts.number))
    held = _held(connection, document_id)
    if held is not None:
        return _still(connection, held, parts)
    same = _holder(connection, parts.identity)
    if same is not None:
        note = finding("identity_duplicate", code=same.printed, document=same.document_id)
        return Issued(None, linked_to=same.document_id, findings=(note,))
    voided = select(t.code.c.printed).where(
        t.code.c.document_id == document_id, t.code.c.identity == parts.identity, t.code.c.state == VOID
    )
    taken_back = connection.execute(voided).scalar()
    if taken_back is not None:
        # A person voided the code; an unchanged reading must not get it back.
        return Issued(None, findings=(finding("code_voided", code=taken_back),), refused=True)
    # Several papers of one owner may be the same component; of a result only one paper has its number.
    alike = [] if parts.paper else _alike(connection, parts)
    said = _said(connection, document_id) if alike else None
    if said is None and alike:
        note = finding("possible_duplicate", code=alike[0].printed, document=alike[0].document_id)
        return Issued(None, findings=(note,), refused=True)
    twin = next((row for row in alike if row.document_id == said), None)
    if twin is not None:
        note = finding("identity_duplicate", code=twin.printed, document=twin.document_id)
        return Issued(None, linked_to=twin.document_id, findings=(note,))
    return _next(connection, document_id, parts, batch=batch, operator=operator, at=at)


def _alike(connection: Connection, parts: CodeParts) -> list[Row[tuple[object, ...]]]:
    """Codes in force with the same owner, result code and number, however spelt, the oldest first."""
    key = likeness(parts.owner, parts.result_type, parts.number)
    query = select(t.code).where(t.code.c.likeness == key, t.code.c.state == ISSUED).order_by(t.code.c.id)
    found = list(connection.execute(query))
    if parts.owner or not found:
        return found
    held = (t.document.c.id == t.document_version.c.document_id) & (
        t.document.c.version == t.document_version.c.version
    )
    units = select(t.document.c.id, t.document_version.c.unit).join(t.document_version, held)
    of = {
        row.id: row.unit
        for row in connection.execute(units.where(t.document.c.id.in_([row.document_id for row in found])))
    }
    own = fold_tone_place(parts.unit)
    return [row for row in found if fold_tone_place(of.get(row.document_id) or "") == own]


def _said(connection: Connection, document_id: str) -> str | None:
    """What a person said last of a possible duplicate: the id of the same paper, or `other`; None if nobody did."""
    query = (
        select(t.decision.c.value)
        .where(t.decision.c.document_id == document_id, t.decision.c.target == SAME_AS)
        .order_by(t.decision.c.id.desc())
        .limit(1)
    )
    said = connection.execute(query).scalar()
    return str(said) if said else None


def code_of(connection: Connection, document_id: str) -> str | None:
    """The code in force of a document."""
    held = _held(connection, document_id)
    return held.printed if held else None


def differences(connection: Connection, document: Document) -> tuple[Finding, ...]:
    """`code_part_differs` for all parts of a code that the paper now reads differently; the code stays."""
    held = _held(connection, document.id)
    if held is None:
        return ()
    return _differing(held, **_read(document))


def void(
    connection: Connection,
    printed: str,
    *,
    reason: str,
    successor: str | None,
    operator: str = "",
    at: str = "",
) -> str:
    """Void a wrongly issued code; its number is never used again. Returns the document it was issued to.

    Raises:
        CodeError: no such code in force, no reason, or a successor that was never issued.
    """
    if not reason.strip():
        raise CodeError("a code is voided only with a reason", remedy="void_reason_missing")
    row = connection.execute(
        select(t.code).where(t.code.c.printed == printed, t.code.c.state == ISSUED)
    ).first()
    if row is None:
        raise CodeError(f"no code {printed} in force", remedy="code_absent", value=printed)
    if successor is not None:
        known = select(t.code.c.id).where(t.code.c.printed == successor, t.code.c.printed != printed)
        if connection.execute(known).first() is None:
            raise CodeError(f"no code {successor} to be its successor", remedy="code_absent", value=successor)
    connection.execute(
        update(t.code)
        .where(t.code.c.id == row.id)
        .values(
            state=VOID,
            void_reason=reason.strip(),
            successor=successor,
            voided_by=operator or None,
            voided_at=at or None,
        )
    )
    return str(row.document_id)


def _held(connection: Connection, document_id: str) -> Row[tuple[object, ...]] | None:
    query = select(t.code).where(t.code.c.document_id == document_id, t.code.c.state == ISSUED)
    return connection.execute(query).first()


def _holder(connection: Connection, identity: str) -> Row[tuple[object, ...]] | None:
    return connection.execute(
        select(t.code).where(t.code.c.identity == identity, t.code.c.state == ISSUED)
    ).first()


def _still(connection: Connection, held: Row[tuple[object, ...]], parts: CodeParts) -> Issued:
    """A document that has its code keeps it; what else is known of the paper may have become clearer."""
    notes = _differing(held, owner=parts.owner, result_type=parts.result_type, number=parts.number)
    if notes:
        return Issued(held.printed, findings=notes, refused=True)
    if held.identity != parts.identity:
        same = _holder(connection, parts.identity)
        if same is not None:
            # Two codes for what now reads as one paper: only a person may void one of them.
            note = finding("identity_duplicate", code=same.printed, document=same.document_id)
            return Issued(held.printed, findings=(note,), refused=True)
        connection.execute(update(t.code).where(t.code.c.id == held.id).values(identity=parts.identity))
    return Issued(held.printed)


def _differing(
    held: Row[tuple[object, ...]], *, owner: str | None, result_type: str | None, number: str | None
) -> tuple[Finding, ...]:
    of_sheet = any(kind and not kind.startswith(_RESULT) for kind in (held.result_type, result_type))
    pairs = {
        "owner": (held.owner, owner),
        "procedure" if of_sheet else "result_type": (held.result_type, result_type),
        "component" if of_sheet else "number": (held.number, nfc(number) if number else number),
    }
    return tuple(
        finding("code_part_differs", part=name, old=old, new="-" if new is None else new)
        for name, (old, new) in pairs.items()
        if old != new
    )


def _next(
    connection: Connection, document_id: str, parts: CodeParts, *, batch: str, operator: str, at: str
) -> Issued:
    prefix = {"owner": parts.owner, "result_type": parts.result_type, "number": parts.number}
    # Voided codes stay in the table, so the highest number ever used is the highest one there.
    running = (connection.execute(select(func.max(t.code.c.running)).filter_by(**prefix)).scalar() or 0) + 1
    if running > MAX_RUNNING_NUMBER:
        note = finding("running_number_exhausted", number=parts.number)
        return Issued(None, findings=(note,), refused=True)
    try:
        if len(parts.number) > _MAX_NUMBER:
            raise CodeError(f"number of {len(parts.number)} characters")
        printed = str(make_result_code(parts.owner, parts.result_type, parts.number, running))
    except CodeError as error:
        note = finding("field_malformed", field="code", value=str(error))
        return Issued(None, findings=(note,), refused=True)
    connection.execute(
        insert(t.code).values(
            **prefix,
            running=running,
            printed=printed,
            document_id=document_id,
            identity=parts.identity,
            likeness=likeness(parts.owner, parts.result_type, parts.number),
            number_key=number_key(parts.number)[:MAX_NUMBER_KEY],
            state=ISSUED,
            issued_at=at,
            issued_by=operator,
            batch=batch,
        )
    )
    orphans = (t.code.c.document_id == document_id, t.code.c.state == VOID, t.code.c.successor.is_(None))
    connection.execute(update(t.code).where(*orphans).values(successor=printed))
    return Issued(printed, new=True)
