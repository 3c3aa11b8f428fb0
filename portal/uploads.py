"""Scans handed in through the browser: kept aside in pieces, checked against what was declared, handed over whole.

An upload is a hidden folder beside the batches, so that handing it over is a renaming: the pipeline, and a watched
inbox, see all of a batch or nothing of it. What it says of itself lies in it; a file is as far as its bytes reach.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from configs.settings import Settings
from engines.file_locks import wait_for_lock
from engines.private_files import private, whole_file
from extractors.intake import format_of
from portal.upload_names import apart, file_name
from schemas.batches import BatchSheet
from schemas.errors import SetupError, SourceError, UsageError
from schemas.rules import Limits
from schemas.text import shown
from storage.catalogue.events import now

MOST_PIECE: Final = 4 * 1024 * 1024
_ASIDE: Final = ".dang-tai"
_ID: Final = re.compile(r"[0-9a-f]{32}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SHEET: Final = "lo.toml"
_READ: Final = 1 << 20
_MB: Final = 1_000_000


class Upload(BaseModel):
    """Scans that a person hands in as a batch, while they come."""

    model_config = ConfigDict(frozen=True)

    id: str
    batch: str
    by: str
    account: str
    opened_at: str
    sheet: BatchSheet


class Part(BaseModel):
    """One file of an upload: how it was called, how it is called here, and what was declared of it."""

    model_config = ConfigDict(frozen=True)

    number: int
    given: str
    name: str
    size: int
    sha256: str


class Arrived(NamedTuple):
    """A file of an upload and how far it has come."""

    part: Part
    offset: int
    done: bool


class Handed(NamedTuple):
    """What was handed over: the batch's folder, its files, their bytes, and the digest of the list of them."""

    folder: Path
    files: int
    size: int
    sha256: str


class OtherOffset(Exception):
    """A piece does not follow on what is there."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class Uploads:
    """Every upload of a home. Several requests may ask at once; each works on a file under its lock."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._limits = limits
        self.root = settings.inbox or settings.home / "uploads"
        self._aside = self.root / _ASIDE
        self._marker = settings.inbox_marker if settings.inbox else None
        self._known: dict[str, dict[int, Part]] = {}  # what was declared, by upload; read from disk once
        self._guard = threading.Lock()

    @property
    def watched(self) -> bool:
        """True if a batch that is handed over lies in the inbox that `sohoa serve` watches."""
        return self._marker is not None

    def open(self, batch: str, by: str, account: str, sheet: BatchSheet) -> Upload:
        """Open an upload.

        Raises:
            UsageError: the person has as many open as there may be.
            SetupError: it cannot be kept here.
        """
        if len(self.of_person(account)) >= self._limits.uploads_open:
            raise UsageError("too many uploads", remedy="upload_many_open", most=self._limits.uploads_open)
        made = Upload(
            id=secrets.token_hex(16), batch=batch, by=by, account=account, opened_at=now(), sheet=sheet
        )
        folder = self._aside / made.id
        try:
            folder.mkdir(parents=True, mode=0o700)
            (folder / "files").mkdir(mode=0o700)
            _write(folder / "upload.json", made)
        except OSError as error:
            raise SetupError(f"cannot use {self.root}", remedy="inbox_unreadable", path=self.root) from error
        return made

    def named(self, name: str) -> Upload | None:
        """The upload of that id; None if there is none."""
        if not _ID.fullmatch(name):
            return None
        try:
            data = (self._aside / name / "upload.json").read_text(encoding="utf-8")
        except OSError:
            return None
        return Upload.model_validate_json(data)

    def of_person(self, account: str) -> list[Upload]:
        """What a person has open, oldest first."""
        with suppress(OSError):
            held = [self.named(name) for name in os.listdir(self._aside)]
            mine = [each for each in held if each is not None and each.account == account]
            return sorted(mine, key=lambda each: each.opened_at)
        return []

    def files(self, upload: Upload) -> list[Arrived]:
        """The files of an upload, in the order they were declared."""
        return [self._arrived(upload, part) for part in self._parts(upload)]

    def declare(self, upload: Upload, given: str, size: int, sha256: str) -> Arrived:
        """Declare a file before its bytes come; one that was declared already is gone on with.

        Raises:
            UsageError: it is no scan, or beyond a limit; nothing of it is kept.
        """
        name = file_name(given)
        if size == 0:
            raise UsageError("empty", remedy="upload_file_empty", name=shown(given[:100]))
        if not _DIGEST.fullmatch(sha256) or not 0 < size <= self._limits.file_bytes:
            most = self._limits.file_bytes // _MB
            raise UsageError("too large", remedy="upload_file_size", name=shown(given[:100]), most=most)
        folder = self._aside / upload.id
        with wait_for_lock(folder / "lock"):
            held = self._parts(upload)
            for part in held:
                if (part.given, part.sha256, part.size) == (given, sha256, size):
                    return self._arrived(upload, part)
            self._require_room(upload, held, size)
            taken = {part.name.casefold() for part in held} | set(self._there(upload))
            number = max((part.number for part in held), default=0) + 1
            part = Part(
                number=number, given=given, name=apart(name, frozenset(taken)), size=size, sha256=sha256
            )
            _write(folder / f"{number}.json", part)
            self._declared(upload)[number] = part
        return self._arrived(upload, part)

    def add(self, upload: Upload, number: int, offset: int, piece: bytes) -> Arrived:
        """Add a piece to a file where it has got to; the last one has the whole checked.

        Raises:
            OtherOffset: the file has got elsewhere.
            UsageError: it is no scan, or not the bytes that were declared; what came of it is gone.
        """
        folder = self._aside / upload.id
        with wait_for_lock(folder / f"{number}.lock"):
            part = self._declared(upload).get(number)
            if part is None:
                raise UsageError("no such file", remedy="upload_absent")
            there = self._arrived(upload, part)
            if there.done or there.offset != offset:
                raise OtherOffset(there.offset)
            if offset == 0:
                self._require_scan(upload, part, piece)
            if offset + len(piece) > part.size:
                self._forget(upload, part)
                raise UsageError("longer than declared", remedy="upload_differs", name=shown(part.given))
            self._require_disk(len(piece))
            target = folder / f"{number}.part"
            with open(target, "ab", opener=private) as out:
                out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            if offset + len(piece) == part.size:
                self._close(upload, part, target)
            os.utime(folder)
            return self._arrived(upload, part)

    def leave_out(self, upload: Upload, number: int) -> None:
        """Leave a file out again."""
        with wait_for_lock(self._aside / upload.id / f"{number}.lock"):
            part = self._declared(upload).get(number)
            if part is not None:
                self._forget(upload, part)

    def drop(self, upload: Upload) -> None:
        """Give an upload up; nothing is left of it."""
        shutil.rmtree(self._aside / upload.id, ignore_errors=True)
        self._known.pop(upload.id, None)

    def folder_of(self, batch: str) -> Path:
        """Where a batch of that name lies once it is handed over."""
        return self.root / batch

    def hand_over(self, upload: Upload) -> Handed:
        """Hand the files over to the pipeline, all or none. Into a batch that is there already, file by file.

        Raises:
            UsageError: there is no file, or one has not come whole.
        """
        folder, target = self._aside / upload.id, self.folder_of(upload.batch)
        with wait_for_lock(folder / "lock"):
            held = self.files(upload)
            waiting = [each for each in held if not each.done]
            if waiting or not held:
                first = shown(waiting[0].part.given) if waiting else "–"
                raise UsageError("not whole", remedy="upload_not_whole", count=len(waiting), name=first)
            if target.exists():
                self._join(folder / "files", target)
            else:
                _write_sheet(folder / "files" / _SHEET, upload.sheet)
                if self._marker:
                    (folder / "files" / self._marker).touch(mode=0o600)
                (folder / "files").rename(target)
            self.drop(upload)
        listed = "\n".join(sorted(f"{each.part.sha256}  {each.part.name}" for each in held))
        size = sum(each.part.size for each in held)
        return Handed(target, len(held), size, hashlib.sha256(listed.encode()).hexdigest())

    def sweep(self) -> list[Upload]:
        """Remove uploads that nobody went on with for days. Returns them."""
        gone = []
        oldest = time.time() - self._limits.upload_days * 86400
        with suppress(OSError):
            for entry in list(os.scandir(self._aside)):
                if entry.is_dir(follow_symlinks=False) and entry.stat().st_mtime < oldest:
                    held = self.named(entry.name)
                    shutil.rmtree(entry.path, ignore_errors=True)
                    gone += [held] if held else []
        return gone

    def _declared(self, upload: Upload) -> dict[int, Part]:
        with self._guard:
            if upload.id not in self._known:
                self._known[upload.id] = {part.number: part for part in _parts_in(self._aside / upload.id)}
            return self._known[upload.id]

    def _parts(self, upload: Upload) -> list[Part]:
        return [part for _, part in sorted(self._declared(upload).copy().items())]

    def _arrived(self, upload: Upload, part: Part) -> Arrived:
        folder = self._aside / upload.id
        if (folder / "files" / part.name).exists():
            return Arrived(part, part.size, True)
        with suppress(OSError):
            return Arrived(part, (folder / f"{part.number}.part").stat().st_size, False)
        return Arrived(part, 0, False)

    def _there(self, upload: Upload) -> Iterator[str]:
        """Names in the batch's folder, if there is one."""
        with suppress(OSError):
            for name in os.listdir(self.folder_of(upload.batch)):
                yield name.casefold()

    def _require_room(self, upload: Upload, held: list[Part], size: int) -> None:
        limits = self._limits
        if len(held) >= limits.upload_files:
            raise UsageError("too many files", remedy="upload_many_files", most=limits.upload_files)
        whole = sum(part.size for part in held) + size
        if whole > limits.upload_bytes:
            raise UsageError("too large", remedy="upload_size", most=limits.upload_bytes // _MB)
        come = sum(each.offset for each in self.files(upload))
        self._require_disk(whole - come)

    def _require_disk(self, size: int) -> None:
        free = shutil.disk_usage(self.root).free
        if free - size < self._limits.free_disk_bytes:
            raise UsageError("disk full", remedy="upload_disk", free=free // _MB, size=size // _MB)

    def _require_scan(self, upload: Upload, part: Part, piece: bytes) -> None:
        try:
            format_of(piece)
        except SourceError as error:
            self._forget(upload, part)
            raise UsageError("no scan", remedy="upload_no_scan", name=shown(part.given[:100])) from error

    def _close(self, upload: Upload, part: Part, target: Path) -> None:
        """Give a file that has come whole its name, if it is what was declared."""
        digest = hashlib.sha256()
        with open(target, "rb") as source:
            while chunk := source.read(_READ):
                digest.update(chunk)
        if digest.hexdigest() != part.sha256:
            self._forget(upload, part)
            raise UsageError("other bytes", remedy="upload_differs", name=shown(part.given[:100]))
        target.rename(self._aside / upload.id / "files" / part.name)

    def _forget(self, upload: Upload, part: Part) -> None:
        folder = self._aside / upload.id
        self._declared(upload).pop(part.number, None)
        for path in (
            folder / f"{part.number}.json",
            folder / f"{part.number}.part",
            folder / "files" / part.name,
        ):
            path.unlink(missing_ok=True)

    @staticmethod
    def _join(files: Path, target: Path) -> None:
        taken = frozenset(name.casefold() for name in os.listdir(target))
        for name in sorted(os.listdir(files)):
            (files / name).rename(target / apart(name, taken))


def _parts_in(folder: Path) -> Iterator[Part]:
    with suppress(FileNotFoundError):
        for name in os.listdir(folder):
            if name.removesuffix(".json").isdecimal() and name.endswith(".json"):
                with suppress(FileNotFoundError):  # left out meanwhile
                    yield Part.model_validate_json((folder / name).read_text(encoding="utf-8"))


def _write(path: Path, record: BaseModel) -> None:
    with whole_file(path) as out:
        out.write(record.model_dump_json(exclude_defaults=True).encode())


def _write_sheet(path: Path, sheet: BatchSheet) -> None:
    """The batch sheet as TOML; its strings are written as JSON writes them, which TOML reads alike."""
    said = sheet.model_dump(mode="json", exclude_defaults=True)
    if said:
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in said.items()]
        with open(path, "w", encoding="utf-8", opener=private) as out:
            out.writelines(lines)
