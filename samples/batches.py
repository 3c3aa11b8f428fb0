"""Whole batches: which papers, what wear, which files, and the batch sheet `lo.toml` beside them."""

from __future__ import annotations

import json
import random
import shutil
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from samples import making
from samples.containers import CONTAINERS
from samples.making import PageMade, Sample, Truth
from samples.papers import Paper, Wish, further_kind_ids, print_paper
from samples.wear.scan import Scan

_DATA = Path(__file__).parent / "data" / "batches.toml"
_FURTHER = _DATA.with_name("further_batches.toml")
_SHEET_KEYS = (
    "owning_unit",
    "holding_unit",
    "level",
    "fonds",
    "box",
    "file",
    "expected_sheets",
    "years",
    "kinds",
    "scanner",
    "operator",
    "retention",
    "access",
)
# Chance of each wear in a profile; signature and seal are what makes a paper valid and nearly always there.
WEAR_PROFILES: dict[str, dict[str, float]] = {
    "none": {"signature": 1.0, "seal": 1.0},
    "clean": {
        "signature": 1.0,
        "seal": 0.97,
        "handwriting": 0.15,
        "e_signature": 0.08,
        "skew": 0.3,
        "noise": 0.5,
        "paper_tint": 0.3,
    },
    "office": {
        "signature": 1.0,
        "seal": 0.97,
        "handwriting": 0.45,
        "arrival_stamp": 0.22,
        "e_signature": 0.08,
        "paper_tint": 0.5,
        "skew": 0.5,
        "shadow": 0.15,
        "noise": 0.6,
        "blur": 0.2,
        "punch_holes": 0.25,
        "black_edges": 0.1,
        "bleed_through": 0.1,
    },
    "old": {
        "signature": 1.0,
        "seal": 0.95,
        "handwriting": 0.6,
        "arrival_stamp": 0.08,
        "paper_tint": 0.9,
        "fading": 0.35,
        "fold_lines": 0.45,
        "stains": 0.3,
        "punch_holes": 0.3,
        "bleed_through": 0.3,
        "skew": 0.6,
        "shadow": 0.3,
        "noise": 0.8,
        "blur": 0.35,
        "black_edges": 0.25,
    },
    # As bad as boxes get: figures by hand wherever a form leaves room, the seal over the name, pale grey print.
    "unkind": {
        "signature": 1.0,
        "seal": 0.5,
        "seal_over_name": 0.6,
        "handwriting": 0.9,
        "arrival_stamp": 0.3,
        "e_signature": 0.1,
        "paper_tint": 0.6,
        "fading": 0.5,
        "fold_lines": 0.3,
        "bleed_through": 0.25,
        "skew": 0.6,
        "noise": 0.8,
        "blur": 0.4,
        "black_edges": 0.2,
    },
}
_UNKIND_CONTAINERS = {"pdf_g4": 0.25, "tiff_g4": 0.2, "pdf_jpeg": 0.4, "jpeg": 0.15}


@dataclass(frozen=True)
class Plan:
    """One batch as `data/batches.toml` describes it."""

    name: str
    share: float
    kinds: tuple[str, ...]
    wish: Wish
    dpi: int
    wear: str
    containers: dict[str, float]
    sheet: dict[str, Any]
    colour: float = 0.85  # share of files in colour
    together: float = 0.12  # chance that several papers lie in one file

    def unkind(self) -> Plan:
        """The same papers worn as badly as boxes get: 200 dpi, black and white or grey, several in a file."""
        return replace(self, wear="unkind", containers=_UNKIND_CONTAINERS, dpi=200, colour=0.4, together=0.25)


@dataclass
class _Batch:
    """A batch being written."""

    folder: Path
    truth: Path
    sheets: int = 0
    files: list[Path] = field(default_factory=list)

    def put(self, sample: Sample, stem: str) -> None:
        """Write one file and its truth."""
        path = self.folder / f"{stem}{sample.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample.data)
        truth = dict(sample.truth)
        truth["file"] = f"{self.folder.name}/{stem}{sample.suffix}"
        place = self.truth / f"{stem}{sample.suffix}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        self.sheets += int(truth["sheets"])
        self.files.append(path)


def plans() -> list[Plan]:
    """All batches that can be made."""
    rows = tomllib.loads(_DATA.read_text(encoding="utf-8"))["batch"]
    return [_plan(row) for row in rows]


def further_plans() -> list[Plan]:
    """Batches that are made only where they or their kinds are named."""
    return [_plan(row) for row in tomllib.loads(_FURTHER.read_text(encoding="utf-8"))["batch"]]


def _chosen(batches: Sequence[str], kinds: Sequence[str]) -> list[Plan]:
    chosen = [plan for plan in plans() if not batches or plan.name in batches]
    if batches or kinds:
        chosen += [plan for plan in further_plans() if not batches or plan.name in batches]
    return [plan for plan in chosen if not kinds or set(plan.kinds) & set(kinds)]


def _plan(row: dict[str, Any]) -> Plan:
    years = row["years"]
    first = row.get("first", date(years[0], 1, 4))
    last = row.get("last", date(years[1], 10 if years[1] == 2026 else 12, 30))
    return Plan(
        row["name"],
        float(row["share"]),
        further_kind_ids() if row["kinds"] == "further" else tuple(row["kinds"]),
        Wish(first, last, row.get("owning_unit")),
        int(row["dpi"]),
        row["wear"],
        {name: float(weight) for name, weight in row["containers"].items()},
        {key: row[key] for key in _SHEET_KEYS if key in row and key != "kinds"},
    )


def _quotas(chosen: Sequence[Plan], papers: int) -> list[int]:
    """Papers per batch, by share, that sum up; every batch gets one while there are enough."""
    whole = sum(plan.share for plan in chosen)
    exact = [papers * plan.share / whole for plan in chosen]
    counts = [int(part) for part in exact]
    order = sorted(range(len(chosen)), key=lambda index: counts[index] - exact[index])
    for index in order[: papers - sum(counts)]:
        counts[index] += 1
    return counts


def make(
    out: Path,
    papers: int,
    seed: int,
    *,
    batches: Sequence[str] = (),
    kinds: Sequence[str] = (),
    clean: bool = False,
    unkind: bool = False,
    dpi: int | None = None,
    container: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write `papers` papers into batches under `out`, their truth under `out/truth`.

    Args:
        out: folder to fill; batch folders of the same names are replaced.
        papers: how many papers in all.
        seed: the same seed and arguments give the same bytes.
        batches: names of the batches wanted; all by default.
        kinds: only these kinds; batches without any of them are left out.
        clean: no wear but signature and seal, one file a paper, upright.
        unkind: worn as badly as boxes get (`Plan.unkind`).
        dpi: overrides the batches' resolution.
        container: overrides the batches' containers.
        progress: called with a line per file.

    Returns:
        The scan files, in order of making.

    Raises:
        LookupError: no batch fits.
    """
    chosen = _chosen(batches, kinds)
    if not chosen:
        known = ", ".join(plan.name for plan in (*plans(), *further_plans()))
        raise LookupError(f"no batch fits {list(batches)} {list(kinds)}; there are: {known}")
    files: list[Path] = []
    for plan, count in zip(chosen, _quotas(chosen, papers), strict=True):
        if not count:
            continue
        folder, truth = out / plan.name, out / "truth" / plan.name
        for place in (folder, truth):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
        batch = _Batch(folder, truth)
        fill = _Filling(
            plan.unkind() if unkind else plan,
            batch,
            random.Random(f"{seed}/{plan.name}"),
            f"{seed}/{plan.name}",
            kinds,
            clean,
            dpi,
            container,
        )
        fill.run(count, progress)
        _write_sheet(folder / "lo.toml", plan, batch.sheets)
        files += batch.files
    return files


def _write_sheet(path: Path, plan: Plan, sheets: int) -> None:
    values = {**plan.sheet, "expected_sheets": sheets, "kinds": sorted(set(plan.kinds))}
    lines = ["# Phiếu lô: kê khai khi bàn giao."]
    lines += [
        f"{key} = {json.dumps(values[key], ensure_ascii=False)}" for key in _SHEET_KEYS if key in values
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass
class _Filling:
    """Choices made while one batch is filled."""

    plan: Plan
    batch: _Batch
    rng: random.Random
    seed: str
    kinds: Sequence[str]
    clean: bool
    dpi: int | None
    container: str | None
    number: int = 0

    def run(self, count: int, progress: Callable[[str], None] | None) -> None:
        """Write `count` papers."""
        left = count
        while left:
            together = 1
            container = (
                self.container
                or self.rng.choices(list(self.plan.containers), weights=list(self.plan.containers.values()))[
                    0
                ]
            )
            if (
                not self.clean
                and left > 2
                and CONTAINERS[container].many
                and self.rng.random() < self.plan.together
            ):
                together = self.rng.randint(2, min(4, left))
            before = len(self.batch.files)
            self._file(container, together)
            left -= together
            if progress:
                for path in self.batch.files[before:]:
                    progress(str(path))

    def _paper(self, index: int) -> tuple[Paper, list[PageMade]]:
        pool = [kind for kind in self.plan.kinds if not self.kinds or kind in self.kinds]
        kind = self.rng.choice(pool)
        seed = f"{self.seed}/{self.number}.{index}"
        profile = WEAR_PROFILES["none" if self.clean else self.plan.wear]
        wears = [name for name, chance in profile.items() if self.rng.random() < chance]
        paper = print_paper(
            kind, random.Random(seed), self.plan.wish, self.dpi or self.plan.dpi, pen="handwriting" in wears
        )
        pages = making.scan_paper(paper, wears, seed)
        if not self.clean and self.rng.random() < 0.08:
            size = (pages[-1].pixels.shape[1], pages[-1].pixels.shape[0])
            pages.append(making.blank_page(size, pages[-1].dpi, wears, f"{seed}/back"))
        return paper, pages

    def _file(self, container: str, together: int) -> None:
        self.number += 1
        stem = f"{self.number:04d}"
        pages: list[PageMade] = []
        documents: list[Truth] = []
        colour = self.clean or self.rng.random() < self.plan.colour
        turned = 0 if self.clean or self.rng.random() > 0.06 else self.rng.choice((90, 180, 270))
        stored = 0 if self.clean or self.rng.random() > 0.08 else self.rng.choice((90, 180, 270))
        caption = not self.clean and self.rng.random() < 0.1
        separated = together > 1 and self.rng.random() < 0.4
        for index in range(together):
            if separated and index:
                pages.append(making.separator_page((210.0, 297.0), pages[-1].dpi))
            paper, made = self._paper(index)
            if caption and CONTAINERS[container].suffix == ".pdf" and index == 0:
                making.with_caption(made[0], Scan.of(paper.sheets[0]), f"{self.seed}/{stem}")
            start = len(pages)
            numbers = [start + place for place, page in enumerate(made, start=1) if not page.blank]
            documents.append(making.document_truth(paper, numbers))
            pages += made
        if turned and not any(page.caption for page in pages):
            pages = [making.turn_page(page, turned) for page in pages]
        for page in pages:
            page.stored_turn = stored if CONTAINERS[container].turns else 0
            page.colour = colour
        if CONTAINERS[container].many or len(pages) == 1:
            self.batch.put(making.write_file(container, pages, documents, stem), stem)
        else:
            self._folder(container, pages, documents[0], stem)

    def _folder(self, container: str, pages: Sequence[PageMade], document: Truth, stem: str) -> None:
        """A paper of several pages as single images: a sub-folder ending in `.paper`."""
        for number, page in enumerate(pages, start=1):
            own = {**document, "pages": [] if page.blank else [1], "paper": f"{stem}.paper", "part": number}
            name = f"{stem}.paper/{number:03d}"
            self.batch.put(making.write_file(container, [page], [] if page.blank else [own], name), name)
