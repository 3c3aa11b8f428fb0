"""How often image QA calls a page too coarse: samples at full and reduced resolution, with tags absent, true and wrong.

`python -m benchmarks.resolution [--seeds 1,2] [--worn]` prints the table of docs/review.md. No page is read, only measured.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from extractors.pages import assumed_dpi
from extractors.preprocess import ink_channel, letters_of
from extractors.resolution import Resolution, letter_height, resolution_of
from samples.making import BASIC_WEAR, KINDS, WEARS, scan_paper
from samples.papers import print_paper
from schemas.reading import DpiKnown
from schemas.rules import ReadingProfile

_LIMIT = 195
_TAGS = (None, 0, 72, 96, 300, 600)
Pixels = npt.NDArray[np.uint8]


def resolution(pixels: Pixels, tag: float | None) -> Resolution:
    """The resolution of a page image as the reading finds it."""
    height, width = pixels.shape[:2]
    grey = ink_channel(pixels, ReadingProfile(), tag or assumed_dpi(width, height))
    return resolution_of(width, height, tag, letter_height(grey, letters_of(grey)))


def is_flagged(found: Resolution) -> bool:
    """True if the rule in force calls it too coarse."""
    return found.known is not DpiKnown.PAPER and found.dpi < _LIMIT


def pages(seeds: list[str], dpi: int, *, worn: bool) -> Iterator[tuple[str, Pixels]]:
    """Pages of every kind, printed and scanned at a resolution."""
    for kind in KINDS:
        for seed in seeds:
            luck = random.Random(f"{kind}/{seed}/wear")
            wears = [name for name in WEARS if luck.random() < 0.3] if worn else list(BASIC_WEAR)
            paper = print_paper(kind, random.Random(f"{kind}/{seed}"), None, dpi)
            for page in scan_paper(paper, wears, f"{kind}/{seed}"):
                yield f"{kind}/{seed}", page.pixels


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--worn", action="store_true")
    given = parser.parse_args()
    print(
        "| image | pages | "
        + " | ".join({None: "no tag", 0: "true tag"}.get(tag, f"tag {tag}") for tag in _TAGS)
        + " |"
    )
    print("|---|---|" + "---|" * len(_TAGS))
    for made, dpi in ((300, 300), (200, 200), (300, 150), (300, 100), (300, 70)):
        flagged: Counter[float | None] = Counter()
        count = 0
        for name, pixels in pages(given.seeds.split(","), made, worn=given.worn):
            if made != dpi:
                share = dpi / made
                pixels = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
            count += 1
            for tag in _TAGS:
                found = resolution(pixels, dpi if tag == 0 else tag)
                if is_flagged(found) != (dpi < _LIMIT):
                    print(f"  {name} {dpi} tag {tag}: {found}")
                flagged[tag] += is_flagged(found)
        print(f"| {dpi} dpi | {count} | " + " | ".join(str(flagged[tag]) for tag in _TAGS) + " |", flush=True)


if __name__ == "__main__":
    main()
