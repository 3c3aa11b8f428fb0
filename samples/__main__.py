"""`python -m samples OUT --papers N --seed S`: scans, batch sheets and truth."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from samples.batches import further_plans, make, plans
from samples.containers import CONTAINERS
from samples.making import KINDS
from samples.papers import further_kind_ids
from schemas.errors import SetupError


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m samples", description="Synthetic result papers with known truth."
    )
    parser.add_argument("out", type=Path, help="folder to fill: OUT/<batch>/ and OUT/truth/")
    parser.add_argument("--papers", type=int, default=24, help="papers in all (default 24)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes (default 1)")
    parser.add_argument(
        "--batches",
        type=_names,
        default=[],
        help=f"of: {', '.join(plan.name for plan in (*plans(), *further_plans()))}",
    )
    parser.add_argument(
        "--kinds", type=_names, default=[], help=f"of: {', '.join((*KINDS, *further_kind_ids()))}"
    )
    parser.add_argument("--container", choices=sorted(CONTAINERS), help="one container for all files")
    parser.add_argument("--dpi", type=int, help="one resolution for all files")
    parser.add_argument(
        "--clean", action="store_true", help="no wear but signature and seal; one upright paper a file"
    )
    parser.add_argument(
        "--unkind",
        action="store_true",
        help="as bad as boxes get: by hand, under seals, pale, black and white, 200 dpi",
    )
    parser.add_argument("--quiet", action="store_true", help="no line per file")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        files = make(
            given.out,
            given.papers,
            given.seed,
            batches=given.batches,
            kinds=given.kinds,
            clean=given.clean,
            unkind=given.unkind,
            dpi=given.dpi,
            container=given.container,
            progress=None if given.quiet else lambda line: print(line, file=sys.stderr),
        )
    except (SetupError, LookupError) as error:
        print(f"samples: {error}", file=sys.stderr)
        return 2
    print(
        f"{given.papers} papers in {len(files)} files under {given.out} ({time.monotonic() - started:.1f} s)"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
