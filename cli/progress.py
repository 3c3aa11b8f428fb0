"""Progress on stderr: a bar on a terminal, else nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.keeping import FileOutcome
from schemas.wording import text


class Bar:
    """A `Progress` drawn by rich: pages a second, files done, what was set aside."""

    def __init__(self, bar: Any, lang: str) -> None:
        self._bar, self._lang = bar, lang
        self._task: Any = None
        self._files = self._pages = self._aside = 0

    def begin(self, name: str, files: int) -> None:
        """The run starts on so many files."""
        self._task = self._bar.add_task(name, total=files, note="")

    def page(self) -> None:
        """A page is done."""
        self._pages += 1
        self._show()

    def file(self, outcome: FileOutcome) -> None:
        """A file is done."""
        self._files += 1
        self._aside += outcome.status == "set_aside"
        self._bar.advance(self._task)
        self._show()

    def step(self, key: str) -> None:
        """The batch goes on to a step."""
        sentence = text(f"progress.{key}", self._lang)
        if self._task is None:
            sys.stderr.write(sentence + "\n")
        else:
            self._bar.update(self._task, note=sentence)

    def _show(self) -> None:
        note = text("progress.pages", self._lang, pages=self._pages, aside=self._aside)
        self._bar.update(self._task, note=note)


@contextmanager
def watched(lang: str) -> Iterator[Bar]:
    """A progress bar on stderr for the time of the block."""
    console = Console(file=sys.stderr)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield Bar(bar, lang)
