"""`sohoa pdfa IN OUT`: one file, or a folder tree of files, to searchable PDF/A."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import EXIT_SET_ASIDE, AsJson, command, named_path
from cli.shapes import finding_json, print_json, shown
from cli.wording import words
from configs.loader import load_rendition_profile
from configs.settings import Settings
from engines import verapdf
from pipeline import delivery, single
from pipeline.inbox import open_inbox
from schemas.errors import SetupError, UsageError
from schemas.wording import text

Pair = tuple[bytes, Path]


@command
def pdfa(
    settings: Settings,
    source: Annotated[str, typer.Argument(metavar="IN", help=words("command.pdfa_source"))],
    target: Annotated[str, typer.Argument(metavar="OUT", help=words("command.pdfa_target"))],
    check: Annotated[bool, typer.Option("--check", help=words("command.pdfa_check"))] = False,
    as_json: AsJson = False,
) -> int:
    """Convert a file or a folder tree to searchable PDF/A."""
    pairs = dict(_pairs(named_path(source), named_path(target)))
    statuses = []
    with ExitStack() as stack:
        checker = stack.enter_context(_checker()) if check else None
        readers = stack.enter_context(single.open_readers(settings.workers, settings.engine))
        profile = load_rendition_profile()
        results = single.in_order(
            readers,
            list(pairs),
            lambda path: single.make_pdfa(readers, profile, checker, path, pairs[path], _nothing),
        )
        for result in results:
            statuses.append(result.status)
            shape = {
                "file": result.file,
                "output": result.output,
                "status": result.status,
                "flavour": profile.flavour if result.output else None,
                "verdict": str(result.verdict),
                "pages": result.pages,
                "findings": [finding_json(finding, settings.lang) for finding in result.findings],
            }
            if as_json:
                print_json(shape)
            else:
                _print_for_people(shape, settings.lang)
    return EXIT_SET_ASIDE if any(status != "done" for status in statuses) else 0


def _checker() -> Any:

    if verapdf.find() is None:
        raise SetupError("veraPDF is not installed", remedy="verapdf_missing")
    return verapdf.VeraPdf()


def _pairs(source: Path, target: Path) -> list[Pair]:
    """Each input with its output; a folder's tree is mirrored.

    Raises:
        UsageError: a folder into a file, or an output that would overwrite an input.
        SetupError: the outputs cannot be written there.
    """
    if source.is_dir():
        if target.exists() and not target.is_dir():
            raise UsageError(f"{target} is no folder", remedy="output_is_file", path=target)
        delivery.keep_out_of(source, [target / "any"])
        delivery.need_writable(target)

        inbox = open_inbox(source)
        root = len(os.fsencode(inbox.root)) + 1
        files = {os.fsdecode(entry.path[root:]): entry.path for entry in inbox.files}
        places = delivery.places(files, target)
        delivery.keep_out_of(source, places.values())
        return [(path, places[name]) for name, path in files.items()]
    out = target / f"{source.stem}.pdf" if target.is_dir() else target
    if out.exists() and source.exists() and out.samefile(source):
        raise UsageError(f"{out} is the input itself", remedy="output_is_input", path=out)
    delivery.need_writable(out.parent)
    return [(os.fsencode(source), out)]


def _nothing() -> None:
    """Page progress is not shown."""


def _print_for_people(shape: dict[str, Any], lang: str) -> None:
    where = f" → {shape['output']}" if shape["output"] else ""
    verdict = text(f"verdict.{shape['verdict']}", lang)
    lines = [f"{shown(shape['file'] + where)} · {text('status.' + shape['status'], lang)} · PDF/A: {verdict}"]
    for finding in shape["findings"]:
        remedy = f" → {finding['remedy']}" if finding["remedy"] else ""
        lines.append(f"  [{finding['severity']}] {finding['message']}{remedy}")
    sys.stdout.write("\n".join(lines) + "\n")
