"""What the line net is trained on: lines drawn by chance, the same for one seed, in letters that it knows."""

from __future__ import annotations

import itertools
import unicodedata

import numpy as np

from training import base
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
