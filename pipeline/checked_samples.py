"""Checked values from samples with truth: what the machine makes of them, held against what was printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from configs.loader import load_reading_profile
from engines import ocr
from extractors.image_quality import image_findings
from extractors.split import mark_separators
from extractors.understanding import understand
from pipeline.known_papers import cache_of, fill_cache, kept_readings, same, truths
from schemas.calibration import Checked, Grade, grade_of, machine_values, threshold_of
from schemas.documents import Document
from schemas.errors import UsageError
from schemas.reading import PageReading
from schemas.review import KIND
from schemas.rules import ImageRule, Rulebook


class CheckedSamples(NamedTuple):
    """Checked values, the number of papers they come from, and the engine that read them."""

    values: tuple[Checked, ...]
    papers: int
    engine: str


def checked_samples(
    folder: Path,
    book: Rulebook,
    image: Sequence[ImageRule],
    *,
    engine: str | None,
    workers: int,
    as_of: date,
) -> CheckedSamples:
    """Read samples, or take their kept readings, and check every value that a confidence lets in.

    Args:
        folder: as written by `python -m samples`.
        book: rules; a threshold changes no value.
        image: rules that tell the grade of a picture.
        engine: reads first, if not the profile's own.
        workers: processes that read.
        as_of: day on which image rules must be in force.

    Raises:
        UsageError: the folder is absent or holds no truth.
    """
    if not folder.is_dir():
        raise UsageError(f"no folder {folder}", remedy="truth_absent", path=folder)
    found = [truth for truth in truths(folder) if truth.get("documents")]
    if not found:
        raise UsageError(f"{folder} holds no truth", remedy="truth_absent", path=folder)
    cache = cache_of(folder, engine)
    fill_cache(found, folder, cache, workers, engine)
    values: list[Checked] = []
    for truth in found:
        read = kept_readings(truth, cache)
        papers = understand(truth["sha256"], mark_separators(read, book), book)
        by_first = {paper.pages[0]: paper for paper in papers}
        grades = {page.number: _grade(page, image, as_of) for page in read}
        for wanted in truth["documents"]:
            paper = by_first.get(wanted["pages"][0])
            if paper is not None:
                values += checked_paper(paper, wanted, grades, book)
    return CheckedSamples(tuple(values), sum(len(truth["documents"]) for truth in found), name_of(engine))


def name_of(engine: str | None) -> str:
    """Name of the engine that reads first on this machine."""
    return ocr.loaded(load_reading_profile(engine=engine).engine)[0]


def checked_paper(
    paper: Document, wanted: dict[str, Any], grades: dict[int, Grade], book: Rulebook
) -> list[Checked]:
    """The values of one paper against its truth; fields that the truth does not name are not checked."""
    known = {KIND: wanted["kind"], **wanted["fields"]}
    return [
        Checked(
            threshold_of(name),
            grades.get(read.page, Grade.GOOD),
            read.confidence,
            same(known[name], read.value),
            "truth",
        )
        for name, read in machine_values(paper, book.kind(paper.kind)).items()
        if name in known
    ]


def _grade(page: PageReading, image: Sequence[ImageRule], as_of: date) -> Grade:
    drawn = image_findings(page.measures, image, page.number, as_of)
    return grade_of(page.measures, (*page.findings, *drawn))
