"""Intake: turn one inbox file into a private, hashed copy of known format, or raise a typed error.

The file is opened once, without following links and without blocking, and hashed while it is copied; a change
during the copy is detected. File names are never trusted.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import uuid
from pathlib import Path
from typing import IO, NamedTuple

from schemas.batches import StagedFile
from schemas.errors import SourceError
from schemas.findings import Finding, finding
from schemas.reading import Format
from schemas.rules import Limits

_CHUNK = 1 << 20
_HEAD = 2048
_SUFFIXES = {
    "pdf": Format.PDF,
    "jpg": Format.JPEG,
    "jpeg": Format.JPEG,
    "jpe": Format.JPEG,
    "png": Format.PNG,
    "tif": Format.TIFF,
    "tiff": Format.TIFF,
    "jp2": Format.JPX,
    "jpx": Format.JPX,
    "j2k": Format.JPX,
    "webp": Format.WEBP,
    "bmp": Format.BMP,
}


class Fingerprint(NamedTuple):
    """SHA-256 and size of a file's bytes, with their beginning."""

    sha256: str
    size: int
    head: bytes


def sniff(path: str | os.PathLike[str]) -> Format:
    """Detect the format of a staged file from its first kilobytes.

    Raises:
        SourceError: `file_empty` or `format_unknown`.
    """
    with open(path, "rb") as file:
        return format_of(file.read(_HEAD))


def format_of(head: bytes) -> Format:
    """Detect the format from the leading bytes; raises as `sniff` does."""
    if not head:
        raise SourceError("file_empty")
    if b"%PDF-" in head[:1024]:
        return Format.PDF
    if head.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if head[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
        return Format.TIFF
    if head.startswith((b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")):
        return Format.JPX
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Format.BMP
    raise SourceError("format_unknown")


def fingerprint(path: bytes | Path, *, limits: Limits, inbox: Path | None) -> Fingerprint:
    """Hash a file without keeping a copy. Raises as `stage` does."""
    return pour(os.fsencode(path), None, limits=limits, inbox=inbox)


def stage(path: bytes | Path, *, name: str, staging: Path, limits: Limits, inbox: Path | None) -> StagedFile:
    """Copy a file into the staging folder while hashing it.

    Args:
        path: the file, as bytes.
        name: how it is shown to people.
        staging: private folder.
        limits: size of a file, free disk.
        inbox: batch folder that links must not leave; None allows no judgement of links.

    Raises:
        SourceError: with the rule that says why the file is set aside.
    """
    source = os.fsencode(path)
    partial = staging / f".{uuid.uuid4().hex}.part"
    try:
        mark = _copy(source, partial, limits, inbox)
        kind = format_of(mark.head)
        # A unique name: another run may stage the same bytes, and both remove their own copy.
        final = staging / f"{mark.sha256[:16]}-{uuid.uuid4().hex}"
        partial.replace(final)
    finally:
        partial.unlink(missing_ok=True)
    return StagedFile(
        name=name,
        path=str(final),
        sha256=mark.sha256,
        size=mark.size,
        format=kind,
        findings=_misnamed(name, kind),
    )


def _misnamed(name: str, kind: Format) -> tuple[Finding, ...]:
    suffix = name.rpartition(".")[2].lower()
    expected = _SUFFIXES.get(suffix)
    if expected is None or expected == kind:
        return ()
    return (finding("format_misnamed", suffix=suffix, format=str(kind)),)


def _copy(path: bytes, target: Path, limits: Limits, inbox: Path | None) -> Fingerprint:
    handle = os.open(target, os.O_CREAT | os.O_WRONLY | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as out:
        return pour(path, out, limits=limits, inbox=inbox, room=target.parent)


def pour(
    path: bytes, out: IO[bytes] | None, *, limits: Limits, inbox: Path | None, room: Path | None = None
) -> Fingerprint:
    """Hash a file while copying it to `out`, if given; `room` is the folder that must have room for it.

    Raises:
        SourceError: with the rule that says why the file cannot be used.
    """
    with os.fdopen(_open(path, inbox), "rb", buffering=0) as source:
        before = os.fstat(source.fileno())
        _refuse(before, limits)
        if room is not None:
            _need_room(room, before.st_size, limits)
        mark = _pour(source, out, before.st_size)
        after = os.fstat(source.fileno())
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not same or mark.size != after.st_size:
        raise SourceError("file_changed")
    return mark


def _pour(source: IO[bytes], out: IO[bytes] | None, expected: int) -> Fingerprint:
    """Hash a file while copying it, no further than it was long when it was opened."""
    digest, size, head = hashlib.sha256(), 0, b""
    while True:
        try:
            chunk = source.read(_CHUNK)
        except OSError as error:
            detail = error.strerror or str(error)
            raise SourceError("file_unreadable", str(error), detail=detail) from error
        if not chunk:
            return Fingerprint(digest.hexdigest(), size, head)
        size += len(chunk)
        if size > expected:
            raise SourceError("file_changed")
        head += chunk[: max(0, _HEAD - len(head))]
        digest.update(chunk)
        if out is not None:
            _write(out, chunk)


def _write(out: IO[bytes], chunk: bytes) -> None:
    try:
        out.write(chunk)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        raise SourceError("disk_full", str(error), free=0, needed=len(chunk) // 1_000_000) from error


def _need_room(folder: Path, size: int, limits: Limits) -> None:
    free = shutil.disk_usage(folder).free
    if free - size < limits.free_disk_bytes:
        needed = (limits.free_disk_bytes + size) // 1_000_000
        raise SourceError("disk_full", free=free // 1_000_000, needed=needed)


def _open(path: bytes, inbox: Path | None) -> int:
    """Open without following a link out of the inbox and without waiting on a FIFO."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NOCTTY
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            path = os.path.realpath(path)
            if inbox is not None and not path.startswith(os.fsencode(inbox.resolve()) + b"/"):
                raise SourceError("link_out_of_inbox")
            status = os.lstat(path)
        # Opening a device can have side effects, so only regular files are opened.
        if not stat.S_ISREG(status.st_mode):
            raise SourceError("file_is_directory" if stat.S_ISDIR(status.st_mode) else "file_not_regular")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceError("file_absent") from error
    except (OSError, ValueError) as error:
        raise SourceError("file_unreadable", str(error), detail=_reason(error)) from error
    try:
        return os.open(path, flags)
    except FileNotFoundError as error:
        raise SourceError("file_vanished") from error
    except OSError as error:
        rule = "file_not_regular" if error.errno in {errno.ENXIO, errno.ELOOP} else "file_unreadable"
        raise SourceError(rule, str(error), detail=_reason(error)) from error


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _refuse(status: os.stat_result, limits: Limits) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise SourceError("file_is_directory")
    if not stat.S_ISREG(status.st_mode):
        raise SourceError("file_not_regular")
    if status.st_size == 0:
        raise SourceError("file_empty")
    if status.st_size > limits.file_bytes:
        raise SourceError(
            "file_too_large", size=status.st_size // 1_000_000, limit=limits.file_bytes // 1_000_000
        )
