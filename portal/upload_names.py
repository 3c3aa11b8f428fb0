"""Names of batches and scans that a browser sends: what they are called on our disk. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

from schemas.errors import UsageError
from schemas.text import shown

SUFFIXES: Final = (
    *("pdf", "jpg", "jpeg", "jpe", "png", "tif", "tiff"),
    *("jp2", "jpx", "j2k", "webp", "bmp"),
)
LONGEST_BATCH: Final = 100  # signs
_LONGEST_FILE: Final = 180  # bytes, so that a number and a mark of ours still fit into a name of 255
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SIGNS: Final = frozenset('<>:"|?*')  # no name of a file where it may be copied to
# An address of the page itself.
_TAKEN: Final = frozenset({"new"})


def batch_name(given: str) -> str:
    """The name of a batch as it is kept: NFC, single spaces.

    Raises:
        UsageError: it is empty, too long, begins with a dot, or has signs that no folder should have.
    """
    name = unicodedata.normalize("NFC", " ".join(given.split(" ")).strip())
    name = " ".join(part for part in name.split(" ") if part)
    bad = _SIGNS | {"/", "\\"}
    hostile = any(char in bad or unicodedata.category(char) in _HIDDEN for char in name)
    if not name or len(name) > LONGEST_BATCH or name.startswith(".") or hostile or name.casefold() in _TAKEN:
        raise UsageError("not a batch name", remedy="upload_batch_name", most=LONGEST_BATCH)
    return name


def file_name(given: str) -> str:
    """What a scan is called on our disk: the last part of a path, without signs that hide or turn text, not too long.

    Raises:
        UsageError: it does not end like a scan.
    """
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    plain = "".join(
        "_" if char in _SIGNS else char for char in last if unicodedata.category(char) not in _HIDDEN
    )
    stem, _, suffix = plain.strip(" .").rpartition(".")
    if suffix.lower() not in SUFFIXES:
        raise UsageError("no scan", remedy="upload_no_scan", name=shown(given[:LONGEST_BATCH]))
    stem = _cut(stem.strip(" ."), _LONGEST_FILE) or "tep"
    return f"{stem}.{suffix}"


def apart(name: str, taken: frozenset[str]) -> str:
    """The name, numbered where another file bears it already, in capitals or not."""
    if name.casefold() not in taken:
        return name
    stem, _, suffix = name.rpartition(".")
    number = 2
    while f"{stem} ({number}).{suffix}".casefold() in taken:
        number += 1
    return f"{stem} ({number}).{suffix}"


def _cut(text: str, most: int) -> str:
    return text.encode("utf-8")[:most].decode("utf-8", "ignore").strip(" .")
