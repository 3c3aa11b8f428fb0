"""Assigns papers to rows of a register, one to one, by the probabilistic record linkage of Fellegi and Sunter (1969).

Each field on which a paper and a row agree or differ multiplies the odds that they are the same by a likelihood ratio.
Candidates compete: the probability of a pair is its share among all rows for the paper, and among all papers for the
row, "none of them" included. A pair is taken only if both shares are above a bound. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from extractors.registered import agrees, is_bare
from schemas.documents import Document, Field
from schemas.registers import IDENTIFYING, Matched, Pair, Register, RegisterRow
from schemas.text import fold, number_key

BOUND: Final = 0.95
_WORTH_TELLING: Final = 0.2
_LEAST_AGREE: Final = 2
# Of a paper whether it is in the register at all.
_PRIOR: Final = 0.5


class _Ratio(NamedTuple):
    """Likelihood ratios of a field: if it agrees, is nearly the same, or differs. Guesses, on the careful side."""

    agree: float
    near: float
    differ: float


_RATIOS: Final[Mapping[str, _Ratio]] = {
    # A neighbour's number is near, too: in a register nearness speaks against a pair unless the reading is unsure.
    "number": _Ratio(300, 0.1, 0.02),
    "issue_date": _Ratio(90, 1, 0.05),
    "owner_id": _Ratio(1500, 1, 0.03),
    "owner_name": _Ratio(200, 5, 0.03),
    "subject": _Ratio(15, 1, 0.15),
    "agency": _Ratio(3, 1, 0.2),
    "document_type": _Ratio(3, 1, 0.2),
}
_BARE_NUMBER: Final = 40.0  # digits alone agree with those of `123/2021` and of `123/QĐ-UBND` alike
_SAME_TEXT, _OTHER_TEXT, _SAME_NAME = 85, 55, 88


_Key = tuple[int, int]  # index of the paper, position of the row
_Shares = dict[_Key, float]


class _Evidence(NamedTuple):
    odds: float
    agree: tuple[str, ...]
    differ: tuple[str, ...]


def match(papers: Sequence[Document], register: Register, abbreviations: Mapping[str, str]) -> Matched:
    """Pairs of papers and rows that are the same, and those that may be.

    Args:
        papers: of one batch; values that the register itself gave are not evidence and are left out.
        register: the version in force.
        abbreviations: of agencies (`UBND`), folded or not.
    """
    rows = [row.values for row in register.rows]
    index = _Index(rows)
    short = {fold(key): fold(value) for key, value in abbreviations.items()}
    found: dict[tuple[int, int], _Evidence] = {}
    for at, paper in enumerate(papers):
        fields = {name: field for name, field in paper.fields.items() if field.source != "register"}
        for position in index.candidates(fields):
            evidence = _compared(fields, rows[position], short)
            if evidence.odds > 0 and evidence.agree:
                found[at, position] = evidence

    def pair_of(key: tuple[int, int], share: float) -> Pair:
        at, position = key
        return Pair(
            document_id=papers[at].id,
            position=position,
            confidence=round(share, 4),
            agree=found[key].agree,
            differ=found[key].differ,
        )

    taken, shares = _taken(found, len(rows), len(papers))
    unsure = {
        key: share
        for key, share in shares.items()
        if share >= _WORTH_TELLING and set(found[key].agree) & set(IDENTIFYING)
    }
    return Matched(
        version=register.version,
        pairs=tuple(pair_of(key, share) for key, share in sorted(taken.items())),
        ambiguous=tuple(pair_of(key, share) for key, share in sorted(unsure.items())),
    )


def _taken(found: Mapping[_Key, _Evidence], rows: int, papers: int) -> tuple[_Shares, _Shares]:
    """Pairs that are sure enough, one to one, and the shares of the rest; what is taken competes no longer."""
    taken: _Shares = {}
    left = dict(found)
    while True:
        shares = _shares(left, rows, papers)
        sure = {key: share for key, share in shares.items() if share >= BOUND and _is_enough(left[key])}
        if not sure:
            return taken, shares
        taken |= sure
        used_papers, used_rows = {at for at, _ in sure}, {position for _, position in sure}
        left = {
            (at, position): held
            for (at, position), held in left.items()
            if at not in used_papers and position not in used_rows
        }


def _is_enough(evidence: _Evidence) -> bool:
    """True if two fields agree, one of which tells papers apart."""
    return len(evidence.agree) >= _LEAST_AGREE and bool(set(evidence.agree) & set(IDENTIFYING))


def _shares(
    found: Mapping[tuple[int, int], _Evidence], rows: int, papers: int
) -> dict[tuple[int, int], float]:
    """Probability of each pair: the smaller of its shares by paper and by row."""
    by_paper: dict[int, float] = defaultdict(float)
    by_row: dict[int, float] = defaultdict(float)
    for (at, position), evidence in found.items():
        by_paper[at] += evidence.odds
        by_row[position] += evidence.odds
    none = (1 - _PRIOR) / _PRIOR
    return {
        (at, position): min(
            evidence.odds / (by_paper[at] + none * rows), evidence.odds / (by_row[position] + none * papers)
        )
        for (at, position), evidence in found.items()
    }


class _Index:
    """Rows by what a candidate must share with a paper: digits of the number, date, identifier or name."""

    def __init__(self, rows: Sequence[Mapping[str, str]]) -> None:
        self._rows: dict[tuple[str, str], list[int]] = defaultdict(list)
        for position, values in enumerate(rows):
            for key in _keys(values):
                self._rows[key].append(position)

    def candidates(self, fields: Mapping[str, Field]) -> list[int]:
        values = {name: field.value for name, field in fields.items() if field.value}
        return sorted({position for key in _keys(values) for position in self._rows.get(key, ())})


def _keys(values: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for name in ("number", "issue_date", "owner_id", "owner_name"):
        value = values.get(name)
        if value:
            key = number_key(value).split("/")[0].split("-")[0] if name == "number" else fold(value)
            yield name, key


def _compared(
    fields: Mapping[str, Field], row: Mapping[str, str], abbreviations: Mapping[str, str]
) -> _Evidence:
    odds = 1.0
    agree, differ = [], []
    for name, ratio in _RATIOS.items():
        read, stated = fields.get(name), row.get(name)
        if read is None or not read.value or not stated:
            continue
        how = _how(name, read.value, stated, abbreviations)
        if how == "agree":
            odds *= _BARE_NUMBER if name == "number" and is_bare(stated) else ratio.agree
            agree.append(name)
            continue
        # What was read unsurely may differ without meaning much.
        sure = read.confidence if read.confidence is not None else 1.0
        odds *= sure * getattr(ratio, how) + (1 - sure)
        if how == "differ":
            differ.append(name)
    return _Evidence(odds, tuple(agree), tuple(differ))


def _how(name: str, read: str, stated: str, abbreviations: Mapping[str, str]) -> str:
    """`agree`, `near` or `differ`."""
    if name == "number":
        if agrees(name, read, stated):
            return "agree"
        return (
            "near"
            if Levenshtein.distance(number_key(read), number_key(stated), score_cutoff=1) <= 1
            else "differ"
        )
    if name in {"issue_date", "owner_id"}:
        return "agree" if read == stated else "differ"
    left, right = _spelt_out(read, abbreviations), _spelt_out(stated, abbreviations)
    if name == "owner_name":
        near = fuzz.ratio(left, right) >= _SAME_NAME
        return "agree" if left == right else "near" if near else "differ"
    alike = fuzz.token_set_ratio(left, right)
    return "agree" if alike >= _SAME_TEXT else "differ" if alike < _OTHER_TEXT else "near"


def _spelt_out(text: str, abbreviations: Mapping[str, str]) -> str:
    return " ".join(abbreviations.get(word.strip(",.;"), word) for word in fold(text).split(" "))


def rows_without_scan(register: Register, matched: Matched) -> list[RegisterRow]:
    """Rows that no paper is matched with, ambiguous ones left out."""
    held = {pair.position for pair in (*matched.pairs, *matched.ambiguous)}
    return [row for position, row in enumerate(register.rows) if position not in held]


def papers_without_row(papers: Sequence[Document], matched: Matched) -> list[Document]:
    """Papers that no row is matched with, ambiguous ones left out."""
    held = {pair.document_id for pair in (*matched.pairs, *matched.ambiguous)}
    return [paper for paper in papers if paper.id not in held]
