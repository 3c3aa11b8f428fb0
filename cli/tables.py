"""Tables for people: drawn by rich on a terminal, plain where the output is piped, stacked where they are too wide."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Collection, Sequence
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table

_PIPED = 160  # columns
_GAP = 3  # between columns, as rich draws this box
_NARROWEST = 12  # of a column of words


def print_table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Collection[int] = (),
    whole: Collection[int] = (),
    title: str | None = None,
) -> None:
    """Print a table to stdout; `numbers` are columns aligned to the right, whose cells are never broken.

    Nor are words of the columns `whole`, as ids that somebody copies. On a terminal too narrow for that, each row stands
    as lines of its own.
    """
    kept = {*numbers, *whole}
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _PIPED, highlight=False)
    if _least(heads, rows, kept) > console.width:
        rows = [[cell.replace(" – ", " –\n") for cell in row] for row in rows]
        if _least(heads, rows, kept) > console.width:
            _stack(heads, rows, title)
            return
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    roomy = _GAP * (len(heads) + 1) + sum(_longest_cell(heads, rows, at) for at in range(len(heads)))
    tight = kept if roomy > console.width else ()
    for at, head in enumerate(heads):
        # A column that rich may not wrap is never cut either, as long as words are wrapped here.
        words = _wrapped(head, _width(head, rows, at)) if at in tight else head
        justify: Literal["left", "right"] = "right" if at in numbers else "left"
        table.add_column(words, justify=justify, overflow="fold", no_wrap=at in tight)
    for row in rows:
        cells = [
            _wrapped(cell, _width(heads[at], rows, at)) if at in tight and not cell[:1].isdigit() else cell
            for at, cell in enumerate(row)
        ]
        table.add_row(*[cell.replace("[", "\\[") for cell in cells])
    console.print(table)


def _wrapped(words: str, width: int) -> str:
    return "\n".join(textwrap.wrap(words, max(width, 1)))


def _longest_cell(heads: Sequence[str], rows: Sequence[Sequence[str]], at: int) -> int:
    return max([len(heads[at]), *(len(row[at]) for row in rows)])


def _width(head: str, rows: Sequence[Sequence[str]], at: int) -> int:
    """Width of a column in which no number is broken; words may be."""
    return max([_longest(head), *(_unbroken(row[at]) for row in rows)])


def _unbroken(cell: str) -> int:
    return max(map(len, cell.split("\n"))) if cell[:1].isdigit() else _longest(cell)


def _longest(words: str) -> int:
    return max((len(word) for word in words.split()), default=0)


def _least(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int]) -> int:
    """The width below which a number would be broken."""
    if not numbers:
        return 0
    return _GAP * (len(heads) + 1) + sum(
        _width(head, rows, at) if at in numbers else min(_NARROWEST, _longest_cell(heads, rows, at))
        for at, head in enumerate(heads)
    )


def _stack(heads: Sequence[str], rows: Sequence[Sequence[str]], title: str | None) -> None:
    if title:
        sys.stdout.write(f"{title}\n")
    wide = max(len(head) for head in heads)
    for row in ([cell.replace("\n", " ") for cell in row] for row in rows):
        sys.stdout.write(f"\n{row[0]}: {row[1]}\n")
        for head, cell in list(zip(heads, row, strict=True))[2:]:
            sys.stdout.write(f"  {head:<{wide}}  {cell}\n")
