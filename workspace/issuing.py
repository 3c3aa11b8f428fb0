"""Issues reports of batches: the file is kept in the store for good, its fingerprint in an event; tells an altered one.

A report is issued anew only when what it says has changed; until then the file of a batch stays byte for byte.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from engines.private_files import whole_file
from quality.report_audit import FINGERPRINT_VERSION
from schemas.errors import StoreError, UsageError
from schemas.events import EventType
from schemas.reports import IssuedReport
from schemas.version import TOOL
from storage.catalogue import issued_reports
from storage.catalogue.events import record
from storage.catalogue.provenance import new_event
from storage.objects import keys, sha256_of
from workspace.opening import Workspace

_MOST_BYTES: Final = 200_000_000
_PRINTED: Final = re.compile(rb'<code class="print">([0-9a-f]{64})</code>')


class Checked(NamedTuple):
    """What the records say of a file.

    Attributes:
        issued: the report that it is, or bears the fingerprint of; None if none was ever issued here.
        altered: it bears a report's fingerprint, and is not the file that was issued.
        later: the report that took its place; None if it is the last one of its batch and language.
    """

    issued: IssuedReport | None
    altered: bool
    later: IssuedReport | None


def issue(workspace: Workspace, batch: str, fingerprint: str, report: Path, state: str) -> None:
    """Keep a report that was just written, and enter that it was issued; the one before it stays kept too.

    Raises:
        StoreError: it cannot be stored.
    """
    digest = sha256_of(report)
    workspace.store.put_if_absent(keys.report(batch, digest), report, sha256=digest, content_type="text/html")
    detail: dict[str, str | int] = {
        "sha256": digest,
        "fingerprint": fingerprint,
        "version": FINGERPRINT_VERSION,
        "lang": workspace.settings.lang,
        "state": state,
    }
    event = new_event(
        EventType.REPORT,
        batch[:255],
        "issued",
        batch=batch,
        agent=workspace.operator,
        tool=TOOL,
        detail=detail,
    )
    record(workspace.database, workspace.run.id, [event])


def put_back(workspace: Workspace, batch: str, fingerprint: str, report: Path) -> bool:
    """Lay the last issued report in its place if it says what a new one would; False if a new one is due."""
    last = _last(workspace, batch, workspace.settings.lang)
    if last is None or (last.fingerprint, last.version) != (fingerprint, FINGERPRINT_VERSION):
        return False
    if report.is_file() and sha256_of(report) == last.sha256:
        return True
    try:
        data = workspace.store.read(keys.report(batch, last.sha256))
    except StoreError as error:
        if error.remedy not in {"object_absent", "object_damaged"}:
            raise
        return False
    with whole_file(report) as out:
        out.write(data)
    return True


def check(workspace: Workspace, path: Path) -> Checked:
    """Hold a file against the reports that were issued here.

    Raises:
        UsageError: there is no such file, or it is no report by its size.
    """
    if not path.is_file():
        raise UsageError(f"no file {path}", remedy="file_not_found", path=path)
    if path.stat().st_size > _MOST_BYTES:
        raise UsageError(f"{path} is too large", remedy="report_too_large", path=path)
    data = path.read_bytes()
    issued = issued_reports.of_file(workspace.database, sha256_of(data))
    altered = False
    if issued is None:
        printed = _PRINTED.search(data)
        issued = (
            issued_reports.of_fingerprint(workspace.database, printed[1].decode("ascii")) if printed else None
        )
        altered = issued is not None
    last = _last(workspace, issued.batch, issued.lang) if issued else None
    return Checked(issued, altered, last if last != issued else None)


def _last(workspace: Workspace, batch: str, lang: str) -> IssuedReport | None:
    held = [one for one in issued_reports.of_batch(workspace.database, batch) if one.lang == lang]
    return held[-1] if held else None
