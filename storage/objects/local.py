"""Objects in a local directory: written beside, synced, linked into place; private; read back before they count."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from schemas.errors import StoreError
from schemas.stores import ObjectInfo
from storage.objects import sha256_of


class LocalStore:
    """An `ObjectStore` under one folder. Safe for several processes: a link into place has one winner."""

    def __init__(self, root: Path) -> None:
        self._root = root
        try:
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(f"cannot use {root}: {error}", remedy="store_unwritable", path=str(root)) from error

    def put_if_absent(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> bool:
        """Store once; an object of other content under the key is an error, never replaced."""
        del content_type
        path = self._path(key)
        if path.exists():
            self._same(path, key, sha256)
            return False
        with self._written(path, source, sha256) as ready:
            try:
                os.link(ready, path)
            except FileExistsError:
                self._same(path, key, sha256)
                return False
        _sync_folder(path.parent)
        return True

    def put(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> None:
        """Store, replacing what is there."""
        del content_type
        path = self._path(key)
        with self._written(path, source, sha256) as ready:
            os.replace(ready, path)
        _sync_folder(path.parent)

    def get(self, key: str, target: Path) -> None:
        """Copy an object to a file."""
        path = self._existing(key)
        partial = target.with_name(f".{target.name}.part")
        try:
            shutil.copyfile(path, partial)
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, key: str) -> bytes:
        """An object's bytes."""
        return self._existing(key).read_bytes()

    def head(self, key: str) -> ObjectInfo | None:
        """Size of an object and the digest of its bytes as they lie there now."""
        path = self._path(key)
        if not path.is_file():
            return None
        return ObjectInfo(key, path.stat().st_size, sha256_of(path))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects under a prefix."""
        names = sorted(
            str(path.relative_to(self._root))
            for path in self._root.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        )
        for name in names:
            if name.startswith(prefix):
                yield ObjectInfo(name, (self._root / name).stat().st_size, "")

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if not key or any(part in {"", ".", ".."} or part.startswith(".") or "\0" in part for part in parts):
            raise StoreError(f"bad key {key!r}")
        return self._root.joinpath(*parts)

    def _existing(self, key: str) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise StoreError(f"no object {key}", remedy="object_absent", key=key)
        return path

    def _same(self, path: Path, key: str, sha256: str) -> None:
        if sha256_of(path) != sha256:
            raise StoreError(f"object {key} is there with other content", remedy="object_differs", key=key)

    @contextlib.contextmanager
    def _written(self, path: Path, source: Path | bytes, sha256: str) -> Iterator[Path]:
        """A synced, verified temporary file beside the target."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(prefix=".put-", dir=path.parent)
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error}", remedy="store_unwritable", path=str(path)) from error
        ready = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as out:
                if isinstance(source, bytes):
                    out.write(source)
                else:
                    with source.open("rb") as stream:
                        shutil.copyfileobj(stream, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            if sha256_of(ready) != sha256:
                raise StoreError(f"bytes changed on the way to {path}", remedy="object_differs", key=str(path))
            yield ready
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error}", remedy="store_unwritable", path=str(path)) from error
        finally:
            ready.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
