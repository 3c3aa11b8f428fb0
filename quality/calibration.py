"""How far the machine's confidence can be believed: reliability, calibration error, thresholds with their bounds.

Pure statistics over checked values (`schemas.calibration.Checked`). It reads nothing and decides nothing about a paper.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from schemas.calibration import FLOOR, TARGET, CalibrationRow, Checked, Grade
from schemas.rules import Thresholds

_MOST_BINS: Final = 10
_LEAST_OF_BIN: Final = 10
_SURE: Final = 0.95  # of the one-sided interval
_STEP: Final = 1000  # thresholds have three decimals
_HALVINGS: Final = 60


class Bin(NamedTuple):
    """Values of similar confidence: how many, how many of them right, their mean confidence."""

    n: int
    right: int
    confidence: float

    @property
    def share(self) -> float:
        """Share that was right."""
        return self.right / self.n


class Derived(NamedTuple):
    """A threshold, and what it lets through: number, number of wrong ones, upper bound of their share."""

    threshold: float
    accepted: int
    wrong: int
    bound: float


def bins(checked: Sequence[Checked]) -> tuple[Bin, ...]:
    """Bins of equal mass, lowest confidence first; values of one confidence are never parted.

    At most ten, and none of fewer than ten values unless there are fewer altogether.
    """
    ordered = sorted(checked, key=lambda value: value.confidence)
    number = max(1, min(_MOST_BINS, len(ordered) // _LEAST_OF_BIN))
    groups: list[list[Checked]] = []
    for place, value in enumerate(ordered):
        due = len(groups) * len(ordered) / number
        if not groups or (place >= due and value.confidence != groups[-1][-1].confidence):
            groups.append([])
        groups[-1].append(value)
    return tuple(
        Bin(
            len(group),
            sum(value.right for value in group),
            math.fsum(value.confidence for value in group) / len(group),
        )
        for group in groups
    )


def calibration_error(of: Sequence[Bin]) -> float | None:
    """Expected calibration error: mean distance of confidence from the share that was right; None without values."""
    total = sum(each.n for each in of)
    if not total:
        return None
    return math.fsum(each.n * abs(each.share - each.confidence) for each in of) / total


def auroc(checked: Sequence[Checked]) -> float | None:
    """Probability that a right value has a higher confidence than a wrong one, ties counting half.

    None where one of the two is absent.
    """
    right = sum(value.right for value in checked)
    wrong = len(checked) - right
    if not right or not wrong:
        return None
    by_confidence: dict[float, list[int]] = defaultdict(lambda: [0, 0])
    for value in checked:
        by_confidence[value.confidence][value.right] += 1
    below = wins = 0.0
    for confidence in sorted(by_confidence):
        wrong_here, right_here = by_confidence[confidence]
        wins += right_here * (below + wrong_here / 2)
        below += wrong_here
    return wins / (right * wrong)


def upper_bound(wrong: int, n: int, sure: float = _SURE) -> float:
    """Upper end of the one-sided Clopper–Pearson interval of a share; 1 without values.

    The share at which as few as `wrong` among `n` would be seen with probability 1 - `sure`; that is the quantile
    `sure` of the beta distribution with parameters `wrong` + 1 and `n` - `wrong`.
    """
    if wrong >= n:
        return 1.0
    low, high = wrong / n, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _at_most(wrong, n, middle) > 1 - sure:
            low = middle
        else:
            high = middle
    return high


def _at_most(k: int, n: int, p: float) -> float:
    """Probability of at most `k` successes in `n` trials."""
    if p <= 0 or p >= 1:
        return 1.0 if p <= 0 else 0.0
    yes, no = math.log(p), math.log1p(-p)
    whole = math.lgamma(n + 1)
    return math.fsum(
        math.exp(whole - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * yes + (n - i) * no)
        for i in range(k + 1)
    )


def needed_for(target: float = TARGET, sure: float = _SURE) -> int:
    """Number of values, all right, from which the bound is no more than the target."""
    return math.ceil(math.log(1 - sure) / math.log1p(-target))


def derive(checked: Sequence[Checked], target: float = TARGET, floor: float = FLOOR) -> Derived | None:
    """The lowest confidence from which at most `target` of the values are wrong, as seen.

    It is never below the lowest confidence that was checked, nor below `floor`. The bound says what the number of
    values proves; it does not move the threshold.

    Returns:
        The threshold with three decimals; None if even the surest values are wrong too often, or there are none.
    """
    by_step: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for value in checked:
        by_step[math.floor(value.confidence * _STEP + 1e-9)][value.right] += 1
    found: Derived | None = None
    n = wrong = 0
    # At the floor a value may stand or not: all above it are counted before the floor itself is a candidate.
    lowest = math.ceil(floor * _STEP - 1e-9)
    for step in sorted(by_step, reverse=True):
        if step < lowest:
            break
        wrong_here, right_here = by_step[step]
        n, wrong = n + wrong_here + right_here, wrong + wrong_here
        if wrong <= target * n:
            found = Derived(step / _STEP, n, wrong, 0.0)
    return found._replace(bound=upper_bound(found.wrong, found.accepted)) if found else None


def calibrate(
    checked: Sequence[Checked], *, engine: str = "", papers: int | None = None, seed: int | None = None
) -> tuple[CalibrationRow, ...]:
    """Rows by field and grade, in the order of the thresholds; grades that were not seen are left out."""
    rows = []
    for field in Thresholds.model_fields:
        own = [value for value in checked if value.field == field]
        for grade in Grade:
            values = own if grade is Grade.ALL else [value for value in own if value.grade is grade]
            if values:
                rows.append(_row(field, grade, values, engine, papers, seed))
    return tuple(rows)


def _row(
    field: str, grade: Grade, values: Sequence[Checked], engine: str, papers: int | None, seed: int | None
) -> CalibrationRow:
    derived, error, told_apart = derive(values), calibration_error(bins(values)), auroc(values)
    return CalibrationRow(
        field=field,
        grade=grade,
        n=len(values),
        right=sum(value.right for value in values),
        ece=None if error is None else round(error, 4),
        auroc=None if told_apart is None else round(told_apart, 4),
        threshold=derived.threshold if derived else None,
        accepted=round(derived.accepted / len(values), 4) if derived else 0.0,
        wrong=derived.wrong if derived else 0,
        bound=round(derived.bound, 4) if derived else None,
        engine=engine,
        papers=papers,
        seed=seed,
    )
