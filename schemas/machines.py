"""How machines share the work of a batch."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class MachinesSpec(BaseModel):
    """Work spread over machines (`orchestrator = "pool"`).

    Attributes:
        lease_seconds: for how long the claim of a machine that died keeps others out; it is renewed three times in that
            time.
        chunk_files: at most so many files go to a worker at once.
        range_pages: a file of more pages is read in ranges of so many, by several workers.
        attempts: how often a chunk is given out before its files are left for the next run.
        ahead: flow runs that wait in Prefect's pool for a worker to come free, while chunks wait.
        worker_minutes: how long a run waits while no worker takes anything before it gives up.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lease_seconds: float = Field(default=60, ge=2, le=3600)
    chunk_files: int = Field(default=16, ge=1, le=1000)
    range_pages: int = Field(default=200, ge=1)
    attempts: int = Field(default=3, ge=1, le=20)
    ahead: int = Field(default=2, ge=1, le=100)
    worker_minutes: float = Field(default=30, gt=0)


class ChunkState(StrEnum):
    """State of a chunk. `running` is believed only while its claim runs; `left` was given up after too many attempts."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    LEFT = "left"
    STOPPED = "stopped"


class HandedPart(BaseModel):
    """Bytes of a file in the store's intake, and the name they came under."""

    model_config = ConfigDict(frozen=True)

    key: str
    name: str
    size: int


class HandedFile(BaseModel):
    """A file handed to the workers. `attempts` is how often it had been worked on before; `paper` is in several files."""

    model_config = ConfigDict(frozen=True)

    name: str
    position: int
    attempts: int
    parts: tuple[HandedPart, ...]
    paper: bool = False


class ChunkWork(BaseModel):
    """What a worker does for a chunk: takes its files to their end, or reads a range of one file's pages.

    Attributes:
        files: the files.
        pages: first and last page of a range to read and keep in the ledger; None to take the files to their end.
        after: numbers of the chunks that must be done before.
        as_of: the day on which validity is judged.
    """

    model_config = ConfigDict(frozen=True)

    files: tuple[HandedFile, ...]
    as_of: date
    pages: tuple[int, int] | None = None
    after: tuple[int, ...] = ()
