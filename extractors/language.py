"""Trigram language model of Vietnamese syllables in administrative text.

Unigram, bigram and trigram counts (`data/language.npz`, made by `scripts/make_language.py` from public state texts)
with absolute discounting and back-off to the shorter history. Read-only, loaded once a process, about
20 MB; who uses it decides what to do with a probability.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from extractors.syllables import base_of, can_exist, key_of

DATA: Final = Path(__file__).parent / "data" / "language.npz"
START, END, UNKNOWN = 0, 1, -1
_DISCOUNT: Final = 0.8
Counts = npt.NDArray[Any]


class LanguageModel:
    """Probabilities of syllables; ids are places in its vocabulary, `UNKNOWN` what is not in it."""

    def __init__(self, words: Sequence[Sequence[str]], alone: Counts, pairs: Counts, triples: Counts) -> None:
        """Build the tables.

        Args:
            words: vocabulary of V spellings, the first two being the ends of a clause; their keys; the base letters of
                those that Vietnamese can have, "" for the others.
            alone: V counts.
            pairs: keys (first × V + second, ascending) and counts, 2×P.
            triples: keys (place of the pair × V + third, ascending) and counts, 2×T.
        """
        spellings, keys, bases = words
        self.words: Final = tuple(spellings)
        size = len(self.words)
        self._size: Final = size
        self._total: Final = float(alone.sum())
        self._alone: Final = ((alone + 0.5) / (self._total + size)).tolist()
        (codes, seen), (places, numbers) = pairs, triples
        firsts = codes // size
        before = np.maximum(np.bincount(firsts, seen, size), alone).clip(1)
        kept = (seen - _DISCOUNT) / before[firsts]
        self._pairs: Final = dict(zip(codes.tolist(), range(len(codes)), strict=True))
        self._after_one: Final = kept.tolist()
        self._left_one: Final = (1 - np.bincount(firsts, kept, size)).tolist()
        held = places // size
        shares = (numbers - _DISCOUNT) / seen[held]
        self._triples: Final = dict(zip(places.tolist(), shares.tolist(), strict=True))
        self._left_two: Final = (1 - np.bincount(held, shares, len(codes))).clip(0.02).tolist()
        self._ids: Final = {key: number for number, key in enumerate(keys)}
        self._alike: Final = self._by_base(bases)

    def _by_base(self, bases: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Ids of the syllables with the same base letters, the most frequent first."""
        found: dict[str, list[int]] = {}
        for number, base in enumerate(bases):
            if base:
                found.setdefault(base, []).append(number)
        return {
            base: tuple(sorted(places, key=lambda one: -float(self._alone[one])))
            for base, places in found.items()
        }

    def id_of(self, syllable: str) -> int:
        """Place of a syllable in the vocabulary, whatever its case and place of tone; `UNKNOWN` if it is not there."""
        return self._ids.get(key_of(syllable), UNKNOWN)

    def alike(self, syllable: str) -> tuple[int, ...]:
        """Syllables of the vocabulary with the same base letters, the commonest first."""
        return self._alike.get(base_of(syllable), ())

    def known_pair(self, first: int, second: int) -> bool:
        """True if the counts hold this pair."""
        return first >= 0 and second >= 0 and first * self._size + second in self._pairs

    def probability(self, first: int, second: int, third: int) -> float:
        """P(third | first, second); 0 if the third is `UNKNOWN`. `UNKNOWN` histories are ignored."""
        if third < 0:
            return 0.0
        alone = self._alone[third]
        if second < 0:
            return float(alone)
        size = self._size
        pair = self._pairs.get(second * size + third)
        after_one = self._left_one[second] * alone + (self._after_one[pair] if pair is not None else 0.0)
        history = self._pairs.get(first * size + second) if first >= 0 else None
        if history is None:
            return float(after_one)
        after_two = self._triples.get(history * size + third, 0.0)
        return float(self._left_two[history] * after_one + after_two)


class Counted(NamedTuple):
    """Contents of a file of counts; see `LanguageModel`."""

    words: list[list[str]]
    alone: Counts
    pairs: Counts
    triples: Counts


def counts(path: Path = DATA) -> Counted:
    """The counts of a file."""
    with np.load(path) as kept:
        words = [kept[name].tobytes().decode("utf-8").split("\n") for name in ("words", "keys", "bases")]
        pairs = np.array([np.cumsum(kept["pair_steps"], dtype=np.int64), kept["pair_counts"]])
        triples = np.array([np.cumsum(kept["triple_steps"], dtype=np.int64), kept["triple_counts"]])
        return Counted(words, kept["alone"].astype(np.int64), pairs, triples)


@functools.cache
def model(path: Path = DATA) -> LanguageModel:
    """The model of this process."""
    return LanguageModel(*counts(path))


@functools.cache
def identity(path: Path = DATA) -> str:
    """Short digest of the counts: part of what decides a reading."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def write_counts(
    path: Path,
    words: Sequence[str],
    alone: Counts,
    pairs: Mapping[tuple[int, ...], int],
    triples: Mapping[tuple[int, ...], int],
) -> None:
    """Keep counts as one compressed file; the same counts give the same bytes.

    Args:
        path: where to.
        words: vocabulary of V spellings, the ends of a clause first.
        alone: V counts.
        pairs: counts by two places in the vocabulary, in ascending order.
        triples: counts by three, in ascending order; the first two are always a known pair.
    """
    size = len(words)
    place = {ids: number for number, ids in enumerate(pairs)}
    pair_keys = np.array([first * size + second for first, second in pairs], dtype=np.int64)
    triple_keys = np.array([place[ids[:2]] * size + ids[2] for ids in triples], dtype=np.int64)
    np.savez_compressed(
        path,
        words=_joined(words),
        keys=_joined([key_of(word) for word in words]),
        bases=_joined([base_of(word) if can_exist(word) else "" for word in words]),
        alone=alone.astype(np.uint32),
        pair_steps=np.diff(pair_keys, prepend=0).astype(np.uint32),
        pair_counts=np.fromiter(pairs.values(), dtype=np.uint16),
        triple_steps=np.diff(triple_keys, prepend=0).astype(np.uint32),
        triple_counts=np.fromiter(triples.values(), dtype=np.uint16),
    )


def _joined(texts: Sequence[str]) -> Counts:
    return np.frombuffer("\n".join(texts).encode("utf-8"), dtype=np.uint8)
