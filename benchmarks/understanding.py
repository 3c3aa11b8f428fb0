"""How well papers are understood: kind, split, validity placing and each field, on synthetic papers of known truth.

    .venv/bin/python -m samples /tmp/papers --papers 60 --seed 7 --quiet
    .venv/bin/python -m benchmarks understanding /tmp/papers [--truth-lines] [--show 20] [--write]

By default the scans are read by the real reading side (cached beside the papers, keyed by its digest). `--truth-lines`
feeds the printed lines themselves, which shows what understanding alone loses. Fields are compared exactly, after NFC
and with the two places of a tone mark made one; fields that a pen filled in are counted apart.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from benchmarks import tables
from configs.loader import load_reading_profile, load_rulebook
from extractors.split import mark_separators
from extractors.understanding import understand
from pipeline.known_papers import cache_of, fill_cache, kept_readings, same, truths
from schemas.documents import Document, Route
from schemas.reading import Box, PageReading, PageState, Word
from schemas.text import fold_tone_place

_SHARED = (
    *("number", "notation", "issue_date", "agency", "document_type", "subject", "owner_name", "owner_id"),
    *("signer", "signer_title", "expiry_date"),
)


def readings_of(truth: dict[str, Any], cache: Path, truth_lines: bool) -> list[PageReading]:
    """Readings of one truth's scan: printed lines, or the cached reading."""
    if truth_lines:
        return [_printed(page) for page in truth["pages"]]
    return kept_readings(truth, cache)


def _printed(page: dict[str, Any]) -> PageReading:
    words: list[Word] = []
    for at, line in enumerate(page.get("lines", [])):
        left, top, right, bottom = line["box"]
        texts = line["text"].split()
        step = (right - left) / max(1, len(line["text"]))
        place = float(left)
        for text in texts:
            box = Box(int(place), top, int(place + step * len(text)), bottom)
            words.append(Word(text, 0.95, box, at, at))
            place += step * (len(text) + 1)
    return PageReading(
        number=page["number"],
        state=PageState.READ if words else PageState.BLANK,
        width=page["width"],
        height=page["height"],
        rotation=(360 - page["rotation"]) % 360,
        words=tuple(words),
    )


class Score:
    """Counts by kind and field."""

    def __init__(self) -> None:
        self.papers: Counter[str] = Counter()
        self.split = self.right_split = 0
        self.kinds: Counter[tuple[str, str]] = Counter()
        self.fields: Counter[tuple[str, str, str]] = Counter()
        self.units: Counter[str] = Counter()
        self.routes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.bold: Counter[str] = Counter()
        self.edits: Counter[str] = Counter()
        self.letters: Counter[str] = Counter()

    def paper(self, file: str, wanted: dict[str, Any], got: Document | None, threshold: float) -> None:
        """Count one paper of the truth."""
        kind = wanted["kind"]
        self.papers[kind] += 1
        self.kinds[
            kind, "none" if got is None or got.kind is None else "right" if got.kind == kind else "wrong"
        ] += 1
        if got is None:
            return
        if got.kind != kind:
            self.wrong.append(f"{file} kind: wanted {kind}, got {got.kind}")
        self.routes[got.route] += 1
        placed = (
            "none"
            if got.unit is None
            else "right"
            if (got.level, got.unit) == (wanted["level"], wanted["unit"])
            else "wrong"
        )
        self.units[placed] += 1
        if placed != "right":
            self.wrong.append(
                f"{file} unit: wanted {wanted['level']} {wanted['unit']}, "
                f"got {got.level} {got.unit} [{got.value('agency')}]"
            )
        for name, value in wanted["fields"].items():
            self._field(file, kind, name, value, got, name in wanted.get("handwritten", []), threshold)
        for name, field in got.fields.items():
            if name not in wanted["fields"] and field.value is not None:
                self.bold[f"{kind}.{name}"] += 1

    def _field(
        self, file: str, kind: str, name: str, value: str, got: Document, pen: bool, threshold: float
    ) -> None:
        field = got.fields.get(name)
        fate = "pen " if pen else ""
        if field is None:
            fate += "absent"
        elif field.value is None:
            fate += "unread"
        elif same(value, field.value):
            fate += "right"
        else:
            sure = (field.confidence or 0.0) >= threshold
            fate += "wrong" if sure else "doubted"
        self.fields[kind, name, fate] += 1
        if not pen:
            read = (field.value or "") if field else ""
            self.edits[name] += Levenshtein.distance(fold_tone_place(value), fold_tone_place(read))
            self.letters[name] += len(value)
        if not fate.endswith("right"):
            told = f"{field.value!r} ({field.confidence}) raw {field.raw!r}" if field else "-"
            self.wrong.append(f"{file} {kind}.{name} {fate}: wanted {value!r}, got {told}")


def report(score: Score, show: int) -> None:
    """Print the figures."""
    right = sum(count for (_, fate), count in score.kinds.items() if fate == "right")
    total = sum(score.papers.values())
    print(f"files split as printed   {score.right_split}/{score.split}")
    print(
        f"kind right               {right}/{total}, wrong {sum(c for (_, f), c in score.kinds.items() if f == 'wrong')}"
    )
    print(f"unit                     {dict(score.units)}")
    print(f"route                    {dict(score.routes)}")
    fates: Counter[str] = Counter()
    for (_, _, fate), count in score.fields.items():
        fates[fate] += count
    print(f"fields                   {dict(fates)}")
    print(f"{'kind.field':58} {'right':>6} {'of':>5}  not right")
    for kind in sorted(score.papers):
        for name in sorted({key[1] for key in score.fields if key[0] == kind}):
            of = {key[2]: count for key, count in score.fields.items() if key[:2] == (kind, name)}
            ok = of.pop("right", 0)
            of_pen = {fate: count for fate, count in of.items() if fate.startswith("pen")}
            printed = ok + sum(of.values()) - sum(of_pen.values())
            print(f"{kind + '.' + name:58} {ok:6} {printed:5}  {of or ''}")
    print("claimed though not in the truth:", dict(score.bold.most_common(12)))
    for line in score.wrong[:show]:
        print(" ", line)


def by_field(score: Score) -> str:
    """The fields that all kinds share, whatever the kind, as a table."""
    rows = []
    for name in _SHARED:
        of = Counter[str]()
        for (_, field, fate), count in score.fields.items():
            if field == name:
                of[fate] += count
        printed = sum(count for fate, count in of.items() if not fate.startswith("pen "))
        pen = sum(of.values()) - printed
        lost = of["absent"] + of["unread"]
        shares = [
            f"{100 * count / max(1, printed):.1f} %"
            for count in (of["right"], of["doubted"], of["wrong"], lost)
        ]
        cer = f"{100 * score.edits[name] / max(1, score.letters[name]):.2f} %"
        by_hand = f"{of['pen right']} of {pen}" if pen else ""
        rows.append([f"`{name}`", str(printed), *shares, cer, by_hand])
    head = [
        "field",
        "printed",
        "right",
        "wrong, asked",
        "wrong, not asked",
        "absent or unread",
        "CER",
        "by hand: right",
    ]
    return tables.table(head, rows)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--truth-lines", action="store_true")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--engine", help="reads first; default that of configs/reading.toml")
    parser.add_argument("--only", help="substring of file names")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--write", action="store_true", help="the fields that kinds share, into docs/benchmarks.md"
    )
    given = parser.parse_args()
    rules = load_rulebook(engine=given.engine)
    found = [truth for truth in truths(given.folder) if not given.only or given.only in truth["file"]]
    found = [truth for truth in found if truth.get("documents")]
    cache = cache_of(given.folder, given.engine)
    if not given.truth_lines:
        fill_cache(found, given.folder, cache, given.workers, given.engine)
    score = Score()
    spent = 0.0
    count = 0
    for truth in found:
        read = readings_of(truth, cache, given.truth_lines)
        started = time.perf_counter()
        got = understand(truth["sha256"], mark_separators(read, rules), rules)
        spent += time.perf_counter() - started
        count += len(read)
        score.split += 1
        wanted = truth["documents"]
        # A blank back stays with the paper before it; the truth does not count it.
        blank = {page["number"] for page in truth["pages"] if page["blank"]}
        split = [tuple(page for page in each.pages if page not in blank) for each in got]
        score.right_split += [tuple(each["pages"]) for each in wanted] == split
        if [tuple(each["pages"]) for each in wanted] != split:
            score.wrong.append(
                f"{truth['file']} split: wanted {[each['pages'] for each in wanted]}, got {[each.pages for each in got]}"
            )
        by_first = {each.pages[0]: each for each in got}
        for each in wanted:
            score.paper(truth["file"], each, by_first.get(each["pages"][0]), rules.thresholds.field)
    report(score, given.show)
    told = (
        f"{sum(score.papers.values())} papers; `{given.engine or load_reading_profile().engine}` reads first; accepted "
        f"without a person or a register {score.routes[Route.ACCEPTED]}.\n\n{by_field(score)}"
    )
    tables.put(
        "understanding", told, [[*key, number] for key, number in score.fields.items()], write=given.write
    )
    print(f"{count} pages understood in {spent:.2f} s ({1000 * spent / max(1, count):.1f} ms a page)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
