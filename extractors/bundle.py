"""Papers stored as several files: the files of a `.paper` sub-folder are joined into one original.

The original is a ZIP that stores the files uncompressed, under their names, in natural order, without timestamps: the
same files give the same bytes, and any program opens it. Limits are those of one file, for all of them together.
"""

from __future__ import annotations

import hashlib
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from extractors.intake import Fingerprint, format_of, pour, stage
from schemas.batches import StagedFile
from schemas.errors import SourceError
from schemas.reading import Format
from schemas.rules import Limits

PAPER_SUFFIX = ".paper"
_CHUNK = 1 << 20
# The earliest timestamp that ZIP can represent.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


class Member(NamedTuple):
    """One file of a paper: its path as bytes, and its name within the paper as shown to people."""

    path: bytes
    name: str


class _Sink:
    """A write-only, non-seekable stream, so that a ZIP's bytes do not depend on the target."""

    def __init__(self, out: IO[bytes] | None) -> None:
        self._out = out
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> int:
        self._digest.update(chunk)
        self.size += len(chunk)
        return self._out.write(chunk) if self._out else len(chunk)

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def stage_paper(
    members: Sequence[Member], *, name: str, staging: Path, limits: Limits, inbox: Path | None
) -> StagedFile:
    """Stage every file of a paper, and join them.

    Args:
        members: in the order of their pages.
        name: how the paper is shown to people.
        staging: private folder.
        limits: as for one file.
        inbox: batch folder that links must not leave.

    Raises:
        SourceError: a file of it cannot be used (`member` in its params says which), or there is none (`file_empty`).
    """
    if not members:
        raise SourceError("file_empty")
    partial = staging / f".{uuid.uuid4().hex}.part"
    held: list[StagedFile] = []
    try:
        for member in members:
            with _named(member):
                held.append(stage(member.path, name=member.name, staging=staging, limits=limits, inbox=inbox))
        _refuse(sum(item.size for item in held), limits)
        with partial.open("xb") as out:
            partial.chmod(0o600)
            sink = _Sink(out)
            with _archive(sink) as archive:
                for item in held:
                    with Path(item.path).open("rb") as source:
                        _add(archive, item.name, iter(lambda: source.read(_CHUNK), b""))
        final = staging / f"{sink.sha256[:16]}-{uuid.uuid4().hex}"
        partial.replace(final)
    except BaseException:
        for item in held:
            Path(item.path).unlink(missing_ok=True)
        raise
    finally:
        partial.unlink(missing_ok=True)
    return StagedFile(
        name=name,
        path=str(final),
        sha256=sink.sha256,
        size=sink.size,
        format=Format.BUNDLE,
        findings=tuple(note for item in held for note in item.findings),
        members=tuple(held),
    )


def fingerprint_paper(members: Sequence[Member], *, limits: Limits, inbox: Path | None) -> Fingerprint:
    """SHA-256 that `stage_paper` would give, without keeping a copy. Raises as it does."""
    if not members:
        raise SourceError("file_empty")
    sink = _Sink(None)
    with _archive(sink) as archive:
        for member in members:
            with (
                _named(member),
                archive.open(_entry(member.name), "w", force_zip64=True) as into,
            ):
                pour(member.path, into, limits=limits, inbox=inbox)
    return Fingerprint(sink.sha256, sink.size, b"")


def unpack(path: Path, folder: Path) -> tuple[StagedFile, ...]:
    """The files of a joined original, written into `folder` under numbers, never under the names they carry.

    Raises:
        SourceError: `image_broken`: it is not such a ZIP, or a checksum is wrong.
    """
    found = []
    try:
        with zipfile.ZipFile(path) as archive:
            for number, info in enumerate(archive.infolist(), 1):
                target = folder / f"{number:05d}"
                digest = hashlib.sha256()
                with archive.open(info) as source, target.open("xb") as out:
                    target.chmod(0o600)
                    for chunk in iter(lambda: source.read(_CHUNK), b""):
                        digest.update(chunk)
                        out.write(chunk)
                with target.open("rb") as head:
                    kind = format_of(head.read(2048))
                found.append(
                    StagedFile(
                        name=info.filename,
                        path=str(target),
                        sha256=digest.hexdigest(),
                        size=info.file_size,
                        format=kind,
                    )
                )
    except zipfile.BadZipFile as error:
        raise SourceError("image_broken", str(error), detail=str(error)[:200]) from error
    return tuple(found)


@contextmanager
def _named(member: Member) -> Iterator[None]:
    try:
        yield
    except SourceError as error:
        error.params.setdefault("member", member.name)
        raise


def _refuse(size: int, limits: Limits) -> None:
    if size > limits.file_bytes:
        raise SourceError("file_too_large", size=size // 1_000_000, limit=limits.file_bytes // 1_000_000)


def _archive(sink: _Sink) -> zipfile.ZipFile:
    return zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_STORED, allowZip64=True)


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _NO_DATE)
    info.create_system, info.external_attr = 3, 0o600 << 16
    return info


def _add(archive: zipfile.ZipFile, name: str, chunks: Iterator[bytes]) -> None:
    with archive.open(_entry(name), "w", force_zip64=True) as into:
        for chunk in chunks:
            into.write(chunk)
