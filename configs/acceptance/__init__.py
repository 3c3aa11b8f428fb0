"""Sampling plans for acceptance by lots, as dated tables: letters, plans, classes of defects."""

from __future__ import annotations

import functools
from datetime import date
from pathlib import Path
from typing import Final

from configs.rows import csv_rows, refuse_overlaps, unusable
from schemas.lots import Acceptance, ClassRow, LetterRow, PlanRow

ROOT: Final = Path(__file__).resolve().parent


@functools.cache
def _tables(root: Path) -> Acceptance:
    letters = csv_rows(LetterRow, root / "letters.csv")
    plans = csv_rows(PlanRow, root / "plans.csv")
    classes = csv_rows(ClassRow, root / "classes.csv", lists=("targets",))
    refuse_overlaps(letters, ("first",), root / "letters.csv")
    refuse_overlaps(plans, ("letter", "aql"), root / "plans.csv")
    refuse_overlaps(classes, ("plan", "name"), root / "classes.csv")
    known = {plan.aql for plan in plans}
    for row in classes:
        if (row.aql is None) == (row.accept is None):
            raise unusable(root / "classes.csv", f"{row.plan} {row.name}", "needs aql or accept, not both")
        if row.aql is not None and row.aql not in known:
            raise unusable(root / "classes.csv", f"{row.plan} {row.name}", f"no plans for AQL {row.aql}")
    return Acceptance(letters, plans, classes)


def load_acceptance(day: date, root: Path = ROOT) -> Acceptance:
    """The tables in force on a day (`letters.csv`, `plans.csv`, `classes.csv`).

    Raises:
        ConfigurationError: a row cannot be used; names file and row.
    """
    held = _tables(root)
    return Acceptance(
        tuple(row for row in held.letters if row.holds_on(day)),
        tuple(row for row in held.plans if row.holds_on(day)),
        tuple(row for row in held.classes if row.holds_on(day)),
    )
