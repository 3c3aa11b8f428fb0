"""A number or a day that a pen filled in is a question, whatever the engine's confidence; a printed one is none."""

from __future__ import annotations

import itertools
import os
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import pytest

from configs.loader import load_image_rules, load_limits, load_reading_profile, load_rulebook
from extractors import intake, pages, reading
from extractors.understanding import understand
from samples.making import make_one
from schemas.documents import Document, Route
from schemas.routing import lacks

KINDS = ("decision", "birth_certificate", "marriage_certificate", "construction_permit")
FIELDS = ("number", "issue_date")


def understood(case: tuple[str, int, bool, str]) -> tuple[Document, list[str]]:
    """One sample as understood, and the fields that a pen filled in on it."""
    cv2.setNumThreads(1)
    kind, seed, pen, folder = case
    old = ("fading", "paper_tint", "skew", "noise") if seed % 3 == 0 else ()
    wears = ("signature", "seal", *(("handwriting",) if pen else ()), *old)
    colour, dpi = seed % 4 != 1, (200, 300)[seed % 2]
    sample = make_one(kind, seed, wear=wears, dpi=dpi, colour=colour, container="pdf_jpeg")
    path = Path(folder) / f"{kind}-{seed}-{pen}.pdf"
    path.write_bytes(sample.data)
    limits, profile, rules = load_limits(), load_reading_profile(), load_image_rules()
    staging = Path(folder) / f"{kind}-{seed}-{pen}"
    staging.mkdir()
    staged = intake.stage(os.fsencode(path), name=path.name, staging=staging, limits=limits, inbox=None)
    listed = pages.list_pages(staged.path, staged.format, limits)
    read = [
        reading.read_page(staged.path, staged.format, source, profile, rules, limits)
        for source in listed.pages
    ]
    return understand(staged.sha256, read, load_rulebook())[0], sample.truth["documents"][0]["handwritten"]


def test_written_numbers_and_days_are_asked_and_printed_ones_are_not(tmp_path: Path) -> None:
    cases = [
        (kind, seed, pen, str(tmp_path))
        for kind, seed, pen in itertools.product(KINDS, range(200, 208), (True, False))
    ]
    written = caught = unread = printed = alarms = 0
    with ProcessPoolExecutor(2) as workers:
        for document, handwritten in workers.map(understood, cases):
            asked = {each.params["field"] for each in document.findings if each.rule == "field_written"}
            for name in FIELDS:
                field = document.fields.get(name)
                if field is None or field.value is None:
                    unread += name in handwritten  # asked in any case
                elif name in handwritten:
                    written, caught = written + 1, caught + (name in asked)
                else:
                    printed, alarms = printed + 1, alarms + (name in asked)
            assert not asked or document.route is not Route.ACCEPTED
    print(
        f"{len(cases)} papers: of {written + unread} written values {unread} had no value, {caught} of the other"
        f" {written} are asked for their ink; {alarms} of {printed} printed values are"
    )
    assert written >= 5
    assert caught == written
    assert alarms <= 0.02 * printed


def test_a_sure_number_in_ink_waits_for_a_person(tmp_path: Path) -> None:
    rng = random.Random(1)
    for seed in rng.sample(range(300, 340), 12):
        document, handwritten = understood(("decision", seed, True, str(tmp_path)))
        number = document.fields.get("number")
        if "number" in handwritten and number is not None and number.value is not None:
            sure = document.model_copy(
                update={
                    "fields": {**document.fields, "number": number.model_copy(update={"confidence": 1.0})}
                }
            )

            assert "number" in lacks(sure, load_rulebook())
            return
    pytest.fail("no written number was read")
