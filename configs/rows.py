"""Read rule files (TOML and CSV) into rows, with errors that name file and row.

May import schemas; knows no particular rule.
"""

from __future__ import annotations

import csv
import itertools
import threading
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.errors import ConfigurationError
from schemas.rules import DatedRow

Model = TypeVar("Model", bound=BaseModel)
Dated = TypeVar("Dated", bound=DatedRow)


def unusable(path: Path, where: str, reason: str) -> ConfigurationError:
    """The error for a rule file that cannot be used."""
    return ConfigurationError(f"{path}: {where}: {reason}", file=str(path), where=where, reason=reason)


def read_toml(path: Path) -> dict[str, Any]:
    """Read one TOML file.

    Raises:
        ConfigurationError: it is absent, not UTF-8 or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise unusable(path, "TOML", str(error)) from error


def read_csv(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file with their line numbers; empty cells are left out.

    Raises:
        ConfigurationError: the file is absent, not UTF-8, or a row has more or fewer cells than the head.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            head = [name.strip() for name in next(reader, [])]
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(head):
                    raise unusable(
                        path, f"line {reader.line_num}", f"{len(cells)} cells under {len(head)} names"
                    )
                yield reader.line_num, {name: cell for name, cell in zip(head, cells, strict=True) if cell}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unusable(path, "CSV", str(error)) from error


def build(model: type[Model], values: Mapping[str, Any], path: Path, where: str) -> Model:
    """One row of a model.

    Raises:
        ConfigurationError: a value is invalid or a name unknown; the message names it.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        # A misspelt name also leaves another one missing: report the misspelling.
        first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        name = ".".join(str(part) for part in first["loc"])
        raise unusable(path, where, f"{name}: {first['msg']}") from error


def csv_rows(model: type[Model], path: Path, lists: Sequence[str] = ()) -> tuple[Model, ...]:
    """All rows of a CSV file as models; columns named in `lists` are split at `|`."""
    rows = []
    for line, values in read_csv(path):
        cells: dict[str, Any] = dict(values)
        for name in lists:
            if name in cells:
                cells[name] = tuple(part.strip() for part in values[name].split("|") if part.strip())
        rows.append(build(model, cells, path, f"line {line}"))
    return tuple(rows)


def toml_model(model: type[Model], path: Path) -> Model:
    """A TOML file that is one model."""
    return build(model, read_toml(path), path, model.__name__)


def refuse_overlaps(rows: Iterable[Dated], key: Sequence[str], path: Path) -> None:
    """Two rows of one key must not hold on the same day.

    Raises:
        ConfigurationError: two do; names the key.
    """
    groups: dict[tuple[Any, ...], list[Dated]] = {}
    for row in rows:
        if row.effective_from and row.effective_to and row.effective_to < row.effective_from:
            raise unusable(path, str(row), "ends before it begins")
        groups.setdefault(tuple(getattr(row, name) for name in key), []).append(row)
    for names, group in groups.items():
        group.sort(key=lambda row: row.effective_from or date.min)
        for earlier, later in itertools.pairwise(group):
            if (earlier.effective_to or date.max) >= (later.effective_from or date.min):
                raise unusable(
                    path, " ".join(str(name) for name in names if name is not None), "dates overlap"
                )


class LazyRows(dict[str, Model]):
    """Rows by code that are read from their file when first asked for; a `dict` so that a frozen model may hold it.

    The national lists take 80 ms to read; `sohoa read` of a birth certificate needs one row of them.
    """

    def __init__(self, read: Callable[[], dict[str, Model]]) -> None:
        super().__init__()
        self._read: Callable[[], dict[str, Model]] | None = read
        self._filling = threading.Lock()

    def _fill(self) -> None:
        # Files are processed in threads: others wait during loading, or a listed code would seem unlisted.
        if self._read is None:
            return
        with self._filling:
            if self._read is not None:
                self.update(self._read())
                self._read = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a plain dict."""
        self._fill()
        return (dict, (dict(self.items()),))

    def __missing__(self, key: str) -> Model:
        if self._read is None:
            raise KeyError(key)
        self._fill()
        return self[key]

    def __contains__(self, key: object) -> bool:
        self._fill()
        return super().__contains__(key)

    def __len__(self) -> int:
        self._fill()
        return super().__len__()

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        self._fill()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def get(self, key: str, default: Any = None) -> Any:
        """The row of a code, or a default."""
        self._fill()
        return super().get(key, default)

    def keys(self) -> Any:
        """All codes."""
        self._fill()
        return super().keys()

    def values(self) -> Any:
        """All rows."""
        self._fill()
        return super().values()

    def items(self) -> Any:
        """All codes with their rows."""
        self._fill()
        return super().items()
