"""Objects on any S3 server, through the `minio` client.

What servers differ in is met here: If-None-Match with a HEAD before and after, our own SHA-256 in the
metadata and as a checksum the server verifies, reading back, retries for what may pass.
"""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import urllib3
from minio import Minio
from minio.commonconfig import CopySource
from minio.error import MinioException, S3Error, ServerError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from schemas.errors import StoreError
from schemas.stores import ObjectInfo, StoreSpec
from storage.objects import keys, sha256_of, verified

T = TypeVar("T")
_DIGEST: Final = "x-amz-meta-sha256"
_LISTED: Final = 10_000
_PIECE: Final = 1 << 20
SINGLE_PUT: Final = 64 << 20
PART_SIZE: Final = 32 << 20
_PASSING: Final = {
    "SlowDown",
    "InternalError",
    "ServiceUnavailable",
    "RequestTimeout",
    "OperationAborted",
    "ConditionalRequestConflict",
}
_REFUSED: Final = {
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "AccountProblem",
}
_ABSENT: Final = {"NoSuchKey", "NoSuchObject"}


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
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._single_put = single_put
        self._part_size = part_size
        if not self._call(bucket, lambda: client.bucket_exists(bucket_name=bucket)):
            if not create:
                raise StoreError(f"no bucket {bucket}", remedy="store_absent", path=bucket)
            self._make_bucket()

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
            timeout=urllib3.Timeout(connect=10, read=120),
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
        return cls(client, spec.bucket, create=create)

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

        if not self._call(key, send):
            return False
        self._verify(key, sha256)
        return True

    def put(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> None:
        """Store, replacing what is there."""
        keys.check_rewritable(key)
        self._announced(key, source, sha256)
        self._call(key, lambda: self._send(key, source, sha256, content_type, only_if_absent=False))
        self._verify(key, sha256)

    def get(self, key: str, target: Path) -> None:
        """Copy an object to a file."""
        keys.check(key)
        partial = target.with_name(f".{target.name}.part")

        def fetch() -> str:
            with partial.open("wb") as out:
                return self._stream(key, out.write)

        try:
            verified(key, self._call(key, fetch))
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

        data, digest = self._call(key, fetch)
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

        digest = self._call(key, fetch)
        return size, digest

    def restore(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> str | None:
        """Put good bytes back; what lay there is copied aside first."""
        keys.check_new(key, sha256)
        self._announced(key, source, sha256)
        aside = None
        if self.head(key) is not None and (held := self._digest(key)) != sha256:
            aside = keys.damaged(key, held)
            target, bucket = aside, self._bucket
            self._call(key, lambda: self._client.copy_object(bucket, target, CopySource(bucket, key)))
        self._call(key, lambda: self._send(key, source, sha256, content_type, only_if_absent=False))
        self._verify(key, sha256)
        return aside

    def head(self, key: str) -> ObjectInfo | None:
        """Size of an object and the digest it was put with."""
        keys.check(key)
        try:
            answer = self._call(
                key, lambda: self._client.stat_object(bucket_name=self._bucket, object_name=key)
            )
        except StoreError as error:
            if error.remedy == "object_absent":
                return None
            raise
        metadata = {name.lower(): value for name, value in (answer.metadata or {}).items()}
        return ObjectInfo(key, answer.size or 0, metadata.get(_DIGEST, ""))

    def remove(self, key: str) -> None:
        """Remove an object of the intake, in all its versions and with the marks of their removal."""
        keys.check_removable(key)
        client, bucket = self._client, self._bucket

        def erase() -> None:
            # A listing of versions may repeat the last entry of a page.
            found = client.list_objects(bucket_name=bucket, prefix=key, include_version=True)
            versions = {item.version_id for item in found if item.object_name == key}
            for version in versions:
                client.remove_object(bucket_name=bucket, object_name=key, version_id=version)

        self._call(key, erase)

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

        return self._call(prefix, fetch)

    def _make_bucket(self) -> None:
        def make() -> None:
            try:
                self._client.make_bucket(bucket_name=self._bucket)
            except S3Error as error:
                if error.code != "BucketAlreadyOwnedByYou":  # another process was quicker
                    raise

        self._call(self._bucket, make)

    def _there(self, key: str, sha256: str) -> bool:
        """True if the same object is there, compared by bytes: a digest in the metadata proves nothing."""
        known = self.head(key)
        if known is None:
            return False
        if known.sha256 not in {"", sha256} or self._digest(key) != sha256:
            raise StoreError(f"object {key} is there with other content", remedy="object_differs", key=key)
        return True

    def _announced(self, key: str, source: Path | bytes, sha256: str) -> None:
        """Verify the bytes here: not every server checks the checksum, and a wrong object must not be stored."""
        if self._call(key, lambda: sha256_of(source)) != sha256:
            raise StoreError(f"bytes for {key} are not those announced", key=key)

    def _send(
        self, key: str, source: Path | bytes, sha256: str, content_type: str, *, only_if_absent: bool
    ) -> None:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > self._single_put:
            self._send_in_parts(key, source, size, sha256, content_type)
            return
        headers = {
            "Content-Type": content_type,
            _DIGEST: sha256,
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode(),
        }
        data = source if isinstance(source, bytes) else source.read_bytes()
        # The public call cannot send If-None-Match: it would become metadata.
        client: Any = self._client
        if only_if_absent:
            try:
                client._put_object(self._bucket, key, data, {**headers, "If-None-Match": "*"})
            except S3Error as error:
                if error.code != "NotImplemented":
                    raise
            else:
                return
        client._put_object(self._bucket, key, data, headers)

    def _send_in_parts(
        self, key: str, source: Path | bytes, size: int, sha256: str, content_type: str
    ) -> None:
        # Two that race here bring the same bytes, or the loser finds others when it reads back.
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            self._client.put_object(
                bucket_name=self._bucket,
                object_name=key,
                data=stream,
                length=size,
                content_type=content_type,
                metadata={"sha256": sha256},
                part_size=self._part_size,
            )

    def _verify(self, key: str, sha256: str) -> None:
        """Read back what was put."""
        if self._digest(key) != sha256:
            raise StoreError(f"object {key} does not read back as written", remedy="object_differs", key=key)

    def _digest(self, key: str) -> str:
        return self._call(key, lambda: self._stream(key, lambda _piece: None))

    def _stream(self, key: str, take: Callable[[bytes], object]) -> str:
        """Pass an object's bytes on in pieces; returns their SHA-256."""
        digest = hashlib.sha256()
        answer = self._client.get_object(bucket_name=self._bucket, object_name=key)
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

    def _call(self, key: str, work: Callable[[], T]) -> T:
        policy = Retrying(
            stop=stop_after_attempt(4),
            wait=wait_random_exponential(multiplier=0.3, max=4),
            retry=retry_if_exception(_passes),
            reraise=True,
        )
        try:
            return policy(work)
        except (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            remedy = _remedy(error)
            raise StoreError(f"S3 {key}: {_said(error)}", remedy=remedy, key=key, path=key) from error


def _passes(error: BaseException) -> bool:
    if isinstance(error, S3Error):
        return error.code in _PASSING
    if isinstance(error, ServerError):
        return error.status_code >= 500
    return isinstance(error, (urllib3.exceptions.HTTPError, ConnectionError)) and not _untrusted(error)


def _untrusted(error: BaseException) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def _remedy(error: Exception) -> str:
    if isinstance(error, S3Error):
        if error.code in _REFUSED:
            return "store_refused"
        if error.code in _ABSENT:
            return "object_absent"
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return "store_unwritable"  # a file of this machine, not the server
    return "store_unreachable"


def _said(error: Exception) -> str:
    # The client's own sentence repeats request ids and addresses over several lines.
    return f"{error.code}: {error.message}" if isinstance(error, S3Error) else str(error)


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
