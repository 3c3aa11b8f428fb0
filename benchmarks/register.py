"""Papers accepted without a person, before and after the clerk's register is matched with the scans.

    .venv/bin/python -m samples /tmp/papers --papers 100 --seed 77 --quiet
    .venv/bin/python -m benchmarks register /tmp/papers [--write]

Each batch of the samples is digitised into a home of its own by the commands a person types. Its register is written from
the truth, as a clerk would have kept it: number, day, kind, subject, agency, owner and the owner's identifier, where the
paper bears them. Every value of an accepted paper is compared with the truth; exit code 5 if a command fails.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl import Workbook

from benchmarks import tables
from benchmarks.measuring import SOHOA, NotRun, fail, machine
from pipeline.known_papers import same, truths
from schemas.documents import Route

_COLUMNS = {
    "Số, ký hiệu": "number",
    "Ngày ban hành": "issue_date",
    "Loại văn bản": "document_type",
    "Trích yếu": "subject",
    "Cơ quan ban hành": "agency",
    "Chủ sở hữu": "owner_name",
    "Số định danh": "owner_id",
}


class Standing(NamedTuple):
    """Papers of a home, those accepted, and their values by fate (`right`, `wrong`)."""

    papers: int
    accepted: int
    values: Counter[str]


def sohoa(home: Path, *arguments: str | Path, codes: Sequence[int] = (0,)) -> str:
    """Run a command on a home; its output.

    Raises:
        NotRun: it ended otherwise than allowed.
    """
    given = [str(SOHOA), *map(str, arguments), "--home", str(home), "--operator", "benchmark"]
    done = subprocess.run(given, capture_output=True, text=True, check=False)
    if done.returncode not in codes:
        raise NotRun(
            f"{' '.join(given)} ended with {done.returncode}:\n{done.stdout[-800:]}{done.stderr[-800:]}"
        )
    return done.stdout


def write_register(path: Path, papers: Sequence[dict[str, Any]]) -> None:
    """A register of one batch, a row a paper."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(_COLUMNS))
    for paper in papers:
        sheet.append([paper["fields"].get(name) for name in _COLUMNS.values()])
    book.save(path)


def standing(home: Path, batches: Sequence[str], wanted: dict[tuple[str, int], dict[str, Any]]) -> Standing:
    """How the papers of these batches stand."""
    papers = accepted = 0
    values: Counter[str] = Counter()
    for batch in batches:
        shown = json.loads(sohoa(home, "batch", "show", batch, "--json"))
        for paper in shown["documents"]:
            papers += 1
            if paper["route"] != Route.ACCEPTED:
                continue
            accepted += 1
            truth = wanted.get((f"{batch}/{paper['file']}", paper["pages"][0]))
            if truth is not None:
                fields = json.loads(sohoa(home, "review", "show", paper["id"], "--json"))["fields"]
                for name, value in truth["fields"].items():
                    if name in _COLUMNS.values() and fields.get(name, {}).get("value"):
                        values["right" if same(value, fields[name]["value"]) else "wrong"] += 1
    return Standing(papers, accepted, values)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    given = parser.parse_args()
    home = tables.WORK / "register"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    found = [truth for truth in truths(given.folder) if truth.get("documents")]
    wanted = {(truth["file"], paper["pages"][0]): paper for truth in found for paper in truth["documents"]}
    batches = sorted({truth["file"].split("/")[0] for truth in found})
    try:
        for batch in batches:
            sohoa(home, "digitize", given.folder / batch, "--plain", codes=(0, 3))
        before = standing(home, batches, wanted)
        for batch in batches:
            register = home / f"{batch}.xlsx"
            write_register(
                register, [paper for key, paper in wanted.items() if key[0].startswith(f"{batch}/")]
            )
            sohoa(home, "register", "import", register, "--batch", batch, "--yes", codes=(0, 3))
            sohoa(home, "register", "match", "--batch", batch, codes=(0, 3))
        after = standing(home, batches, wanted)
    except NotRun as error:
        return fail(error)
    rows = [
        [
            name,
            one.papers,
            one.accepted,
            f"{100 * one.accepted / max(1, one.papers):.0f} %",
            one.values["right"],
            one.values["wrong"],
        ]
        for name, one in (("without a register", before), ("with one", after))
    ]
    head = ["", "papers", "accepted without a person", "share", "their values: right", "wrong"]
    tables.put("register", f"{machine()}.\n\n{tables.table(head, rows)}", rows, write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
