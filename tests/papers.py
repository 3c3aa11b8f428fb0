"""Synthetic documents for tests of the catalogue and the tables; no test lives here."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

from schemas.batches import FileStatus
from schemas.digests import Digests
from schemas.documents import Choice, Document, Field, Route, Validity, ValidityState, Verdict, document_id
from schemas.events import Event, EventType
from schemas.reading import Box
from storage.catalogue import batches, documents, events, originals
from storage.catalogue.batches import FileRow
from storage.catalogue.codes import parts_of
from storage.catalogue.database import Database
from storage.catalogue.documents import Committed, NewVersion
from storage.objects import keys

KQ = "KQ.G15.000031"
OWNER = "056190001234"
DIGESTS = Digests(reading="r" * 16, understanding="u" * 16, rendition="p" * 16)
_serial = itertools.count()


def sha_of(text: str) -> str:
    """A digest that stands for the bytes of some scan."""
    return hashlib.sha256(text.encode()).hexdigest()


def paper(
    scan: str,
    *,
    number: str | None = "123/2021",
    owner: str | None = OWNER,
    has_owner: bool = True,
    unit: str | None = "Xã Diên An",
    issue_date: str = "2021-05-04",
    result_type: str | None = KQ,
    pages: tuple[int, ...] = (1,),
    route: Route = Route.ACCEPTED,
) -> Document:
    """An understood birth certificate. `owner=None` with `has_owner` is an owner there but unread."""
    fields = {
        "number": Field(value=number, raw="123/2021", confidence=0.98, page=1, box=Box(10, 20, 200, 40)),
        "issue_date": Field(value=issue_date, raw="04/5/2021", confidence=0.9, page=1),
        "agency": Field(value="Ủy ban nhân dân xã Diên An", confidence=0.93),
    }
    if has_owner:
        fields["owner_id"] = Field(value=owner, raw="0561900…" if owner is None else owner)
    sha256 = sha_of(scan)
    return Document(
        id=document_id(sha256, pages),
        sha256=sha256,
        pages=pages,
        kind="birth_certificate",
        kind_confidence=0.97,
        result_type=Choice(value=result_type, confidence=0.95) if result_type else None,
        fields=fields,
        validity=Validity(state=ValidityState.IN_FORCE, basis="tt-04-2020-dieu-5", source="statute"),
        level="xa",
        unit=unit,
        route=route,
    )


def version_of(
    document: Document, *, version: int = 1, digests: Digests = DIGESTS, verdict: Verdict = Verdict.VALID
) -> NewVersion:
    """A document version as the flow hands it to the catalogue."""
    pdfa = sha_of(f"pdfa {document.id} {version}")
    return NewVersion(
        document=document,
        digests=digests,
        version=version,
        verdict=verdict,
        pdfa_key=keys.pdfa(pdfa),
        pdfa_sha256=pdfa,
        sidecar_key=keys.sidecar(document.id, version),
        parts=parts_of(document) if document.route is Route.ACCEPTED else None,
        events=(),
    )


def code_event(subject: str, code: str) -> Event:
    """The event of a code."""
    return Event(
        id=documents.new_event_id(),
        type=EventType.CODE_ISSUED,
        at=events.now(),
        subject=subject,
        batch="lô 1",
        agent="lan",
        tool="sohoa",
        outcome="issued",
        detail={"code": code},
    )


def done_file(
    name: str, sha256: str | None, *, pages: int = 1, status: FileStatus = FileStatus.READ
) -> FileRow:
    """The fate of a file that was worked on."""
    return FileRow(name, 0, sha256, status, (), pages, pages, None, 1, "digests")


def open_batch(database: Database, name: str = "lô 1", *files: str) -> None:
    """Bind a batch and enter files."""
    batches.bind(database, name, f"/inbox/{name}", sheet=None, findings=())
    batches.enter_files(database, name, files)


def store(
    database: Database,
    *given: Document | NewVersion,
    batch: str = "lô 1",
    file: str = "a.pdf",
    run: str = "run-1",
) -> list[Committed]:
    """Commit the documents of one file, entering whatever the catalogue does not know yet."""
    versions = [each if isinstance(each, NewVersion) else version_of(each) for each in given]
    open_batch(database, batch, *{**batches.files(database, batch), file: None})
    sha256 = versions[0].document.sha256
    originals.receive(database, sha256, 1000, "pdf")
    pages = sum(len(each.document.pages) for each in versions)
    return documents.commit(
        database, batch, run, "lan", versions, done_file(file, sha256, pages=pages), code_event
    )


def new_catalogue(folder: Path) -> Database:
    """An empty catalogue of its own."""
    return Database(f"sqlite:///{folder / f'catalogue-{next(_serial)}.db'}")
