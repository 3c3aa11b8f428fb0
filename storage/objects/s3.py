"""Objects on any S3 server, through the `minio` client.

What servers differ in is met here: If-None-Match with a HEAD before and after, our own SHA-256 in the metadata and as a
checksum the server verifies, retries for what may pass.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from schemas.errors import StoreError
from schemas.stores import ObjectInfo, StoreSpec
from storage.objects import sha256_of

T = TypeVar("T")
_DIGEST = "x-amz-meta-sha256"
_SINGLE_PUT = 64 << 20
_PASSING = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted"}


class S3Store:
    """An `ObjectStore` in one bucket."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        if not self._call("open", lambda: client.bucket_exists(bucket_name=bucket)):
            self._call("make", lambda: client.make_bucket(bucket_name=bucket))

    @classmethod
    def from_spec(cls, spec: StoreSpec) -> S3Store:
        """Connect with the keys from files, else from the environment.

        Raises:
            StoreError: no keys, or the server does not answer.
        """
        access = _secret(spec.access_key_file, "SOHOA_S3_ACCESS_KEY")
        secret = _secret(spec.secret_key_file, "SOHOA_S3_SECRET_KEY")
        pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=10, read=120),
            maxsize=16,
            retries=urllib3.Retry(total=0),
        )
        client = Minio(
            endpoint=spec.endpoint,
            access_key=access,
            secret_key=secret,
            secure=spec.secure,
            region=spec.region,
            http_client=pool,
        )
        return cls(client, spec.bucket)

    def put_if_absent(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> bool:
        """Store once; of two that race, one wins and the other finds it there."""
        if self._there(key, sha256):
            return False
        try:
            self._send(key, source, sha256, content_type, {"If-None-Match": "*"})
        except StoreError:
            # An early 412 on a large body can look like a broken connection: ask before believing it.
            if self._there(key, sha256):
                return False
            raise
        self._verify(key, sha256)
        return True

    def put(self, key: str, source: Path | bytes, *, sha256: str, content_type: str) -> None:
        """Store, replacing what is there."""
        self._send(key, source, sha256, content_type, {})
        self._verify(key, sha256)

    def get(self, key: str, target: Path) -> None:
        """Copy an object to a file."""
        partial = target.with_name(f".{target.name}.part")
        try:
            self._call(
                key, lambda: self._client.fget_object(bucket_name=self._bucket, object_name=key, file_path=str(partial))
            )
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, key: str) -> bytes:
        """An object's bytes."""

        def fetch() -> bytes:
            answer = self._client.get_object(bucket_name=self._bucket, object_name=key)
            try:
                return answer.read()
            finally:
                answer.close()
                answer.release_conn()

        return self._call(key, fetch)

    def head(self, key: str) -> ObjectInfo | None:
        """Size of an object and the digest it was put with."""
        try:
            said = self._call(key, lambda: self._client.stat_object(bucket_name=self._bucket, object_name=key))
        except StoreError as error:
            if isinstance(error.__cause__, S3Error) and error.__cause__.code in {"NoSuchKey", "NoSuchObject"}:
                return None
            raise
        metadata = {name.lower(): value for name, value in (said.metadata or {}).items()}
        return ObjectInfo(key, said.size or 0, metadata.get(_DIGEST, ""))

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects under a prefix."""
        found = self._call(
            prefix,
            lambda: list(self._client.list_objects(bucket_name=self._bucket, prefix=prefix, recursive=True)),
        )
        for item in sorted(found, key=lambda each: str(each.object_name)):
            yield ObjectInfo(str(item.object_name), item.size or 0, "")

    def _there(self, key: str, sha256: str) -> bool:
        known = self.head(key)
        if known is None:
            return False
        if known.sha256 != sha256:
            raise StoreError(f"object {key} is there with other content", remedy="object_differs", key=key)
        return True

    def _send(
        self, key: str, source: Path | bytes, sha256: str, content_type: str, conditions: dict[str, str]
    ) -> None:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > _SINGLE_PUT:
            self._send_in_parts(key, source, size, sha256, content_type)
            return
        headers = {
            "Content-Type": content_type,
            "X-Amz-Meta-Sha256": sha256,
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode(),
            **conditions,
        }
        data = source if isinstance(source, bytes) else source.read_bytes()
        # The public call cannot send If-None-Match: it would become metadata.
        client: Any = self._client
        self._call(key, lambda: client._put_object(self._bucket, key, data, headers))

    def _send_in_parts(self, key: str, source: Path | bytes, size: int, sha256: str, content_type: str) -> None:
        def send() -> object:
            stream = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
            with stream:
                return self._client.put_object(
                    bucket_name=self._bucket,
                    object_name=key,
                    data=stream,
                    length=size,
                    content_type=content_type,
                    metadata={"sha256": sha256},
                )

        self._call(key, send)

    def _verify(self, key: str, sha256: str) -> None:
        """Read back what was put: a digest the server merely repeats proves nothing."""
        if sha256_of(self.read(key)) != sha256:
            raise StoreError(f"object {key} does not read back as written", remedy="object_differs", key=key)

    def _call(self, key: str, work: Callable[[], T]) -> T:
        policy = Retrying(
            stop=stop_after_attempt(4),
            wait=wait_exponential_jitter(initial=0.3, max=4),
            retry=retry_if_exception(_passes),
            reraise=True,
        )
        try:
            return policy(work)
        except (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise StoreError(f"S3 {key}: {error}", remedy="store_unreachable", key=key) from error


def _passes(error: BaseException) -> bool:
    if isinstance(error, S3Error):
        return error.code in _PASSING
    return isinstance(error, (urllib3.exceptions.HTTPError, ConnectionError))


def _secret(file: Path | None, variable: str) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise StoreError(f"cannot read {file}: {error}", remedy="store_keys_missing", name=str(file)) from error
    value = os.environ.get(variable)
    if not value:
        raise StoreError(f"{variable} is not set", remedy="store_keys_missing", name=variable)
    return value
