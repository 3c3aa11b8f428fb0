"""Inventories that units declare: kept beside the catalogue until another person approves or returns them.

A submission is a folder of the home with the table as it came. What it said stays when it was decided; the facts
themselves are entered by the approval alone, with the digest of the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from engines.file_locks import wait_for_lock
from engines.private_files import whole_file
from schemas.facts import Backing

_ID: Final = re.compile(r"[0-9a-f]{32}")
State = Literal["waiting", "approved", "returned"]


class Submission(BaseModel):
    """A table that was handed in, by whom and when, the paper behind it, and what became of it."""

    model_config = ConfigDict(frozen=True)

    id: str
    by: str
    account: str
    at: str
    file: str  # as the person called it, for people to read
    suffix: Literal["xlsx", "csv"]
    sha256: str
    rows: int
    units: tuple[str, ...]
    document: str
    document_date: date | None = None
    signer: str = ""
    effective_on: date | None = None
    state: State = "waiting"
    decided_by: str | None = None
    decided_at: str | None = None
    reason: str = ""

    @property
    def backing(self) -> Backing:
        """The paper behind it."""
        return Backing(
            document=self.document,
            document_date=self.document_date,
            signer=self.signer,
            effective_on=self.effective_on,
        )


class Submissions:
    """Every submission of a home."""

    def __init__(self, home: Path) -> None:
        self._root = home / "submissions"

    def add(self, made: Submission, data: bytes) -> None:
        """Keep a table; it appears whole."""
        folder = self._root / made.id
        folder.mkdir(parents=True, mode=0o700)
        with whole_file(folder / f"table.{made.suffix}") as out:
            out.write(data)
        self.write(made)

    def write(self, made: Submission) -> None:
        """Keep what a submission says of itself."""
        with whole_file(self._root / made.id / "submission.json") as out:
            out.write(made.model_dump_json(indent=1).encode())

    def every(self) -> list[Submission]:
        """All of them, the last one first."""
        with suppress(FileNotFoundError):
            found = [self.named(name) for name in os.listdir(self._root)]
            return sorted((each for each in found if each), key=lambda each: each.at, reverse=True)
        return []

    def named(self, name: str) -> Submission | None:
        """The submission of that id; None if there is none."""
        if not _ID.fullmatch(name):
            return None
        with suppress(OSError):
            data = (self._root / name / "submission.json").read_text(encoding="utf-8")
            return Submission.model_validate_json(data)
        return None

    def table(self, made: Submission) -> Path | None:
        """The table; None if it is not the bytes that were handed in."""
        path = self._root / made.id / f"table.{made.suffix}"
        try:
            same = hashlib.sha256(path.read_bytes()).hexdigest() == made.sha256
        except OSError:
            return None
        return path if same else None

    @contextmanager
    def deciding(self, made: Submission) -> Iterator[Submission | None]:
        """Hold a submission while it is decided; None if somebody else has decided it."""
        with wait_for_lock(self._root / made.id / "lock"):
            held = self.named(made.id)
            yield held if held is not None and held.state == "waiting" else None


def new_id() -> str:
    """An id of its own."""
    return secrets.token_hex(16)
