"""Tables for people: drawn by rich on a terminal, plain where the output is piped, stacked where they are too wide."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

_PIPED = 160  # columns
_GAP = 2  # between columns
_NARROWEST = 12  # of a column of words


def print_table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Collection[int] = (),
    title: str | None = None,
) -> None:
    """Print a table to stdout; `numbers` are columns aligned to the right, whose cells are never broken.

    On a terminal too narrow for that, each row stands as lines of its own.
    """
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _PIPED, highlight=False)
    if rows and _least(heads, rows, numbers) > console.width:
        _stack(heads, rows, title)
        return
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for number, head in enumerate(heads):
        if number in numbers:
            width = max([_longest(head), *(len(row[number]) for row in rows)])
            table.add_column(head, justify="right", overflow="fold", min_width=width)
        else:
            table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*[cell.replace("[", "\\[") for cell in row])
    console.print(table)


def _longest(words: str) -> int:
    return max((len(word) for word in words.split()), default=0)


def _least(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int]) -> int:
    """The width below which a number would be broken."""
    widths = [
        max([_longest(head), *(len(row[at]) for row in rows)])
        if at in numbers
        else min(_NARROWEST, max([_longest(head), *(len(row[at]) for row in rows)]))
        for at, head in enumerate(heads)
    ]
    return sum(widths) + _GAP * (len(widths) + 1) if numbers else 0


def _stack(heads: Sequence[str], rows: Sequence[Sequence[str]], title: str | None) -> None:
    if title:
        sys.stdout.write(f"{title}\n")
    wide = max(len(head) for head in heads)
    for row in rows:
        sys.stdout.write(f"\n{row[0]}: {row[1]}\n")
        for head, cell in list(zip(heads, row, strict=True))[2:]:
            sys.stdout.write(f"  {head:<{wide}}  {cell}\n")
