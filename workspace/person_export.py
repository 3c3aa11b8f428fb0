"""The papers of one person in one file, for a purpose: what a person may ask for of what is kept about them.

Numbers of others are hidden in metadata and traces; a PDF/A is the paper itself, and shows what stands on it. Who exported
what for which purpose is an event of every paper, recorded before the file has its name.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from engines.private_files import whole_file
from schemas.clock import today
from schemas.errors import StoreError, UsageError
from schemas.events import EventType
from schemas.facts import Backing
from schemas.masking import mask_value
from schemas.text import mask_identifier
from schemas.version import TOOL
from storage.catalogue.documents import DocumentRow
from storage.catalogue.events import record
from storage.catalogue.owned_papers import bare, of_owner
from storage.catalogue.provenance import new_event
from storage.objects import keys
from workspace.opening import Workspace
from workspace.tracing import trace_of, write_page

_LOST: Final = {"object_absent": "absent", "object_damaged": "damaged"}
_SHORTEST: Final = 8
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)


class Exported(NamedTuple):
    """What was written: the file's digest, its papers, and those whose PDF/A is not there or not whole."""

    sha256: str
    documents: tuple[str, ...]
    without_pdfa: tuple[str, ...]


def export_person(workspace: Workspace, owner: str, out: Path, *, purpose: str, backing: Backing) -> Exported:
    """Write the papers of an owner into a ZIP file.

    Args:
        workspace: the opened home.
        owner: number of the person or enterprise.
        out: the file, which must not be there.
        purpose: what for.
        backing: the paper behind it, such as the person's request.

    Raises:
        UsageError: no purpose, no such number, no paper of that owner, or the file is there.
        StoreError: the store cannot be reached; no file is left.
        OSError: the file cannot be written.
    """
    if not purpose.strip():
        raise UsageError("no purpose", remedy="person_purpose")
    wanted = bare(owner)
    if len(wanted) < _SHORTEST or not wanted.isalnum():
        raise UsageError("not an owner's number", remedy="person_number", value=mask_identifier(wanted))
    if out.exists():
        raise UsageError(f"{out} is there already", remedy="review_workbook_there", path=out)
    rows = of_owner(workspace.database, wanted)
    if not rows:
        raise UsageError("no papers", remedy="person_absent", value=mask_identifier(wanted))
    with whole_file(out) as stream:
        lost = _write(workspace, rows, wanted, purpose.strip(), stream)
        stream.flush()
        sha256 = _digest_of(stream)
        _record(workspace, rows, purpose.strip(), backing, sha256)
    return Exported(sha256, tuple(row.document.id for row in rows), tuple(lost))


def masked_but(owner: str, target: str, text: str) -> str:
    """A value with the numbers of others hidden; the owner's own stays, as it is written."""
    own = re.compile(r"(?<!\d)" + r"[ .–-]?".join(map(re.escape, owner)) + r"(?!\d)")
    parts, last = [], 0
    for found in own.finditer(text):
        parts += [mask_value(target, text[last : found.start()]), found[0]]
        last = found.end()
    return "".join([*parts, mask_value(target, text[last:])])


def _write(
    workspace: Workspace, rows: list[DocumentRow], owner: str, purpose: str, stream: BinaryIO
) -> list[str]:
    """Write the papers, then what the file holds. Returns the papers without a whole PDF/A."""
    lost, listed = [], []
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, row in enumerate(rows, start=1):
            folder = f"{number:03d}-{row.document.id[:12]}"
            state = _add_pdfa(workspace, archive, row, f"{folder}/{row.document.id}.pdf")
            if state != "whole":
                lost.append(row.document.id)
            _put(archive, f"{folder}/metadata.json", _json(_metadata(row, owner)))
            trace, history = trace_of(workspace, row.document.id, as_of=today())
            _put(archive, f"{folder}/trace.json", _json(trace.model_dump(mode="json")))
            page = workspace.run.tmp / f"trace-{row.document.id}.html"
            try:
                write_page(workspace, trace, history, page)
                _put(archive, f"{folder}/trace.html", page.read_bytes())
            finally:
                page.unlink(missing_ok=True)
            listed.append({"document": row.document.id, "folder": folder, "pdfa": state})
        told = {"made_on": today().isoformat(), "operator": workspace.operator, "purpose": purpose}
        _put(archive, "manifest.json", _json({"owner": owner, **told, "papers": listed}))
    return lost


def _add_pdfa(workspace: Workspace, archive: zipfile.ZipFile, row: DocumentRow, name: str) -> str:
    """Add a paper's PDF/A. Returns `whole`, `none`, or what is wrong with it."""
    if row.pdfa_key is None:
        return "none"
    if keys.digest_in(row.pdfa_key) != row.pdfa_sha256:
        return "damaged"
    copy = workspace.run.tmp / f"{row.document.id}.pdf"
    try:
        workspace.store.get(row.pdfa_key, copy)
        with copy.open("rb") as source, archive.open(zipfile.ZipInfo(name, _EARLIEST), "w") as target:
            while piece := source.read(1 << 20):
                target.write(piece)
    except StoreError as error:
        if error.remedy not in _LOST:
            raise
        return _LOST[error.remedy]
    finally:
        copy.unlink(missing_ok=True)
    return "whole"


def _metadata(row: DocumentRow, owner: str) -> dict[str, Any]:
    """What is known of a paper, the owner's own number in clear."""
    paper = row.document
    fields = {
        name: {
            "value": None if field.value is None else masked_but(owner, name, field.value),
            "raw": None if field.raw is None else masked_but(owner, name, field.raw),
            "source": field.source,
            "confidence": field.confidence,
        }
        for name, field in paper.fields.items()
    }
    return {
        "document": paper.id,
        "batch": row.batch,
        "file": masked_but(owner, "", row.file),
        "pages": list(paper.pages),
        "version": row.version,
        "kind": paper.kind,
        "code": masked_but(owner, "", row.code_shown) if row.code_shown else None,
        "unit": paper.unit,
        "level": paper.level,
        "validity": paper.validity.model_dump(mode="json"),
        "route": str(paper.route),
        "stored_at": row.created_at,
        "fields": fields,
    }


def _record(
    workspace: Workspace, rows: list[DocumentRow], purpose: str, backing: Backing, sha256: str
) -> None:
    told = {name: value for name, value in backing.model_dump(mode="json").items() if value}
    events = [
        new_event(
            EventType.PERSON_EXPORT,
            row.document.id,
            "exported",
            batch=None,
            agent=workspace.operator,
            tool=TOOL,
            detail={"purpose": purpose, "papers": len(rows), "sha256": sha256, **told},
        )
        for row in rows
    ]
    record(workspace.database, workspace.run_id, events)
    workspace.send()


def _digest_of(stream: BinaryIO) -> str:
    with open(stream.name, "rb") as written:
        return hashlib.file_digest(written, "sha256").hexdigest()


def _json(told: dict[str, Any]) -> bytes:
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _EARLIEST), data, zipfile.ZIP_DEFLATED)
