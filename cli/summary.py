"""The summary of a batch for people: what was done, what needs a person, where things lie."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from cli.shapes import shown as shown_name
from cli.tables import print_table
from configs.loader import load_kinds
from configs.settings import Settings
from schemas.batches import BatchState
from schemas.masking import mask, mask_code
from schemas.wording import text
from workspace.closing import report_folder

_MAX_REASONS = 8


def batch_summary(
    settings: Settings, shown: dict[str, Any], outcome: Any, *, every_paper: bool = False
) -> str:
    """The summary as text.

    Args:
        settings: of this machine.
        shown: the batch in the contract's shape.
        outcome: of this run; None when there was nothing to do, or nothing was run.
        every_paper: also print one line per paper.
    """
    lang = settings.lang

    def say(key: str, **params: object) -> str:
        return text(f"summary.{key}", lang, **params)

    papers, pages = shown["documents"], shown["pages"]
    lines = [
        say("title", batch=shown["batch"], state=text(f"state.{shown['state']}", lang)),
        say("files", **shown["files"]),
        say("pages", **{"in": pages["in"], "accounted": pages["accounted"], "passes": pages["ocr_passes"]}),
    ]
    if pages["in"] != pages["accounted"]:
        lines.append(say("missing", count=pages["in"] - pages["accounted"]))
    routes = Counter(paper["route"] for paper in papers)
    counts = {name: routes.get(name, 0) for name in ("accepted", "review", "rescan", "partial")}
    lines.append(say("papers", count=len(papers), **counts))
    coded = sum(1 for paper in papers if paper["code"])
    waiting = sum(1 for note in shown["findings"] if note["rule"] == "no_result_code")
    lines.append(say("codes", count=coded, waiting=waiting))
    verdicts = Counter(paper["verdict"] for paper in papers)
    checked = {name: verdicts.get(name, 0) for name in ("valid", "invalid", "not_checked")}
    unseen = bool(papers) and checked["not_checked"] == len(papers)
    lines.append(say("verdicts_unchecked") if unseen else say("verdicts", **checked))
    if outcome is None and not every_paper and shown["state"] == BatchState.FINISHED:
        lines.append(say("nothing"))
    lines += _needs([shown], say)
    if every_paper:
        lines += _papers(papers, lang)
        lines += [
            say(
                "replaced",
                id=paper["id"],
                file=shown_name(paper["file"]),
                pages=", ".join(map(str, paper["pages"])),
                by=", ".join(paper["replaced_by"]),
            )
            for paper in shown.get("replaced", ())
        ]
    lines += _where(settings, shown["batch"], say)
    return "\n".join(lines) + "\n"


def print_overview(settings: Settings, batches: Sequence[dict[str, Any]]) -> None:
    """Several batches on one screen: a line each, what needs a person, where things lie."""
    lang = settings.lang

    def say(key: str, **params: object) -> str:
        return text(f"summary.{key}", lang, **params)

    rows = overview_rows(batches, lang)
    totals = [_total([row[column] for row in rows]) for column in range(1, len(OVERVIEW))]
    heads = [text(f"head.{name}", lang) for name in OVERVIEW]
    numbers = range(1, len(OVERVIEW))
    print_table(heads, [*rows, [say("all"), *totals]], numbers=numbers, title=say("overview"))
    lines = [*_needs(batches, say), "", say("where")]
    lines.append(say("store", path=settings.store_place))
    lines.append(say("reports"))
    for shown in batches:
        report = report_folder(settings.home, shown["batch"]) / "report.html"
        if report.is_file():
            lines.append(f"    {report}")
    sys.stdout.write("\n".join(lines) + "\n\n")


# Columns of the overview, as keys of the table of words.
OVERVIEW = (
    *("batch", "files", "set_aside", "pages", "accounted", "documents"),
    *("accepted", "to_person", "coded", "waiting_code", "pdfa_valid"),
)


def overview_rows(batches: Sequence[dict[str, Any]], lang: str) -> list[list[str]]:
    """Table rows, one per batch, with the columns of `OVERVIEW`."""
    return [_overview_row(shown, text("summary.unchecked", lang)) for shown in batches]


def _total(cells: Sequence[str]) -> str:
    counts = [int(cell) for cell in cells if cell.isdecimal()]
    return str(sum(counts)) if counts else cells[0] if cells else "0"


def _overview_row(shown: dict[str, Any], unchecked: str) -> list[str]:
    papers = shown["documents"]
    accepted = sum(paper["route"] == "accepted" for paper in papers)
    counts = (
        *(shown["files"]["in"], shown["files"]["set_aside"]),
        *(shown["pages"]["in"], shown["pages"]["accounted"], len(papers)),
        *(accepted, len(papers) - accepted, sum(1 for paper in papers if paper["code"])),
        sum(1 for note in shown["findings"] if note["rule"] == "no_result_code"),
        _valid(papers, unchecked),
    )
    return [shown["batch"], *map(str, counts)]


def _valid(papers: Sequence[dict[str, Any]], unchecked: str) -> str:
    """Number of PDF/A files that veraPDF found valid; a placeholder if it checked none."""
    if papers and all(paper["verdict"] == "not_checked" for paper in papers):
        return unchecked
    return str(sum(paper["verdict"] == "valid" for paper in papers))


def _needs(batches: Sequence[dict[str, Any]], say: Any) -> list[str]:
    """Reasons why papers and files wait for a person, most frequent first."""
    weights = Counter(mask(note["message"]) for shown in batches for note in _pressing(shown))
    if not weights:
        return []
    lines = ["", say("needs")]
    lines += [
        say("needs_line", count=count, message=message)
        for message, count in weights.most_common(_MAX_REASONS)
    ]
    name = batches[0]["batch"] if len(batches) == 1 else "LÔ"
    if len(weights) > _MAX_REASONS:
        lines.append(say("more", count=len(weights) - _MAX_REASONS))
    lines.append(say("needs_where", batch=name))
    return lines


def _pressing(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Findings of papers that are not accepted and files that were set aside; others need no action."""
    waiting = [paper for paper in shown["documents"] if paper["route"] != "accepted"]
    pages = {(paper["file"], page) for paper in waiting for page in paper["pages"]}
    files = {paper["file"] for paper in waiting}
    papers = {paper["file"] for paper in shown["documents"]}
    return [
        note
        for note in shown["findings"]
        if note["severity"] != "info"
        and not note["rule"].startswith("image_")
        and (
            note["file"] not in papers
            or (note["file"], note["page"]) in pages
            or (note["page"] is None and note["file"] in files)
        )
    ]


def _papers(papers: list[dict[str, Any]], lang: str) -> list[str]:

    names = {kind.id: kind.title if lang == "vi" else kind.id for kind in load_kinds()}
    lines = [""]
    for paper in papers:
        pages = ",".join(str(page) for page in paper["pages"])
        route = text(f"route.{paper['route']}", lang)
        kind = names.get(paper["kind"], "?")
        code = mask_code(paper["code"]) if paper["code"] else "–"
        lines.append(f"  {paper['id']}  {route:<14} {code}  {kind}  {shown_name(paper['file'])} [{pages}]")
    return lines


def _where(settings: Settings, batch: str, say: Any) -> list[str]:
    folder = report_folder(settings.home, batch)
    lines = ["", say("where")]
    if (folder / "report.html").is_file():
        lines.append(say("report", path=folder / "report.html"))
    if (folder / "data-docs.html").is_file():
        lines.append(say("data_docs", path=folder / "data-docs.html"))
    lines.append(say("store", path=settings.store_place))
    lines.append(say("quota", home=settings.home))
    return lines
