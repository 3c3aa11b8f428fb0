"""How well nets read what no training saw: the wheel's own, those in use, or those just trained.

    python -m training.measure [FOLDER] [--lines 3000] [--fields 2000] [--seed 900001]

Lines: character errors (edit distance / printed characters) by what is wrong: a letter, or only its marks; no language
model, no context: the net alone. Fields: share of figures by hand that are read right in one view.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
from rapidfuzz.distance import Levenshtein

from engines import line_models, written_net
from schemas.text import strip_accents
from training import base
from training.fields import fields
from training.lines import Line, lines

_BATCH = 16


class Errors(NamedTuple):
    """Sums over lines."""

    printed: int
    wrong: int
    letters: int
    whole: int


def main() -> None:
    """Measure the nets named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="what `training.tune` made")
    parser.add_argument("--lines", type=int, default=3000)
    parser.add_argument("--fields", type=int, default=2000)
    parser.add_argument("--hands", type=Path, default=Path("requirements/hands/node_modules"))
    parser.add_argument("--seed", type=int, default=900_001, help="another than the training's")
    given = parser.parse_args()
    _measure_fields(given)
    drawn = list(itertools.islice(lines(given.seed), given.lines))
    nets = [
        ("the wheel's", _session(base.model()), base.characters()),
        ("in use", line_models.recogniser(), line_models.characters()),
    ]
    if given.folder:
        characters = json.loads((given.folder / "line_vi.json").read_text(encoding="utf-8"))["characters"]
        nets.append(
            (str(given.folder), _session((given.folder / "line_vi.onnx").read_bytes()), tuple(characters))
        )
    for name, session, characters in nets:
        found = errors(session, characters, drawn)
        print(
            f"{name}: {len(drawn)} lines, character errors {100 * found.wrong / found.printed:.2f} %, without marks "
            f"{100 * found.letters / found.printed:.2f} %, whole lines right {100 * found.whole / len(drawn):.1f} %"
        )


def _measure_fields(given: argparse.Namespace) -> None:
    drawn = list(itertools.islice(fields(given.seed, given.hands), given.fields))
    nets = [("in use", written_net.session())]
    if given.folder:
        nets.append((str(given.folder), _session((given.folder / "written_vi.onnx").read_bytes())))
    for name, session in nets:
        right = 0
        for one in drawn:
            (steps,) = written_net.read([one.ink], session)
            right += written_net.guesses(steps)[0] == one.text
        print(f"{name}: {len(drawn)} fields by hand, {100 * right / len(drawn):.1f} % right in one view")


def _session(model: bytes) -> Any:
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def errors(session: Any, characters: tuple[str, ...], drawn: list[Line]) -> Errors:
    """What a recogniser misreads of drawn lines."""
    printed = wrong = letters = whole = 0
    for line, text in zip(
        sorted(drawn, key=lambda one: one.ink.shape[1]), _read(session, characters, drawn), strict=True
    ):
        printed += len(line.text)
        wrong += Levenshtein.distance(line.text, text)
        letters += Levenshtein.distance(strip_accents(line.text), strip_accents(text))
        whole += line.text == text
    return Errors(printed, wrong, letters, whole)


def _read(session: Any, characters: tuple[str, ...], drawn: list[Line]) -> Iterator[str]:
    """Texts of the lines, the narrowest first."""
    ordered = sorted(drawn, key=lambda one: one.ink.shape[1])
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        widest = -(-batch[-1].ink.shape[1] // 8) * 8 + 8
        ink = np.zeros((len(batch), 1, 96, widest), np.float32)
        for row, line in enumerate(batch):
            ink[row, 0, :, : line.ink.shape[1]] = line.ink
        widths = np.array([line.ink.shape[1] for line in batch], np.int64)
        ids, lengths = session.run(["ids", "lengths"], {"x": ink, "widths": widths})
        for row, length in zip(ids, lengths, strict=True):
            seen = row[: int(length)]
            kept = seen[(seen != 0) & np.concatenate(([True], seen[1:] != seen[:-1]))]
            yield " ".join("".join(characters[one - 1] for one in kept).split())


if __name__ == "__main__":
    main()
