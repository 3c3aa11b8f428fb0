"""Objects as files of a local directory: the embedded default.

A file appears under its name whole, synced and read back, or not at all; a kill leaves at most a file in
`.tmp/`, which the next opening sweeps. Files are for their owner alone.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from schemas.errors import StoreError
from schemas.stores import ObjectInfo, StoreSpec, StoreTraits
from storage.objects import keys, sha256_of, verified

_TMP: Final = ".tmp"
_NO_LINKS: Final = {errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}
_ABANDONED_SECONDS: Final = 60


class LocalStore:
    """An `ObjectStore` under one folder. Safe for several processes: a link into place has one winner."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tmp = root / _TMP
        try:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._tmp.mkdir(exist_ok=True, mode=0o700)
            self._sweep()
        except OSError as error:
            raise _failed(root, error) from error

    def put_if_absent(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> bool:
        """Store once; an object of other content under the key is an error, never replaced."""
        del content_type
        path = self._path(keys.check_new(key, sha256))
        if path.exists():
            self._same(path, key, sha256)
            return False
        with self._written(path, source, sha256) as ready:
            if not _link(ready, path):
                self._same(path, key, sha256)
                return False
            _sync_folder(path.parent)
        return True

    def put(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> None:
        """Store, replacing what is there."""
        del content_type
        path = self._path(keys.check_rewritable(key))
        with self._written(path, source, sha256) as ready:
            ready.replace(path)
            _sync_folder(path.parent)

    def get(self, key: str, target: Path) -> None:
        """Copy an object to a file."""
        path = self._existing(key)
        partial = target.with_name(f".{target.name}.part")
        try:
            shutil.copyfile(path, partial)
            verified(key, sha256_of(partial))
            partial.replace(target)
        except OSError as error:
            raise _failed(target, error) from error
        finally:
            partial.unlink(missing_ok=True)

    def read(self, key: str) -> bytes:
        """An object's bytes."""
        path = self._existing(key)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise _failed(path, error) from error
        verified(key, sha256_of(data))
        return data

    def digest(self, key: str) -> tuple[int, str]:
        """Size and SHA-256 of an object's bytes."""
        path = self._existing(key)
        try:
            return path.stat().st_size, sha256_of(path)
        except OSError as error:
            raise _failed(path, error) from error

    def restore(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> str | None:
        """Put good bytes back; what lay there is moved aside."""
        path, aside = self._path(keys.check_new(key, sha256)), None
        with self._written(path, source, sha256) as ready:
            if path.is_file() and (held := sha256_of(path)) != sha256:
                aside = keys.damaged(key, held)
                self._make_folders(self._path(aside).parent)
                path.replace(self._path(aside))
            if not _link(ready, path):
                self._same(path, key, sha256)
            _sync_folder(path.parent)
        return aside

    def revive(self, key: str, *, sha256: str, content_type: str) -> str | None:
        """A folder keeps no versions."""
        del key, sha256, content_type
        return None

    def head(self, key: str) -> ObjectInfo | None:
        """Size of an object and the digest of its bytes as they lie there now."""
        path = self._path(keys.check(key))
        try:
            return ObjectInfo(key, path.stat().st_size, sha256_of(path)) if path.is_file() else None
        except OSError as error:
            raise _failed(path, error) from error

    def remove(self, key: str) -> None:
        """Remove an object of the intake."""
        path = self._path(keys.check_removable(key))
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _failed(path, error) from error

    def hold(self, key: str, *, on: bool) -> bool:
        """A folder knows no holds."""
        del key, on
        return False

    def held(self, key: str) -> bool | None:
        """A folder knows no holds."""
        del key
        return None

    def retain(self, key: str) -> bool:
        """A folder keeps no retention."""
        del key
        return False

    def traits(self) -> StoreTraits:
        """A folder keeps one version of each file, and locks none."""
        return StoreTraits(versions=False, lock=False, default_retention="")

    def give_up_uploads(self, older: timedelta) -> tuple[str, ...]:
        """Half-written files are swept when the store is opened."""
        del older
        return ()

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects under a prefix."""
        try:
            yield from self._walk(self._root, "", prefix)
        except OSError as error:
            raise _failed(self._root, error) from error

    def _walk(self, folder: Path, above: str, prefix: str) -> Iterator[ObjectInfo]:
        """Files in the order of their keys; folders that cannot hold the prefix are not entered."""
        with os.scandir(folder) as entries:
            found = sorted((f"{entry.name}/" if entry.is_dir() else entry.name, entry) for entry in entries)
        for name, entry in found:
            key = above + name
            if name.startswith("."):
                continue
            if name.endswith("/"):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._walk(Path(entry.path), key, prefix)
            elif key.startswith(prefix):
                yield ObjectInfo(key, entry.stat().st_size, "")

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*key.split("/"))

    def _existing(self, key: str) -> Path:
        path = self._path(keys.check(key))
        if not path.is_file():
            raise StoreError(f"no object {key}", remedy="object_absent", key=key)
        return path

    def _same(self, path: Path, key: str, sha256: str) -> None:
        try:
            digest = sha256_of(path)
        except OSError as error:
            raise _failed(path, error) from error
        if digest != sha256:
            raise StoreError(f"object {key} is there with other content", remedy="object_differs", key=key)

    @contextlib.contextmanager
    def _written(self, path: Path, source: Path | bytes, sha256: str) -> Iterator[Path]:
        """A temporary file with the bytes, synced and verified, locked while this process lives."""
        ready: Path | None = None
        try:
            self._make_folders(path.parent)
            descriptor, name = tempfile.mkstemp(prefix="put-", dir=self._tmp)
            ready = Path(name)
            with os.fdopen(descriptor, "wb") as out:
                fcntl.flock(out, fcntl.LOCK_EX)
                if isinstance(source, bytes):
                    out.write(source)
                else:
                    with source.open("rb") as stream:
                        shutil.copyfileobj(stream, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
                if sha256_of(ready) != sha256:
                    raise StoreError(f"bytes for {path.name} are not those announced")
                yield ready
        except OSError as error:
            raise _failed(path, error) from error
        finally:
            if ready is not None:
                ready.unlink(missing_ok=True)

    def _make_folders(self, folder: Path) -> None:
        """Create every missing folder down to this one, private to its owner, and sync the parents."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for parent in reversed(missing):
            parent.mkdir(exist_ok=True, mode=0o700)
            _sync_folder(parent.parent)

    def _sweep(self) -> None:
        """Remove temporary files of killed writers; a live writer holds a lock on its file."""
        for path in self._tmp.glob("put-*"):
            with contextlib.suppress(OSError), path.open("rb") as stream:
                # A young file may not be locked yet.
                if time.time() - os.fstat(stream.fileno()).st_mtime < _ABANDONED_SECONDS:
                    continue
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()


def _link(ready: Path, path: Path) -> bool:
    """Give a finished file its name; False if the name is taken."""
    try:
        path.hardlink_to(ready)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links (some network shares): two that race here bring the same bytes.
        if path.exists():
            return False
        ready.rename(path)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failed(path: Path, error: OSError) -> StoreError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    remedy = "store_full" if full else "store_unwritable"
    return StoreError(f"cannot use {path}: {error.strerror or error}", remedy=remedy, path=str(path))


def open_spec(spec: StoreSpec, home: Path, *, create: bool) -> LocalStore:
    """The store of a configuration: `root`, or a folder under the home.

    Raises:
        StoreError: it cannot be prepared, or is absent and may not be made.
    """
    root = spec.root or home / "store"
    if not create and not root.is_dir():
        raise StoreError(f"no folder {root}", remedy="store_absent", path=str(root))
    return LocalStore(root)
