"""What hands, years and scanners do to a printed page. Each wear is one seeded function on a `Scan`.

`WEARS` names them all; `in_order` puts chosen ones into the order in which they happen to a paper. No wear
changes what the paper says: text and fields stay, only pixels (and with skew, boxes) move.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from samples.wear import ageing, marks, scanner
from samples.wear.scan import Scan, Wear

__all__ = ["WEARS", "Scan", "apply", "in_order"]

WEARS: dict[str, Wear] = {
    "handwriting": marks.handwriting,
    "signature": marks.signature,
    "seal": marks.seal,
    "seal_over_name": marks.seal_over_name,
    "arrival_stamp": marks.arrival_stamp,
    "secret_stamp": marks.secret_stamp,
    "declassified_stamp": marks.declassified_stamp,
    "e_signature": marks.e_signature,
    "bleed_through": ageing.bleed_through,
    "fading": ageing.fading,
    "paper_tint": ageing.paper_tint,
    "fold_lines": ageing.fold_lines,
    "stains": ageing.stains,
    "punch_holes": ageing.punch_holes,
    "skew": scanner.skew,
    "shadow": scanner.shadow,
    "black_edges": scanner.black_edges,
    "blur": scanner.blur,
    "noise": scanner.noise,
}


def in_order(names: Iterable[str]) -> list[str]:
    """Chosen wears in the order in which they happen.

    Raises:
        KeyError: a name is not a wear.
    """
    chosen = set(names)
    unknown = chosen - set(WEARS)
    if unknown:
        raise KeyError(f"unknown wear {sorted(unknown)}; known: {', '.join(WEARS)}")
    return [name for name in WEARS if name in chosen]


def apply(scan: Scan, names: Iterable[str], seed: str) -> None:
    """Put wears on a scan; each draws from a seed of its own, so that adding one does not change another."""
    for name in in_order(names):
        if WEARS[name](scan, random.Random(f"{seed}/{name}")):
            scan.wear.append(name)
