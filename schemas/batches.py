"""A batch: its sheet, its plan, the status of its files, and the summary for people."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic import Field as ModelField

from schemas.codes import is_component_code, is_dossier_code, is_procedure_code
from schemas.documents import Level, Role
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


def _sound(is_sound: Callable[[str], bool], name: str) -> AfterValidator:
    def check(value: str) -> str:
        if not is_sound(value):
            raise ValueError(f"not a {name}")
        return value

    return AfterValidator(check)


_Dossier = Annotated[str, _sound(is_dossier_code, "dossier code")]
_Procedure = Annotated[str, _sound(is_procedure_code, "procedure code")]
_Component = Annotated[str, _sound(is_component_code, "component code")]


class SheetPaper(BaseModel):
    """What a batch sheet says of one paper, or of every paper of one dossier's folder.

    Attributes:
        file: path of the scan in the batch; or a folder, which stands for every scan below it.
        page: first page of the paper in its file; None for every paper of the file.
        role: what the papers are in their dossier; None as the batch, else as their kind.
        dossier: code of the dossier they came with.
        procedure: code of the procedure (TTHC) that the dossier is of.
        component: national code of the component that they are; with its procedure it gives them a code of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = ModelField(min_length=1)
    page: int | None = ModelField(default=None, ge=1)
    role: Role | None = None
    dossier: _Dossier | None = None
    procedure: _Procedure | None = None
    component: _Component | None = None

    def covers(self, key: str) -> bool:
        """True if a file of the batch (its `path_key`) is the one named, or lies in the folder named."""
        own = path_key(self.file)
        return own == key or key.startswith(f"{own}/")


def path_key(text: str) -> str:
    """A path of the batch for comparison: forward slashes, composed letters, none at its ends."""
    return unicodedata.normalize("NFC", text).replace("\\", "/").removeprefix("./").strip("/")


class InDossier(NamedTuple):
    """What a batch sheet says of a paper's place in a dossier."""

    role: Role | None = None
    dossier: str | None = None
    procedure: str | None = None
    component: str | None = None


class BatchSheet(BaseModel):
    """Metadata that a person gives for a whole batch (`lo.toml` or `lo.xlsx`); inherited by every document.

    Units are codes or names of `configs/units/`; `expected_sheets` counts sheets of paper as handed over. `role`,
    `dossier`, `procedure` and `component` hold for every paper that no row of `papers` speaks of.
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
    role: Role | None = None
    dossier: _Dossier | None = None
    procedure: _Procedure | None = None
    component: _Component | None = None
    papers: tuple[SheetPaper, ...] = ()

    def of_file(self, name: str) -> BatchSheet:
        """The sheet with only the rows that speak of one file: what its papers inherit, and keep in their sidecars."""
        key = path_key(name)
        return self.model_copy(update={"papers": tuple(row for row in self.papers if row.covers(key))})

    def place_of(self, first_page: int) -> InDossier:
        """Place in its dossier of a paper of the file that `of_file` chose.

        A row for its page wins over one for its file, that over one for its folder, that over the whole batch.
        """
        fitting = [row for row in self.papers if row.page is None or row.page == first_page]
        fitting.sort(key=lambda row: (row.page is not None, len(path_key(row.file))), reverse=True)
        return InDossier(
            role=next((row.role for row in fitting if row.role is not None), self.role),
            dossier=next((row.dossier for row in fitting if row.dossier is not None), self.dossier),
            procedure=next((row.procedure for row in fitting if row.procedure is not None), self.procedure),
            component=next((row.component for row in fitting if row.component is not None), self.component),
        )


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
