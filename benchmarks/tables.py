"""Results as Markdown tables: printed, kept as JSON, and laid into docs/benchmarks.md between their marks."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
WORK = Path(os.environ.get("SOHOA_BENCH", ROOT / "var" / "bench"))


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table; numbers stand right."""
    shown = [[str(cell) for cell in row] for row in rows]
    right = [
        all(re.fullmatch(r"[-–—\d.,×%≤≥ ]*", row[at]) for row in shown) and bool(shown)
        for at in range(len(head))
    ]
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join('--:' if one else '---' for one in right)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in shown)])


def put(name: str, told: str, data: Any, *, write: bool) -> None:
    """Print a result, keep its numbers, and, if asked, lay it into docs/benchmarks.md."""
    sys.stdout.write(f"\n{told}\n")
    WORK.mkdir(parents=True, exist_ok=True)
    kept = WORK / f"{name}.json"
    kept.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    if not write:
        return
    page = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    if not rest or end not in rest:
        raise SystemExit(f"{PAGE} has no place for {name}")
    day = datetime.now(UTC).strftime("%d/%m/%Y")
    PAGE.write_text(f"{before}{begin}\n*Measured {day}.*\n\n{told}\n{end}{after}", encoding="utf-8")
