"""`sohoa read`: what the machine reads on each file; stores nothing."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cli.options import EXIT_SET_ASIDE, AsJson, command
from cli.shapes import finding_json, print_json, read_json, shown
from cli.wording import words
from configs.loader import load_kinds, load_rulebook
from configs.settings import Settings
from pipeline import single
from schemas.wording import text


@command
def read(
    settings: Settings,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help=words("command.read_files"))],
    as_json: AsJson = False,
) -> int:
    """Read files and print what the machine reads; stores nothing."""
    codes = []
    with single.open_readers(settings.workers, settings.engine) as readers:
        book = load_rulebook(
            lists_dir=settings.lists, own_thresholds=settings.calibration, engine=settings.engine
        )
        results = single.in_order(
            readers,
            [os.fsencode(file) for file in files],
            lambda path: single.read_file(readers, book, path, _nothing),
        )
        for result in results:
            codes.append(result.status)
            if as_json:
                print_json(read_json(*result, settings.lang))
            else:
                _print_for_people(result, settings.lang)
    return EXIT_SET_ASIDE if any(code != "read" for code in codes) else 0


def _nothing() -> None:
    """Page progress is not shown."""


def _print_for_people(result: object, lang: str) -> None:

    assert isinstance(result, single.ReadResult)
    out = [f"── {shown(result.file)} · {text(f'status.{result.status}', lang)}"]
    for paper in result.papers:
        pages = ", ".join(str(page) for page in paper.pages)
        known = next((kind for kind in load_kinds() if kind.id == paper.kind), None)
        kind = known.title if known else text("kind.unknown", lang)
        out.append(f"  {kind} · {text('pages', lang)} {pages} · {text(f'route.{paper.route}', lang)}")
        for name, field in paper.fields.items():
            value = field.value if field.value is not None else text("unread", lang, raw=field.raw or "")
            sure = "" if field.confidence is None else f"  ({field.confidence:.0%})"
            out.append(f"    {text(f'field.{name}', lang)}: {value}{sure}")
        out.append(f"    {text('validity', lang)}: {text(f'validity_state.{paper.validity.state}', lang)}")
    for finding in result.findings:
        shape = finding_json(finding, lang)
        remedy = f" → {shape['remedy']}" if shape["remedy"] else ""
        out.append(f"  [{shape['severity']}] {shape['message']}{remedy}")
    for page in result.pages:
        out.append(f"  ── {text('page', lang)} {page.number}")
        out.extend(f"  {line}" for line in page.text.splitlines())
    sys.stdout.write("\n".join(out) + "\n")
