"""A home whose papers ask about dates that were read alike, one of them wrongly. No test lives here."""

from __future__ import annotations

from pathlib import Path

from schemas.reading import ImageMeasures, PageReading
from storage.objects import sha256_of
from tests.printed_pages import page
from tests.reviewed_batch import BATCH, RULES, birth, digitise, drawn, settings_of
from workspace.opening import open_workspace

PAPERS = 6
ODD = "03.png"  # printed with day 17, read as 12
_LINE = "Ngày, tháng, năm đăng ký: ngày {day} tháng 5 năm 2021"
_UNSURE = 0.3


def unsure(reading: PageReading, *texts: str) -> PageReading:
    """The page with a reader that doubts these words, wherever they stand on the line of registration."""
    line = next(word.line for word in reading.words if word.text == "ký:")
    words = tuple(
        word._replace(confidence=_UNSURE) if word.line == line and word.text in texts else word
        for word in reading.words
    )
    return reading.model_copy(update={"words": words})


def make_home(folder: Path) -> Path:
    """Digitise the batch into `folder/home`."""
    (folder / BATCH).mkdir(parents=True)
    with open_workspace(settings_of(folder / "home"), RULES) as workspace:
        digest = RULES.digests(workspace.settings, None).reading
        for at in range(1, PAPERS + 1):
            name, own = f"{at:02}.png", f"{150 + at}/2021"
            identity = {"định_danh": f"Số định danh cá nhân: 05622100{5000 + at}"}
            printed = birth(own, năm_đăng_ký=_LINE.format(day=17 if name == ODD else 12), **identity)
            drawn(page(printed)).save(folder / BATCH / name, dpi=(300, 300))
            read = page(birth(own, năm_đăng_ký=_LINE.format(day=12), **identity))
            measured = unsure(read, "12", "tháng", "5", "năm", "2021").model_copy(
                update={"measures": ImageMeasures(dpi=300.0)}
            )
            workspace.ledger.finished(sha256_of(folder / BATCH / name), digest, measured)
        digitise(workspace, folder / BATCH)
    return folder / "home"
