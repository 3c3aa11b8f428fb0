"""What was found: as lines for people, as JSON, and as a table in CSV or XLSX."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cli.shapes import shown
from engines.private_files import whole_file
from quality.pending import write_pending
from schemas.numerals import number_text
from schemas.search import Answer, Hit, Snippet, Wanted
from schemas.wording import say, text
from workspace.private_csv import harmless, private_csv, write_rows

_BEFORE, _AFTER = "«", "»"
_HEADS: Final = (
    *(
        "id",
        "kind",
        "number",
        "issue_date",
        "agency",
        "subject",
        "owner",
        "owner_id",
        "unit",
        "state",
        "validity",
    ),
    *("code", "batch", "file", "page", "box", "snippet"),
)


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer as JSON."""
    plain: dict[str, Any] = answer.model_dump(mode="json")
    return plain


def print_hits(
    answer: Answer, asked: Wanted, titles: Mapping[str, str], lang: str, *, written: Sequence[Path]
) -> None:
    """Print papers one by one, or where they were written, or what was searched for in vain."""
    count = number_text(len(answer.hits), lang)
    if not answer.hits:
        _print_nothing(answer, asked, titles, lang)
        return
    for path in written:
        sys.stdout.write(text("search.written", lang, count=count, path=path) + "\n")
    for hit in () if written else answer.hits:
        sys.stdout.write("\n".join(_lines(hit, titles, lang)) + "\n\n")
    sys.stdout.write(text("search.first" if answer.more else "search.found", lang, count=count) + "\n")


def write_hits(path: Path, answer: Answer, titles: Mapping[str, str], lang: str) -> None:
    """Write a row per paper; texts are no formulas, and only their writer can read them."""
    heads = [text(f"search.head_{key}", lang) for key in _HEADS]
    rows = [_row(hit, titles, lang) for hit in answer.hits]
    if path.suffix.lower() == ".csv":
        with private_csv(path) as stream:
            write_rows(stream, heads, rows)
        return
    guarded = [[harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    with whole_file(path) as stream:
        write_pending(stream, [(text("search.sheet", lang), heads, guarded)])


def _print_nothing(answer: Answer, asked: Wanted, titles: Mapping[str, str], lang: str) -> None:
    if not answer.indexed:
        sys.stdout.write(text("search.empty", lang) + "\n")
        return
    filters = {
        "kind": titles.get(asked.kind or "", asked.kind),
        "unit": asked.unit,
        "state": say("route", asked.state, lang) if asked.state else None,
        "first": asked.first,
        "last": asked.last,
        "batch": asked.batch,
    }
    words = asked.words.strip()
    parts = [f"«{shown(words)}»" if words else text("search.any_words", lang)]
    parts += [
        text(f"search.filter_{name}", lang, value=shown(str(value)))
        for name, value in filters.items()
        if value is not None
    ]
    indexed = number_text(answer.indexed, lang)
    lines = [
        text("search.nothing", lang, indexed=indexed, wanted=", ".join(parts)),
        text("search.widen", lang),
    ]
    if answer.wordless:
        lines.append(text("search.wordless", lang, count=number_text(answer.wordless, lang)))
    sys.stdout.write("\n".join(lines) + "\n")


def _lines(hit: Hit, titles: Mapping[str, str], lang: str) -> list[str]:
    kind = titles.get(hit.kind or "", text("search.no_kind", lang))
    head = [hit.id, kind, hit.number, hit.issue_date, hit.agency]
    owner = " ".join(part for part in (hit.owner_name, hit.owner_id) if part)
    validity = say("validity_state", hit.validity, lang)
    below = [hit.subject, owner, say("route", hit.state, lang), validity, hit.code]
    lines = [_joined(head), "  " + _joined(below)]
    if hit.blind:
        lines.append("  " + text("search.blind", lang))
    if hit.snippet is not None:
        lines.append(f"  {_place(hit.snippet, lang)}{shown(hit.snippet.marked(_BEFORE, _AFTER))}")
    return lines


def _place(snippet: Snippet, lang: str) -> str:
    if snippet.page is None:
        return ""
    if snippet.box is None:
        return text("search.on_page", lang, page=snippet.page) + ": "
    box = str(list(snippet.box))
    return text("search.at", lang, page=snippet.page, box=box) + ": "


def _joined(parts: Sequence[str | None]) -> str:
    return " · ".join(shown(part.replace("\n", " ")) for part in parts if part)


def _row(hit: Hit, titles: Mapping[str, str], lang: str) -> list[str | int]:
    snippet = hit.snippet or Snippet(text="")
    cells = (
        *(hit.id, titles.get(hit.kind or "", text("search.no_kind", lang)), hit.number, hit.issue_date),
        *(hit.agency, hit.subject, hit.owner_name, hit.owner_id, hit.unit, say("route", hit.state, lang)),
        *(say("validity_state", hit.validity, lang), hit.code, hit.batch, hit.file, snippet.page),
        *(", ".join(map(str, snippet.box)) if snippet.box else None, snippet.marked(_BEFORE, _AFTER)),
    )
    return ["" if cell is None else cell for cell in cells]
