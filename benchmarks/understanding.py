"""How well papers are understood: kind, split, validity placing and each field, on synthetic papers of known truth.

    .venv/bin/python -m samples /tmp/papers --papers 60 --seed 7 --quiet
    .venv/bin/python -m benchmarks.understanding /tmp/papers [--truth-lines] [--show 20]

By default the scans are read by the real reading side (cached beside the papers, keyed by its digest). `--truth-lines`
feeds the printed lines themselves, which shows what understanding alone loses. Fields are compared exactly, after NFC
and with the two places of a tone mark made one; fields that a pen filled in are counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from configs.loader import load_image_rules, load_limits, load_reading_profile, load_rulebook
from engines import ocr, written_net
from extractors import intake, language, pages, reading
from extractors.split import mark_separators
from extractors.understanding import understand
from schemas.digests import READING_VERSION, digest_of
from schemas.documents import Document
from schemas.errors import SourceError
from schemas.reading import Box, PageReading, PageState, Word, failed_page
from schemas.text import fold_tone_place, squeeze


def read_scan(path: str, engine: str | None = None) -> list[dict[str, Any]]:
    """Readings of one scan as JSON, by the real reading side."""
    limits, profile, rules = load_limits(), load_reading_profile(engine=engine), load_image_rules()
    with tempfile.TemporaryDirectory() as staging:
        staged = intake.stage(
            os.fsencode(path), name=Path(path).name, staging=Path(staging), limits=limits, inbox=None
        )
        listed = pages.list_pages(staged.path, staged.format, limits)
        found = []
        for source in listed.pages:
            try:
                one = reading.read_page(staged.path, staged.format, source, profile, rules, limits)
            except SourceError:
                one = failed_page(source)
            found.append(one.model_dump(mode="json"))
        return found


class Readings:
    """Readings of samples by the real reading side, kept beside them under the digest of what read them."""

    def __init__(self, folder: Path, engine: str | None = None, workers: int = 2) -> None:
        profile = load_reading_profile(engine=engine)
        read_by = {
            "profile": profile,
            "engine": ocr.identity(profile),
            "language": language.identity(),
            "written": written_net.identity(),
        }
        self._folder, self._engine, self._workers = folder, engine, workers
        self._cache = folder / ".readings" / digest_of(READING_VERSION, read_by)

    def fill(self, found: Sequence[dict[str, Any]]) -> None:
        """Read the scans of these truths that were not read before."""
        self._cache.mkdir(parents=True, exist_ok=True)
        missing = [truth for truth in found if not self._place(truth).exists()]
        with ProcessPoolExecutor(self._workers) as pool:
            jobs = [
                pool.submit(read_scan, str(self._folder / truth["file"]), self._engine) for truth in missing
            ]
            for truth, job in zip(missing, jobs, strict=True):
                self._place(truth).write_text(json.dumps(job.result(), ensure_ascii=False), encoding="utf-8")

    def of(self, truth: dict[str, Any]) -> list[PageReading]:
        """Readings of one scan, in order; it was filled in before."""
        kept = json.loads(self._place(truth).read_text(encoding="utf-8"))
        return [PageReading.model_validate(page) for page in kept]

    def _place(self, truth: dict[str, Any]) -> Path:
        return self._cache / f"{truth['sha256']}.json"


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


def same(name: str, wanted: str, got: str | None) -> bool:
    """Exact but for the place of tone marks."""
    del name
    return got is not None and fold_tone_place(squeeze(wanted)) == fold_tone_place(squeeze(got))


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
        elif same(name, value, field.value):
            fate += "right"
        else:
            sure = (field.confidence or 0.0) >= threshold
            fate += "wrong" if sure else "doubted"
        self.fields[kind, name, fate] += 1
        if not fate.endswith("right"):
            read = f"{field.value!r} ({field.confidence}) raw {field.raw!r}" if field else "-"
            self.wrong.append(f"{file} {kind}.{name} {fate}: wanted {value!r}, got {read}")


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


def truths(folder: Path) -> Iterator[dict[str, Any]]:
    """Truth of every scan."""
    for path in sorted((folder / "truth").rglob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


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
    given = parser.parse_args()
    rules = load_rulebook()
    found = [truth for truth in truths(given.folder) if not given.only or given.only in truth["file"]]
    found = [truth for truth in found if truth.get("documents")]
    readings = Readings(given.folder, given.engine, given.workers)
    if not given.truth_lines:
        readings.fill(found)
    score = Score()
    spent = 0.0
    count = 0
    for truth in found:
        read = [_printed(page) for page in truth["pages"]] if given.truth_lines else readings.of(truth)
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
    print(f"{count} pages understood in {spent:.2f} s ({1000 * spent / max(1, count):.1f} ms a page)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
