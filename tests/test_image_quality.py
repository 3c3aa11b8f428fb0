"""What image QA measures is what is there, and rules draw their findings from it."""

from __future__ import annotations

import time
from datetime import date

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from extractors.image_quality import a4_equivalents, image_findings, lines_run_down, measure, skew_of
from schemas.findings import Severity
from schemas.reading import ImageMeasures
from schemas.rules import ImageRule

Grey = npt.NDArray[np.uint8]
_DAY = date(2026, 11, 1)


def _page(width: int = 1240, height: int = 1754) -> Grey:
    """Lines of letter-like marks on white."""
    page = np.full((height, width), 255, np.uint8)
    rng = np.random.default_rng(3)
    for top in range(150, height - 200, 42):
        left = 120
        while left < width - 140:
            wide = int(rng.integers(6, 16))
            page[top + int(rng.integers(0, 6)) : top + 20, left : left + wide] = 20
            left += wide + int(rng.integers(3, 16))
    return page


def _tilted(page: Grey, degrees: float) -> Grey:
    """Lines rise to the right by an angle."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return cv2.warpAffine(page, turn, (width, height), borderValue=(255,))  # type: ignore[return-value]


@pytest.mark.parametrize("degrees", [-6.5, -2.0, -0.5, 0.0, 0.3, 1.7, 5.0])
def test_the_tilt_is_told_to_a_tenth_of_a_degree(degrees: float) -> None:
    """Anticlockwise positive."""
    skew = skew_of(_tilted(_page(), degrees))
    assert skew is not None
    assert abs(skew - degrees) <= 0.12


def test_what_has_no_lines_has_no_tilt() -> None:
    """White paper, and noise."""
    assert skew_of(np.full((1754, 1240), 255, np.uint8)) is None
    specks = np.where(np.random.default_rng(1).random((1754, 1240)) < 0.02, 0, 255).astype(np.uint8)
    assert skew_of(specks) is None


def test_a_page_on_its_side_is_noticed() -> None:
    """And an upright or empty one is not taken for it."""
    page = _tilted(_page(), 1.0)
    assert not lines_run_down(page)
    assert lines_run_down(cv2.rotate(page, cv2.ROTATE_90_CLOCKWISE))  # type: ignore[arg-type]
    assert not lines_run_down(np.full((1754, 1240), 255, np.uint8))


def test_blur_fading_and_darkness_are_measured_apart() -> None:
    """Each moves its own measure most."""
    page = _page()
    blurred = cv2.GaussianBlur(page, (0, 0), 3)
    faded = (page * 0.3 + 178).astype(np.uint8)
    sharp, soft, pale = (measure(one, 150, 8) for one in (page, blurred, faded))  # type: ignore[arg-type]
    assert sharp.sharpness is not None and soft.sharpness is not None and pale.sharpness is not None
    assert sharp.contrast is not None and pale.contrast is not None
    assert sharp.sharpness > 0.9
    assert soft.sharpness < 0.6
    assert pale.sharpness > 0.9
    assert sharp.contrast > 0.85
    assert pale.contrast < 0.35


def test_blank_paper_has_no_ink_and_is_measured_no_further() -> None:
    """Whatever its shade."""
    for shade in (255, 230, 180):
        measures = measure(np.full((1754, 1240), shade, np.uint8), 150, 8)
        assert (measures.ink, measures.skew, measures.sharpness) == (0.0, None, None)


def test_black_edges_and_cut_off_text_are_told_apart() -> None:
    """A scanner's black border is no text that runs off the page."""
    page = _page()
    black, cut = page.copy(), page[:, 200:-200].copy()
    black[:, :25] = 0
    assert measure(page, 150, 8).black_edge == 0.0
    assert (measure(black, 150, 8).black_edge or 0) > 0.9
    assert measure(black, 150, 8).touching_edge == 0.0
    assert (measure(cut, 150, 8).touching_edge or 0) > 0.05


@pytest.mark.parametrize(
    ("inches", "count"),
    [((8.27, 11.69), 1), ((8.5, 11), 1), ((11.69, 16.54), 2), ((16.5, 23.4), 4), ((33.1, 46.8), 16)],
)
def test_large_sheets_count_for_several(inches: tuple[float, float], count: int) -> None:
    """A3 for two, A0 for sixteen; an unknown size for one."""
    assert a4_equivalents(round(inches[0] * 200), round(inches[1] * 200), 200) == count
    assert a4_equivalents(round(inches[0] * 200), round(inches[1] * 200), None) == 1


def test_measuring_a_page_takes_little() -> None:
    """About 25 ms of processor time for 300 dpi A4; five times that is a regression."""
    page = np.kron(_page(), np.ones((2, 2), np.uint8)).astype(np.uint8)
    measure(page, 300, 8)
    started = time.process_time()
    measure(page, 300, 8)
    assert time.process_time() - started < 0.125


def _rule(rule: str, prop: str, operation: str, value: float, **fields: object) -> ImageRule:
    return ImageRule.model_validate(
        {
            "rule": rule,
            "property": prop,
            "operation": operation,
            "value": value,
            "severity": "warning",
            **fields,
        }
    )


def test_rules_draw_findings_from_measures() -> None:
    """Skew either way, severity from the rule, nothing from what was not measured or not in force."""
    measures = ImageMeasures(dpi=150, bits=1, skew=-3.0, sharpness=None, contrast=0.5)
    rules = [
        _rule("image_low_resolution", "dpi", "<", 200, severity="error"),
        _rule("image_bitonal", "bits", "==", 1, effective_to="2020-01-01"),
        _rule("image_skewed", "skew", ">", 2),
        _rule("image_blurred", "sharpness", "<", 0.4),
        _rule("image_low_contrast", "contrast", "<", 0.3),
    ]
    found = image_findings(measures, rules, 7, _DAY)
    assert [(one.rule, one.severity, one.page) for one in found] == [
        ("image_low_resolution", Severity.ERROR, 7),
        ("image_skewed", Severity.WARNING, 7),
    ]
    assert found[1].params == {"value": 3.0, "limit": 2.0}
