"""Rows of long tables: lists of people, plots or papers that a decision carries as an annex."""

from __future__ import annotations

import functools
import random
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from samples import people, words
from samples.facts import Setting


def _beneficiaries(rng: random.Random, setting: Setting) -> Iterator[list[str]]:
    for number in range(1, rng.randint(14, 46)):
        someone = people.person(rng, setting.day, (16, 92), None, setting.commune)
        rate = rng.choice((1.0, 1.5, 2.0, 2.5)) * (
            500 if setting.day.year >= 2024 else 360 if setting.day.year >= 2021 else 270
        )
        yield [
            words.two_digits(number, 10),
            someone.name,
            str(someone.birth.year),
            someone.id_number,
            words.capitalized(someone.address.split(",")[0]),
            words.grouped(round(rate) * 1000),
        ]


def _plots(rng: random.Random, setting: Setting) -> Iterator[list[str]]:
    for number in range(1, rng.randint(8, 30)):
        someone = people.person(rng, setting.day, (24, 80), None, setting.commune)
        yield [
            words.two_digits(number, 10),
            f"{'Bà' if someone.female else 'Ông'} {someone.name}",
            str(rng.randint(3, 980)),
            words.two_digits(rng.randint(1, 80), 10),
            f"{rng.randint(400, 30000) / 10:.1f}".replace(".", ","),
            rng.choice(("ODT", "ONT", "CLN", "BHK", "LUC", "ONT + CLN")),
        ]


@functools.cache
def _sentences() -> dict[str, list[str]]:
    path = Path(__file__).parent / "data" / "clauses.toml"
    return cast("dict[str, list[str]]", tomllib.loads(path.read_text(encoding="utf-8")))


def clauses(name: str, count: int, rng: random.Random) -> list[str]:
    """Numbered sentences of one list in `data/clauses.toml`, in an order of their own."""
    pool = _sentences()[name]
    chosen = rng.sample(pool, min(count, len(pool)))
    return [f"{number}. {sentence}" for number, sentence in enumerate(chosen, start=1)]


_LISTS: dict[str, Callable[[random.Random, Setting], Iterator[list[str]]]] = {
    "beneficiaries": _beneficiaries,
    "plots": _plots,
}


def rows(name: str, rng: random.Random, setting: Setting) -> Iterator[list[str]]:
    """Rows of one of the lists above.

    Raises:
        KeyError: there is no such list.
    """
    return _LISTS[name](rng, setting)
