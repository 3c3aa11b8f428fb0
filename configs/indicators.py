"""Load what the plan's other indicators follow: desks, re-use and the index of QĐ 766."""

from __future__ import annotations

import functools
from pathlib import Path

from configs.loader import ROOT
from configs.rows import csv_rows, refuse_overlaps, toml_model
from schemas.indicators import IndicatorRules, IndicatorTarget


@functools.cache
def load_indicator_rules(root: Path = ROOT) -> IndicatorRules:
    """Desks, re-use and index 766: certificates, points (`indicators.toml`), targets (`indicator_targets.csv`)."""
    path, listed = root / "indicators.toml", root / "indicator_targets.csv"
    targets = csv_rows(IndicatorTarget, listed)
    refuse_overlaps(targets, ("measure", "level", "period"), listed)
    rules = toml_model(IndicatorRules, path).model_copy(update={"targets": targets})
    refuse_overlaps(rules.certificate, (), path)
    refuse_overlaps(rules.index, ("id",), path)
    return rules
