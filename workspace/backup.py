"""`sohoa backup` and `sohoa restore`: catalogue, settings, schedules, declared inventories in one file, a digest per part.

Objects are not in it: the store is kept by its own means, and the catalogue can be rebuilt from it. What only the
catalogue holds (schedules, page readings) is why a backup is worth having beside that.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from configs.settings import Settings
from engines import sweep
from engines.private_files import whole_file
from schemas.clock import VIETNAM
from schemas.errors import CatalogueError, SetupError, UsageError
from schemas.version import TOOL
from storage.catalogue import chains
from storage.catalogue.database import Database
from storage.objects import sha256_of

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_CATALOGUE: Final = "catalogue.db"
_SETTINGS: Final = ("sohoa.toml", "calibration.toml", "second_keying.toml")
_FOLDERS: Final = ("lists", "submissions")
_UPLOADS: Final = "uploads"


class Backup(NamedTuple):
    """What a backup file holds: parts with their sizes, and the heads of the chains at that moment.

    `left` are files of uploads with their sizes: scans are too many bytes for it, and those that no run has taken up yet
    lie nowhere else.
    """

    path: Path
    made_at: str
    parts: dict[str, int]
    heads: dict[str, int]
    left: dict[str, int]


def backup(settings: Settings, out: Path) -> Backup:
    """Write a backup, whole or not at all, readable by its owner alone.

    Raises:
        UsageError: the file is there already, or the catalogue is a PostgreSQL database.
        CatalogueError: the catalogue cannot be read.
    """
    source = _sqlite_file(settings)
    if out.exists():
        raise UsageError(f"{out} is there already", remedy="backup_exists", path=out)
    if not source.is_file():
        raise UsageError("there is no catalogue", remedy="backup_nothing", path=source)
    made_at = datetime.now(VIETNAM).isoformat(timespec="seconds")
    # A private run folder: a catalogue copy left by a killed backup is swept by the next run.
    sweep.sweep(settings.run_root, sweep.tmp_root())
    with sweep.open_run(settings.run_root, sweep.tmp_root()) as room:
        copy = room.tmp / _CATALOGUE
        _copy_catalogue(source, copy)
        heads = _heads(copy)
        files = {_CATALOGUE: copy}
        files |= {name: settings.home / name for name in _SETTINGS if (settings.home / name).is_file()}
        for path in sorted(path for folder in _FOLDERS for path in (settings.home / folder).rglob("*")):
            if path.is_file():
                files[str(path.relative_to(settings.home))] = path
        sizes = {name: path.stat().st_size for name, path in files.items()}
        parts = {name: {"sha256": sha256_of(path), "size": sizes[name]} for name, path in files.items()}
        manifest = {"format": FORMAT, "tool": TOOL, "made_at": made_at, "heads": heads, "parts": parts}
        _write(out, manifest, files)
    return Backup(out, made_at, sizes, heads, _uploaded(settings.home))


def _uploaded(home: Path) -> dict[str, int]:
    """Files that came through the browser and lie in the home, those still on their way included."""
    found = {}
    for path in sorted((home / _UPLOADS).rglob("*")):
        try:
            if path.is_file() and not path.is_symlink():
                found[str(path.relative_to(home))] = path.stat().st_size
        except FileNotFoundError:
            continue  # handed over or given up meanwhile
    return found


def restore(settings: Settings, file: Path) -> Backup:
    """Unpack a backup into an empty home, every part held against its digest before any is put in place.

    Raises:
        UsageError: the home holds a catalogue or settings, or the file is no backup, or a part is damaged.
    """
    target = _sqlite_file(settings)
    home = settings.home
    taken = [path for path in (target, *(home / name for name in (*_SETTINGS, *_FOLDERS))) if path.exists()]
    if taken:
        raise UsageError(f"{taken[0]} is there already", remedy="restore_not_empty", path=taken[0])
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (
            tempfile.TemporaryDirectory(prefix=".restore-", dir=home) as folder,
            tarfile.open(file, "r:gz") as archive,
        ):
            manifest = _unpack(archive, Path(folder), file)
            for name in manifest["parts"]:
                place = target if name == _CATALOGUE else home / name
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                (Path(folder) / name).replace(place)
    except (OSError, tarfile.TarError, zlib.error, EOFError) as error:
        raise _unusable(file, str(error)) from error
    Database(settings.catalogue_url).close()  # migrates a backup made by an older Sohoa
    sizes = {name: int(part["size"]) for name, part in manifest["parts"].items()}
    return Backup(file, str(manifest["made_at"]), sizes, dict(manifest["heads"]), {})


def _sqlite_file(settings: Settings) -> Path:
    prefix = "sqlite:///"
    if not settings.catalogue_url.startswith(prefix):
        raise UsageError("the catalogue is a PostgreSQL database", remedy="backup_postgresql")
    return Path(settings.catalogue_url.removeprefix(prefix))


def _copy_catalogue(source: Path, target: Path) -> None:
    """A consistent copy, also while a run writes: SQLite's own backup."""
    try:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise CatalogueError(
            f"the catalogue cannot be copied: {error}", remedy="catalogue_unusable", url=str(source)
        ) from error
    if found != "ok":
        raise CatalogueError(
            f"the catalogue is damaged: {found}", remedy="catalogue_unusable", url=str(source)
        )


def _heads(copy: Path) -> dict[str, int]:
    database = Database(f"sqlite:///{copy}")
    try:
        with database.read() as connection:
            return {chain: seq for chain, (seq, _) in sorted(chains.heads(connection).items())}
    finally:
        database.close()
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")


def _write(out: Path, manifest: dict[str, Any], files: dict[str, Path]) -> None:
    noted = files[_CATALOGUE].with_name(_MANIFEST)
    noted.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    try:
        with whole_file(out) as stream, tarfile.open(fileobj=stream, mode="w:gz") as archive:
            archive.add(noted, _MANIFEST)
            for name, path in files.items():
                archive.add(path, name)
    except OSError as error:
        raise SetupError(str(error.strerror), remedy="output_unwritable", path=out) from error


def _unpack(archive: tarfile.TarFile, folder: Path, file: Path) -> dict[str, Any]:
    """Extract the parts listed in the manifest into a folder; nothing else is extracted."""
    try:
        stream = archive.extractfile(_MANIFEST)
        manifest: dict[str, Any] = json.load(stream) if stream else {}
    except (KeyError, ValueError) as error:
        raise _unusable(file, "no manifest") from error
    if manifest.get("format") != FORMAT or _CATALOGUE not in manifest.get("parts", {}):
        raise _unusable(file, "unknown format")
    for name, part in manifest["parts"].items():
        inside = Path(name).parts[0] in _FOLDERS and ".." not in Path(name).parts
        if name not in {_CATALOGUE, *_SETTINGS} and not inside:
            raise _unusable(file, name)
        path = folder / name
        if not _copy_out(archive, name, path) or sha256_of(path) != part["sha256"]:
            raise _unusable(file, name)
    return manifest


def _copy_out(archive: tarfile.TarFile, name: str, path: Path) -> bool:
    """Write the bytes of one ordinary file, and nothing else of it; False where the archive has no such file.

    `extract` is not asked: the Python of Debian 12 (3.11.2) knows none of its filters, without which it obeys the archive.
    """
    try:
        member = archive.getmember(name)
    except KeyError:
        return False
    stream = archive.extractfile(member) if member.isreg() else None
    if stream is None:
        return False
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with stream, path.open("xb") as out:
        path.chmod(0o600)
        shutil.copyfileobj(stream, out)
    return True


def _unusable(file: Path, detail: str) -> UsageError:
    return UsageError(
        f"{file} is no usable backup: {detail}", remedy="backup_unusable", path=file, why=detail
    )
