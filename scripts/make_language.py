"""Counts of Vietnamese syllables as CSV into the compact file that the reading side weighs diacritics by.

    .venv/bin/python scripts/make_language.py FOLDER [--out extractors/data/language.npz]

FOLDER holds `syllables.csv` (syllable, count), `bigrams.csv` (first, second, count) and `trigrams.csv` (first, second,
third, count), `^` and `$` marking the ends of a clause. The same counts give the same bytes. Kept are syllables that
Vietnamese can have, and frequent short abbreviations, which stand beside them in running text; both places of a tone mark
become the early one. What was run together in the source (`tờmẫu`) is left out.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np

from extractors.language import DATA, END, START, write_counts
from extractors.syllables import can_exist, key_of, with_tone_at

_ABBREVIATION_LENGTH, _ABBREVIATION_COUNT = 5, 300


def rows(path: Path) -> list[tuple[tuple[str, ...], int]]:
    """Each row's syllables and its count."""
    with path.open(encoding="utf-8", newline="") as file:
        read = csv.reader(file)
        next(read)
        return [(tuple(row[:-1]), int(row[-1])) for row in read]


def vocabulary(singles: list[tuple[tuple[str, ...], int]]) -> dict[str, str]:
    """Spelling by key; of a syllable's spellings the commonest, its tone early."""
    spellings: dict[str, Counter[str]] = {}
    for (syllable,), count in singles:
        short = len(syllable) <= _ABBREVIATION_LENGTH and count >= _ABBREVIATION_COUNT
        if can_exist(syllable) or short:
            spellings.setdefault(key_of(syllable), Counter())[with_tone_at(syllable, 1)] += count
    return {key: max(sorted(said), key=said.__getitem__) for key, said in sorted(spellings.items())}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=DATA)
    given = parser.parse_args()
    singles = rows(given.folder / "syllables.csv")
    spelt = vocabulary(singles)
    words = ["^", "$", *spelt.values()]
    place = {"^": START, "$": END} | {key: number for number, key in enumerate(spelt, start=2)}

    def counted(name: str, size: int) -> dict[tuple[int, ...], int]:
        total: Counter[tuple[int, ...]] = Counter()
        for syllables, count in rows(given.folder / name):
            ids = tuple(place.get(key_of(one), -1) for one in syllables)
            if len(ids) == size and min(ids) >= 0:
                total[ids] += count
        return dict(sorted(total.items()))

    pairs, triples = counted("bigrams.csv", 2), counted("trigrams.csv", 3)
    alone = np.zeros(len(words), dtype=np.uint32)
    for (syllable,), count in singles:
        if (at := place.get(key_of(syllable))) is not None:
            alone[at] += count
    write_counts(given.out, words, alone, pairs, {ids: n for ids, n in triples.items() if ids[:2] in pairs})
    print(
        f"{given.out}: {len(words) - 2} syllables, {len(pairs)} pairs, {len(triples)} triples, "
        f"{given.out.stat().st_size} bytes"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
