"""Long lists of values in chunks: a database takes a limited number of parameters in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")
_SIZE: Final = 500


def in_chunks(values: Iterable[T], size: int = _SIZE) -> Iterator[list[T]]:
    """The values in their order, so many at a time."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
