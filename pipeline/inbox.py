"""Lists a batch folder: scans in natural order, the batch sheet, and files that are not read.

The inbox is never altered. Names are kept as bytes as long as possible, so that names that are not UTF-8 are preserved.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import NamedTuple

from extractors.bundle import PAPER_SUFFIX, Member
from schemas.batches import SHEET_NAMES
from schemas.errors import UsageError
from schemas.text import show_bytes

_IGNORED_NAMES = {"thumbs.db", "desktop.ini", "ehthumbs.db"}
_REGISTER = re.compile(r"^(so-dang-ky|so_dang_ky|register)\.(xlsx|csv)$", re.IGNORECASE)
_SCAN_SUFFIXES = (b".pdf", b".tif", b".tiff", b".jpg", b".jpeg", b".png", b".jp2", b".webp", b".bmp")
_DIGITS = re.compile(r"(\d+)")


class InboxFile(NamedTuple):
    """One candidate: its path as bytes and its name relative to the batch, as shown to people.

    `members`: the files of a sub-folder ending in `.paper`, which are one paper, in natural order; None for a file.
    """

    path: bytes
    name: str
    members: tuple[Member, ...] | None = None


class Inbox(NamedTuple):
    """A batch folder as found. `ignored` are names listed but not read; `register` is a clerk's register at its top."""

    name: str
    root: Path
    files: tuple[InboxFile, ...]
    sheet: Path | None
    ignored: tuple[str, ...]
    register: Path | None = None


def natural_key(name: str) -> tuple[object, ...]:
    """Sort key under which `trang 2` comes before `trang 10`."""
    parts = _DIGITS.split(unicodedata.normalize("NFC", name).casefold())
    return tuple((1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts)


def open_inbox(folder: Path, marker: str = "") -> Inbox:
    """List a batch folder recursively, in natural order.

    Args:
        folder: the batch folder.
        marker: name of the file at its top that says "all is here"; listed, not read.

    Raises:
        UsageError: the folder is absent, is no folder, or cannot be listed.
    """
    root = folder.resolve()
    if root.exists() and not root.is_dir():
        raise UsageError(f"not a folder: {folder}", remedy="batch_folder_is_file", folder=str(folder))
    if not root.is_dir():
        raise UsageError(f"no such batch folder: {folder}", remedy="batch_folder_absent", folder=str(folder))
    files: list[InboxFile] = []
    ignored: list[str] = []
    sheet: Path | None = None
    register: Path | None = None
    try:
        found = list(_walk(os.fsencode(root)))
    except OSError as error:
        raise UsageError(f"cannot list {folder}: {error}", remedy="batch_folder_unreadable") from error
    prefix = len(os.fsencode(root)) + 1
    for path, at_top in found:
        name = show_bytes(path[prefix:])
        if is_paper(path):
            files.append(InboxFile(path, name, _members(path)))
            continue
        base = os.path.basename(path)
        low = base.lower().decode("ascii", "replace")
        if low in SHEET_NAMES:
            # A sheet applies only at the top of a batch; elsewhere it is listed but ignored.
            sheet = sheet or (Path(os.fsdecode(path)) if at_top else None)
            ignored.append(name)
        elif (
            base.startswith(b".")
            or low in _IGNORED_NAMES
            or (at_top and _speaks_for_batch(base, low, marker))
        ):
            ignored.append(name)
            if at_top and _REGISTER.match(low):
                register = register or Path(os.fsdecode(path))
        else:
            files.append(InboxFile(path, name))
    files.sort(key=lambda file: (natural_key(file.name), file.path))
    files = _with_unique_names(files)
    own = unicodedata.normalize("NFC", root.name)
    return Inbox(own, root, tuple(files), sheet, tuple(sorted(ignored)), register)


def _speaks_for_batch(base: bytes, low: str, marker: str) -> bool:
    """True for the register and the ready marker, which are no scans."""
    return bool(_REGISTER.match(low)) or (marker != "" and base == os.fsencode(marker))


def _with_unique_names(files: list[InboxFile]) -> list[InboxFile]:
    r"""Number names that look the same once undecodable bytes are shown as `\xNN`."""
    seen: dict[str, int] = {}
    apart = []
    for file in files:
        seen[file.name] = seen.get(file.name, 0) + 1
        again = seen[file.name]
        apart.append(file if again == 1 else file._replace(name=f"{file.name} ({again})"))
    return apart


def _walk(folder: bytes, top: bool = True) -> list[tuple[bytes, bool]]:
    """Every candidate entry. A directory named like a scan counts too, so that it is reported rather than skipped."""
    found: list[tuple[bytes, bool]] = []
    for entry in sorted(os.scandir(folder), key=lambda item: item.name):
        if not entry.is_dir(follow_symlinks=False):
            found.append((entry.path, top))
            continue
        if entry.name.startswith(b".") or is_paper(entry.path):
            found.append((entry.path, top))
            continue
        inside = _walk(entry.path, top=False)
        if entry.name.lower().endswith(_SCAN_SUFFIXES) and not inside:
            found.append((entry.path, top))
        found.extend(inside)
    return found


def is_paper(path: bytes) -> bool:
    """True if a path is a sub-folder whose files are one paper."""
    if not path.lower().endswith(PAPER_SUFFIX.encode()):
        return False
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _members(folder: bytes) -> tuple[Member, ...]:
    """Files of a paper, including sub-folders, in natural order, without system files."""
    found = []
    for path, _ in _walk(folder):
        base = os.path.basename(path)
        if not base.startswith(b".") and base.lower().decode("ascii", "replace") not in _IGNORED_NAMES:
            found.append(Member(path, show_bytes(path[len(folder) + 1 :])))
    return tuple(sorted(found, key=lambda member: (natural_key(member.name), member.path)))
