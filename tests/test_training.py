"""What the nets are trained on: lines and fields drawn by chance, the same for one seed, in letters that they know."""

from __future__ import annotations

import itertools
import json
import shutil
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.fonts import find_font
from engines.written_net import SIGNS
from training import base
from training.fields import fields
from training.lines import lines
from training.text import Writer


def test_the_same_seed_draws_the_same_lines() -> None:
    once, again, other = (list(itertools.islice(lines(seed), 12)) for seed in (3, 3, 4))
    assert [line.text for line in once] == [line.text for line in again] != [line.text for line in other]
    assert all(np.array_equal(one.ink, two.ink) for one, two in zip(once, again, strict=True))


def test_lines_are_cut_as_the_engine_cuts_them_and_hold_ink() -> None:
    for line in itertools.islice(lines(8), 30):
        assert line.ink.shape[0] == 96 and 8 <= line.ink.shape[1] <= 1400
        middle = line.ink[32:64]
        assert 0.01 < float((middle > 0.4 * middle.max()).mean()) < 0.8, line.text


def test_text_is_composed_of_letters_the_net_has_and_draws_each_of_them() -> None:
    writer = Writer(np.random.default_rng(1))
    texts = [writer.line() for _ in range(12_000)]
    known = {*base.characters(), *base.NEW}
    assert all(unicodedata.is_normalized("NFC", text) for text in texts)
    drawn = set("".join(texts))
    assert len([text for text in texts if set(text) <= known]) > 0.99 * len(texts)
    letters = {char for char in known if char.isalpha()}
    # Capitals with rare marks stand on few papers, and in few lines.
    assert len(letters - drawn) <= 6, sorted(letters - drawn)
    assert not {char for char in known if not char.isalpha()} - drawn


@pytest.fixture
def hands(tmp_path: Path) -> Path:
    """Digits and a font as the packages of `requirements/hands` have them, few and plain."""
    for digit in SIGNS[:-1]:
        scan = np.zeros((28, 28), np.uint8)
        cv2.putText(scan, digit, (7, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255.0, 2)
        path = tmp_path / "mnist" / "src" / "digits" / f"{digit}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"data": (scan.ravel() / 255).tolist()}), encoding="utf-8")
    files = tmp_path / "@fontsource" / "hand" / "files"
    files.mkdir(parents=True)
    shutil.copy(find_font("Tinos-Italic.ttf"), files / "hand-latin-400-normal.woff")
    return tmp_path


def test_the_same_seed_draws_the_same_fields(hands: Path) -> None:
    once, again, other = (list(itertools.islice(fields(seed, hands), 12)) for seed in (3, 3, 4))
    assert [one.text for one in once] == [one.text for one in again] != [one.text for one in other]
    assert all(np.array_equal(one.ink, two.ink) for one, two in zip(once, again, strict=True))


def test_fields_hold_figures_that_can_be_and_room_for_each_of_them(hands: Path) -> None:
    drawn = list(itertools.islice(fields(8, hands), 400))
    for one in drawn:
        assert one.text.replace("/", "").isdigit() and len(one.text) <= 10 and one.ink.shape[0] == 96
        assert one.ink.min() >= 0 and one.ink.max() <= 1
        assert one.ink.shape[1] >= 4 * len(one.text), one.text
    # Black and white at a hard level leaves nothing of the palest, as scanners do.
    assert sum(float(one.ink[32:64].max()) > 0.4 for one in drawn) >= 0.97 * len(drawn)
    assert set("".join(one.text for one in drawn)) == set(SIGNS)
