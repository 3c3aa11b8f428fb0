"""A batch: its sheet, its plan, the status of its files, and the summary for people."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict
from pydantic import Field as ModelField

from schemas.documents import Level
from schemas.findings import Finding
from schemas.reading import Format

# What a batch sheet is called in a folder of scans.
SHEET_NAMES: Final = ("lo.toml", "lo.xlsx")


class BatchState(StrEnum):
    """State of a batch, as in `contract/batch-list.schema.json`.

    A run goes `running → closing →` its end state. `closing` means that tables, events and report are not all written.
    """

    PLANNED = "planned"
    RUNNING = "running"
    CLOSING = "closing"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ScheduleState(StrEnum):
    """State of a scheduled batch. `due` runs as soon as possible; `window` was interrupted and continues the next night."""

    PLANNED = "planned"
    DUE = "due"
    RUNNING = "running"
    PAUSED = "paused"
    WINDOW = "window"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Wish(StrEnum):
    """A person's request to a running batch; checked between two files."""

    PAUSE = "pause"
    CANCEL = "cancel"


class FileStatus(StrEnum):
    """Status of one file. `read` and `partial` both count as read."""

    READ = "read"
    PARTIAL = "partial"
    SET_ASIDE = "set_aside"
    NOT_STARTED = "not_started"


class BatchSheet(BaseModel):
    """Metadata that a person gives for a whole batch (`lo.toml` or `lo.xlsx`); inherited by every document.

    Units are codes or names of `configs/units/`; `expected_sheets` counts sheets of paper as handed over.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    owning_unit: str | None = None
    holding_unit: str | None = None
    level: Level | None = None
    fonds: str | None = None
    box: str | None = None
    file: str | None = None
    expected_sheets: int | None = ModelField(default=None, ge=0)
    years: tuple[int, int] | None = None
    kinds: tuple[str, ...] = ()
    scanner: str | None = None
    operator: str | None = None
    retention: str | None = None
    access: str | None = None


class StagedFile(BaseModel):
    r"""Bytes of one inbox file, copied and hashed. `path` is the private staging copy.

    `name` is the path relative to the batch as shown to people (undecodable bytes as `\xNN`). `members` are the
    separately staged files that a paper was joined from; `path` is then the joined original.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    path: str
    sha256: str
    size: int
    format: Format
    findings: tuple[Finding, ...] = ()
    members: tuple[StagedFile, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """All of its files in the staging area."""
        return (self.path, *(member.path for member in self.members))


class PageCounts(BaseModel):
    """Pages of files that opened, pages accounted for, whole-page readings started."""

    model_config = ConfigDict(frozen=True)

    in_: int = ModelField(default=0, serialization_alias="in")
    accounted: int = 0
    ocr_passes: int = 0


class FileCounts(BaseModel):
    """`in = read + set_aside + not_started`; `read` includes partial."""

    model_config = ConfigDict(frozen=True)

    in_: int = ModelField(default=0, serialization_alias="in")
    read: int = 0
    set_aside: int = 0
    not_started: int = 0
