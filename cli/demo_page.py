"""The final page of `make demo`, with links to everything it made. Opens offline."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import jinja2

from cli.summary import OVERVIEW, overview_rows
from configs.settings import Settings
from schemas.wording import text
from workspace.closing import report_folder

_TEMPLATE = Path(__file__).parent / "templates" / "demo.html"


class Link(NamedTuple):
    """A link of the page, relative to it."""

    href: str
    name: str
    what: str = ""


class Row(NamedTuple):
    """A batch: its figures, its pages."""

    cells: Sequence[str]
    links: Sequence[Link]


class Made(NamedTuple):
    """Results of the demo other than its batches."""

    board: Path
    trace: Path | None
    pdfa: Path | None
    explanation: Path


def write_demo_page(settings: Settings, batches: Sequence[dict[str, Any]], made: Made, out: Path) -> None:
    """Write the page; linked files are beside or below it."""
    lang = settings.lang
    rows = [
        Row(cells, _batch_links(settings, shown["batch"], out.parent, lang))
        for cells, shown in zip(overview_rows(batches, lang), batches, strict=True)
    ]
    papers = [paper for shown in batches for paper in shown["documents"]]
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        _TEMPLATE.read_text(encoding="utf-8")
    )
    html = page.render(
        lang=lang,
        word=lambda key, **params: text(f"demo_page.{key}", lang, **params),
        papers=len(papers),
        batches=rows,
        heads=[text(f"head.{name}", lang) for name in OVERVIEW],
        totals=_totals(batches, lang),
        unchecked=bool(papers) and all(paper["verdict"] == "not_checked" for paper in papers),
        links=_links(made, out.parent, lang),
        commands=[
            (f".venv/bin/sohoa {command} --home var/demo", text(f"demo_page.{key}", lang))
            for key, command in (
                ("see_review", "review list"),
                ("see_quota", "quota"),
                ("see_verify", "verify"),
                ("see_doctor", "doctor"),
            )
        ],
    )
    out.write_text(html, encoding="utf-8")


def _totals(batches: Sequence[dict[str, Any]], lang: str) -> list[tuple[int, str]]:
    papers = [paper for shown in batches for paper in shown["documents"]]
    counts = {
        "pages": sum(shown["pages"]["in"] for shown in batches),
        "accounted": sum(shown["pages"]["accounted"] for shown in batches),
        "papers": len(papers),
        "accepted": sum(paper["route"] == "accepted" for paper in papers),
        "waiting": sum(paper["route"] != "accepted" for paper in papers),
        "coded": sum(1 for paper in papers if paper["code"]),
    }
    return [(count, text(f"demo_page.count_{name}", lang)) for name, count in counts.items()]


def _links(made: Made, base: Path, lang: str) -> list[Link]:
    places = {"board": made.board, "trace": made.trace, "pdfa": made.pdfa, "explanation": made.explanation}
    return [
        Link(_relative(path, base), text(f"demo_page.{name}", lang), text(f"demo_page.{name}_what", lang))
        for name, path in places.items()
        if path is not None
    ]


def _batch_links(settings: Settings, batch: str, base: Path, lang: str) -> list[Link]:
    folder = report_folder(settings.home, batch)
    pages = {"report": folder / "report.html", "data_docs": folder / "data-docs.html"}
    return [
        Link(_relative(path, base), text(f"demo_page.{name}", lang))
        for name, path in pages.items()
        if path.is_file()
    ]


def _relative(path: Path, base: Path) -> str:
    return quote(os.path.relpath(path, base))
