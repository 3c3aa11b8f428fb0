"""`sohoa report batch|verify`: a batch's report as it was issued, and whether a sheet still is what the records say."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import EXIT_SET_ASIDE, AsJson, command, named_path
from cli.period_reports import verdict
from cli.shapes import print_json
from cli.wording import words
from configs.settings import Settings
from engines.private_files import whole_file
from schemas.clock import VIETNAM
from schemas.errors import UsageError
from schemas.numerals import moment_text
from schemas.period_reports import PeriodReport
from schemas.reports import IssuedReport
from schemas.wording import text
from storage.catalogue import batches, issued_reports
from storage.catalogue import period_reports as catalogue
from storage.objects import keys, sha256_of
from workspace import issuing, period_reports
from workspace.opening import Workspace, open_workspace
from workspace.reporting import fingerprint_now


@command
def batch(
    settings: Settings,
    name: Annotated[str, typer.Argument(metavar="BATCH", help=words("report.batch_name"))],
    out: Annotated[
        Path | None, typer.Argument(parser=named_path, metavar="[OUT.html]", help=words("report.batch_out"))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Every report of a batch that was issued; with OUT, a copy of the last one."""
    with open_workspace(settings) as workspace:
        known = batches.batch(workspace.database, name).name
        issued = issued_reports.of_batch(workspace.database, known)
        if out is not None:
            if not issued:
                raise UsageError(f"no report of {known}", remedy="report_absent", batch=known)
            if out.exists():
                raise UsageError(f"{out} is there already", remedy="review_workbook_there", path=out)
            with whole_file(out) as stream:
                stream.write(workspace.store.read(keys.report(known, issued[-1].sha256)))
    if as_json:
        print_json({"batch": known, "reports": [one.model_dump(exclude={"batch"}) for one in issued]})
        return 0
    for one in issued:
        sys.stdout.write(_issue_text(one, settings.lang) + "\n")
    if out is not None:
        sys.stdout.write(text("issued_report.written", settings.lang, path=out) + "\n")
    return 0


@command
def verify(
    settings: Settings,
    path: Annotated[
        Path, typer.Argument(parser=named_path, metavar="FILE", help=words("report.verify_file"))
    ],
    as_json: AsJson = False,
) -> int:
    """Whether a file is a report that was issued here, unaltered, and still says what the records say."""
    with open_workspace(settings) as workspace:
        found = issuing.check(workspace, path)
        issued = found.issued
        periodic = None if issued else catalogue.of_file(workspace.database, sha256_of(path))
        if periodic is not None:
            return _periodic(workspace, path, periodic, as_json=as_json)
        current = fingerprint_now(workspace, issued.batch) if issued else None
    same = issued is not None and current == issued.fingerprint
    state = "unknown" if issued is None else "altered" if found.altered else "issued"
    shape: dict[str, Any] = {
        "file": str(path),
        "state": state,
        "issued": issued.model_dump() if issued else None,
        "records": None if issued is None else "same" if same else "changed",
        "later": found.later.model_dump() if found.later else None,
    }
    if as_json:
        print_json(shape)
    else:
        sys.stdout.writelines(f"{line}\n" for line in _verdict(shape, found, settings.lang))
    return 0 if state == "issued" and same else EXIT_SET_ASIDE


def _periodic(workspace: Workspace, path: Path, report: PeriodReport, *, as_json: bool) -> int:
    """A quarter's or year's report: its frozen set must still give its figures, and no other may have taken its place."""
    same = period_reports.records_give_it(workspace.database, workspace.store, report)
    later = period_reports.named(workspace.database, report.replaced_by) if report.replaced_by else None
    shape, lines = verdict(workspace.settings, path, report, later, same=same)
    if as_json:
        print_json(shape)
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0 if same else EXIT_SET_ASIDE


def _verdict(shape: dict[str, Any], found: issuing.Checked, lang: str) -> list[str]:
    lines = [text(f"issued_report.{shape['state']}", lang)]
    if found.issued is not None:
        lines.append(_issue_text(found.issued, lang))
        lines.append(text(f"issued_report.records_{shape['records']}", lang))
    if found.later is not None:
        lines.append(text("issued_report.later", lang, issue=_issue_text(found.later, lang)))
    return lines


def _issue_text(one: IssuedReport, lang: str) -> str:
    at = moment_text(datetime.fromisoformat(one.at).astimezone(VIETNAM), lang)
    return text(
        "issued_report.issue", lang, batch=one.batch, at=at, by=one.by, fingerprint=one.fingerprint[:16]
    )
