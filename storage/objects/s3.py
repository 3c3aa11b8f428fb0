"""Objects on any S3 server, through the `minio` client.

What servers differ in is met here: If-None-Match with a HEAD before and after, our own SHA-256 in the
metadata and as a checksum the server verifies, reading back, retries for what may pass.
"""

from __future__ import annotations

import functools
import hashlib
import io
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final

import urllib3
from minio import Minio
from minio.commonconfig import CopySource
from minio.datatypes import Object
from minio.error import MinioException

from schemas.errors import StoreError
from schemas.stores import ObjectInfo, StoreSpec, StoreTraits
from storage.objects import keys, s3_calls, sha256_of, verified
from storage.objects.s3_errors import patiently
from storage.objects.s3_keeping import Keeping

_DIGEST: Final = "x-amz-meta-sha256"
_LISTED: Final = 10_000
_PIECE: Final = 1 << 20
SINGLE_PUT: Final = 64 << 20
PART_SIZE: Final = 32 << 20


class S3Store:
    """An `ObjectStore` in one bucket, made where it is absent. One a process; threads may share it."""

    def __init__(
        self,
        client: Minio,
        bucket: str,
        *,
        create: bool = True,
        single_put: int = SINGLE_PUT,
        part_size: int = PART_SIZE,
        spec: StoreSpec | None = None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._keeping = Keeping(client, bucket, spec or StoreSpec(kind="s3"))
        self._single_put = single_put
        self._part_size = part_size
        if not patiently(bucket, lambda: client.bucket_exists(bucket_name=bucket)):
            if not create:
                raise StoreError(f"no bucket {bucket}", remedy="store_absent", path=bucket)
            patiently(bucket, self._keeping.make_bucket)
        self._keeping.require()

    @classmethod
    def from_spec(cls, spec: StoreSpec, *, create: bool = True) -> S3Store:
        """Connect with the keys from files, else from the environment.

        Raises:
            StoreError: no keys, a wrong address, the server does not answer, or there is no bucket and none may be made.
        """
        access = _secret(spec.access_key_file, "SOHOA_S3_ACCESS_KEY")
        secret = _secret(spec.secret_key_file, "SOHOA_S3_SECRET_KEY")
        # The machine's own certificates hold an agency's private authority too; SSL_CERT_FILE names another
        # set.
        pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=min(10, spec.timeout_seconds), read=spec.timeout_seconds),
            maxsize=16,
            retries=urllib3.Retry(total=0),
            ca_certs=os.environ.get("SSL_CERT_FILE"),
        )
        scheme, _, host = spec.endpoint.rpartition("://")
        try:
            if not host:
                raise ValueError("no address")
            client = Minio(
                endpoint=host.rstrip("/"),
                access_key=access,
                secret_key=secret,
                secure={"http": False, "https": True}.get(scheme, spec.secure),
                region=spec.region,
                http_client=pool,
            )
        except ValueError as error:
            raise StoreError(f"S3 address {spec.endpoint!r}: {error}", remedy="store_address_bad") from error
        return cls(client, spec.bucket, create=create, spec=spec)

    def put_if_absent(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> bool:
        """Store once; of two that race, one wins and the other finds it there."""
        keys.check_new(key, sha256)
        if self._there(key, sha256):
            return False
        self._announced(key, source, sha256)

        def send() -> bool:
            try:
                self._send(key, source, sha256, content_type, only_if_absent=True)
            except (MinioException, urllib3.exceptions.HTTPError, OSError):
                # Another came first; or an early 412 on a large body looked like a broken connection; or our
                # own first try arrived and its answer did not. What lies there decides.
                if self._there(key, sha256):
                    return False
                raise
            return True

        if not patiently(key, send):
            return False
        self._verify(key, sha256)
        return True

    def put(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> None:
        """Store, replacing what is there."""
        keys.check_rewritable(key)
        self._announced(key, source, sha256)
        patiently(key, lambda: self._send(key, source, sha256, content_type, only_if_absent=False))
        self._verify(key, sha256)

    def get(self, key: str, target: Path) -> None:
        """Copy an object to a file."""
        keys.check(key)
        partial = target.with_name(f".{target.name}.part")

        def fetch() -> str:
            with partial.open("wb") as out:
                return self._stream(key, out.write)

        try:
            verified(key, patiently(key, fetch))
            partial.replace(target)
        except OSError as error:
            raise StoreError(
                f"cannot write {target}: {error}", remedy="store_unwritable", path=str(target)
            ) from error
        finally:
            partial.unlink(missing_ok=True)

    def read(self, key: str) -> bytes:
        """An object's bytes."""
        keys.check(key)

        def fetch() -> tuple[bytes, str]:
            out = io.BytesIO()
            digest = self._stream(key, out.write)
            return out.getvalue(), digest

        data, digest = patiently(key, fetch)
        verified(key, digest)
        return data

    def digest(self, key: str) -> tuple[int, str]:
        """Size and SHA-256 of an object's bytes."""
        keys.check(key)
        size = 0

        def count(piece: bytes) -> None:
            nonlocal size
            size += len(piece)

        def fetch() -> str:
            nonlocal size
            size = 0
            return self._stream(key, count)

        digest = patiently(key, fetch)
        return size, digest

    def restore(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> str | None:
        """Put good bytes back; what lay there is copied aside first."""
        keys.check_new(key, sha256)
        self._announced(key, source, sha256)
        aside = None
        if self.head(key) is not None and (held := self._digest(key)) != sha256:
            aside = keys.damaged(key, held)
            target, bucket = aside, self._bucket
            patiently(key, lambda: self._client.copy_object(bucket, target, CopySource(bucket, key)))
        patiently(key, lambda: self._send(key, source, sha256, content_type, only_if_absent=False))
        self._verify(key, sha256)
        return aside

    def revive(self, key: str, *, sha256: str, content_type: str) -> str | None:
        """Put an object right from the newest of its versions that has this digest; also behind a mark of removal."""
        keys.check_new(key, sha256)
        if not self.traits().versions:
            return None
        for version in patiently(key, lambda: self._keeping.versions_of(key)):
            if version is None:
                continue
            with tempfile.NamedTemporaryFile(prefix="sohoa-version-") as file:
                if patiently(key, functools.partial(self._copied, key, version, file)) == sha256:
                    self.restore(key, Path(file.name), sha256=sha256, content_type=content_type)
                    return version
        return None

    def _copied(self, key: str, version: str, file: IO[bytes]) -> str:
        file.seek(0)
        file.truncate()
        digest = self._stream(key, file.write, version)
        file.flush()
        return digest

    def head(self, key: str) -> ObjectInfo | None:
        """Size of an object and the digest it was put with."""
        keys.check(key)
        answer = self._stat(key)
        if answer is None:
            return None
        metadata = {name.lower(): value for name, value in (answer.metadata or {}).items()}
        return ObjectInfo(key, answer.size or 0, metadata.get(_DIGEST, ""))

    def hold(self, key: str, *, on: bool) -> bool:
        """Put an object under legal hold, or all its versions out of it; False if the bucket knows no holds."""
        keys.check(key)
        return patiently(key, lambda: self._keeping.hold(key, on=on))

    def held(self, key: str) -> bool | None:
        """Whether an object is under legal hold; None if the bucket knows no holds."""
        keys.check(key)
        return patiently(key, lambda: self._keeping.held(key))

    def retain(self, key: str) -> bool:
        """Give an object the retention that is configured and that it lacks."""
        keys.check(key)
        return patiently(key, lambda: self._keeping.check_there(key))

    def traits(self) -> StoreTraits:
        """What the bucket keeps by itself."""
        return patiently(self._bucket, self._keeping.traits)

    def give_up_uploads(self, older: timedelta) -> tuple[str, ...]:
        """Give up uploads in parts under our prefixes that were begun long ago. Returns their keys."""

        def give_up() -> tuple[str, ...]:
            before = datetime.now(UTC) - older
            # Listed whole before the first is given up: a page must not move under the listing.
            found = [
                upload
                for upload in s3_calls.open_uploads(self._client, self._bucket)
                if upload.key.startswith(keys.OURS) and (upload.began is None or upload.began <= before)
            ]
            for upload in found:
                s3_calls.abort_upload(self._client, self._bucket, upload)
            return tuple(upload.key for upload in found)

        return patiently(self._bucket, give_up)

    def remove(self, key: str) -> None:
        """Remove an object of the intake, in all its versions and with the marks of their removal."""
        keys.check_removable(key)
        client, bucket = self._client, self._bucket

        def erase() -> None:
            for version in s3_calls.versions_of(client, bucket, key):
                client.remove_object(bucket_name=bucket, object_name=key, version_id=version.id)

        patiently(key, erase)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects under a prefix; a listing that breaks off goes on behind the last key."""
        last: str | None = None
        while True:
            page = self._page(prefix, last)
            yield from page
            if len(page) < _LISTED:
                return
            last = page[-1].key

    def _page(self, prefix: str, after: str | None) -> tuple[ObjectInfo, ...]:
        def fetch() -> tuple[ObjectInfo, ...]:
            found = self._client.list_objects(
                bucket_name=self._bucket, prefix=prefix, recursive=True, start_after=after
            )
            some = itertools.islice(found, _LISTED)
            return tuple(ObjectInfo(str(item.object_name), item.size or 0, "") for item in some)

        return patiently(prefix, fetch)

    def _there(self, key: str, sha256: str) -> bool:
        """True if the same object is there, compared by bytes: a digest in the metadata proves nothing."""
        known = self.head(key)
        if known is None:
            return False
        if known.sha256 not in {"", sha256} or self._digest(key) != sha256:
            raise StoreError(f"object {key} is there with other content", remedy="object_differs", key=key)
        patiently(key, lambda: self._keeping.check_there(key))
        return True

    def _stat(self, key: str) -> Object | None:
        try:
            return patiently(key, lambda: self._client.stat_object(bucket_name=self._bucket, object_name=key))
        except StoreError as error:
            if error.remedy == "object_absent":
                return None
            raise

    def _announced(self, key: str, source: Path | bytes, sha256: str) -> None:
        """Verify the bytes here: not every server checks the checksum, and a wrong object must not be stored."""
        if patiently(key, lambda: sha256_of(source)) != sha256:
            raise StoreError(f"bytes for {key} are not those announced", key=key)

    def _send(
        self, key: str, source: Path | bytes, sha256: str, content_type: str, *, only_if_absent: bool
    ) -> None:
        """One request, or parts for what is large; what the server must keep is stamped, and looked at afterwards."""
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        headers = {"Content-Type": content_type, _DIGEST: sha256, **self._keeping.headers(key)}
        client, bucket = self._client, self._bucket
        if size > self._single_put:
            # Two that race here bring the same bytes, or the loser finds others when it reads back.
            part_size = self._part_size
            version = s3_calls.put_in_parts(
                client, bucket, key, source, headers, part_size=part_size, only_if_absent=only_if_absent
            )
        else:
            data = source if isinstance(source, bytes) else source.read_bytes()
            version = s3_calls.conditional_put(
                client, bucket, key, data, headers, only_if_absent=only_if_absent
            )
        self._keeping.check_put(key, version)

    def _verify(self, key: str, sha256: str) -> None:
        """Read back what was put."""
        if self._digest(key) != sha256:
            raise StoreError(f"object {key} does not read back as written", remedy="object_differs", key=key)

    def _digest(self, key: str) -> str:
        return patiently(key, lambda: self._stream(key, lambda _piece: None))

    def _stream(self, key: str, take: Callable[[bytes], object], version: str | None = None) -> str:
        """Pass an object's bytes on in pieces; returns their SHA-256."""
        digest = hashlib.sha256()
        answer = self._client.get_object(bucket_name=self._bucket, object_name=key, version_id=version)
        try:
            for piece in answer.stream(_PIECE):
                digest.update(piece)
                take(piece)
        except BaseException:
            answer.close()
            raise
        finally:
            answer.release_conn()
        return digest.hexdigest()


def _secret(file: Path | None, variable: str) -> str:
    if file is not None:
        try:
            value = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(
                f"cannot read {file}: {error}", remedy="store_keys_missing", name=str(file)
            ) from error
        if value:
            return value
        raise StoreError(f"{file} is empty", remedy="store_keys_missing", name=str(file))
    value = os.environ.get(variable, "")
    if not value:
        raise StoreError(f"{variable} is not set", remedy="store_keys_missing", name=variable)
    return value


def open_spec(spec: StoreSpec, home: Path, *, create: bool) -> S3Store:
    """The store of a configuration; raises as `S3Store.from_spec` does."""
    del home
    return S3Store.from_spec(spec, create=create)
