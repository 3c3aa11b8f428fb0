"""Samples with known truth, read by the real reading side; readings are kept beside the samples, keyed by their digest.

For the benchmarks and for calibration. Nothing is stored in a home.
"""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from configs.loader import load_image_rules, load_limits, load_reading_profile
from engines import ocr, written_net
from extractors import intake, language, pages, reading
from schemas.digests import READING_VERSION, digest_of
from schemas.errors import SourceError, UsageError
from schemas.reading import PageReading, failed_page
from schemas.text import fold_tone_place, squeeze


def truths(folder: Path) -> Iterator[dict[str, Any]]:
    """Truth of every scan of a folder of samples, in the order of names; a paper in several files is one truth.

    Raises:
        UsageError: a truth is not JSON.
    """
    for paper, found in itertools.groupby(sorted((folder / "truth").rglob("*.json")), _paper_of):
        each = [_truth(path) for path in found]
        if paper is None:
            yield from each
        else:
            yield _joined(each)


def _paper_of(path: Path) -> Path | None:
    """The folder of a paper in several files."""
    return path.parent if path.parent.suffix == ".paper" else None


def _truth(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise UsageError(f"{path}: {error}", remedy="truth_unusable", path=path) from error


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One truth of a paper's files, each of one page; `parts` are their own."""
    pages = [
        {**page, "number": number} for number, part in enumerate(parts, start=1) for page in part["pages"]
    ]
    printed = [page["number"] for page in pages if not page["blank"]]
    documents = [{**document, "pages": printed} for document in parts[0]["documents"]]
    return {**parts[0], "pages": pages, "documents": documents, "parts": parts}


def _scans(truth: dict[str, Any]) -> list[dict[str, Any]]:
    return truth.get("parts") or [truth]


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


def cache_of(folder: Path, engine: str | None = None) -> Path:
    """Where readings of these samples by this engine are kept."""
    profile = load_reading_profile(engine=engine)
    read_by = {
        "profile": profile,
        "engine": ocr.identity(profile),
        "language": language.identity(),
        "written": written_net.identity(),
    }
    return folder / ".readings" / digest_of(READING_VERSION, read_by)


def fill_cache(
    found: Sequence[dict[str, Any]], folder: Path, cache: Path, workers: int, engine: str | None
) -> None:
    """Read every scan that was not read yet.

    Raises:
        UsageError: a scan that a truth names is not there.
    """
    cache.mkdir(parents=True, exist_ok=True)
    scans = [scan for truth in found for scan in _scans(truth)]
    missing = [scan for scan in scans if not (cache / f"{scan['sha256']}.json").exists()]
    absent = next((truth["file"] for truth in missing if not (folder / truth["file"]).is_file()), None)
    if absent is not None:
        raise UsageError(f"no scan {absent}", remedy="truth_unusable", path=folder / absent)
    with ProcessPoolExecutor(workers) as pool:
        jobs = {
            truth["sha256"]: pool.submit(read_scan, str(folder / truth["file"]), engine) for truth in missing
        }
        for sha256, job in jobs.items():
            kept = cache / f"{sha256}.json"
            partly = kept.with_suffix(f".{os.getpid()}")
            partly.write_text(json.dumps(job.result(), ensure_ascii=False), encoding="utf-8")
            partly.replace(kept)


def kept_readings(truth: dict[str, Any], cache: Path) -> list[PageReading]:
    """The kept readings of one truth's scans."""
    kept = [cache / f"{scan['sha256']}.json" for scan in _scans(truth)]
    pages = [page for path in kept for page in json.loads(path.read_text(encoding="utf-8"))]
    return [
        PageReading.model_validate({**page, "number": number}) for number, page in enumerate(pages, start=1)
    ]


def same(wanted: str, got: str | None) -> bool:
    """True if two values are the same but for spaces and the place of tone marks."""
    return got is not None and fold_tone_place(squeeze(wanted)) == fold_tone_place(squeeze(got))
