"""Synthetic result papers with known truth: what tests, the demo and the benchmarks read.

Three layers that do not know each other: *kinds* (templates in `kinds/*.toml` over one renderer), *wear*
(what years and scanners do to a page image) and *containers* (the files a scanner leaves). Everything is
decided by a seed: the same seed gives the same bytes. No name, number or address belongs to a real person.
"""

from __future__ import annotations

from samples.batches import make
from samples.making import CONTAINERS, KINDS, WEARS, Sample, make_one

__all__ = ["CONTAINERS", "KINDS", "WEARS", "Sample", "make", "make_one"]
