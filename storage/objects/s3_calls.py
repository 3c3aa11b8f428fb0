"""The one place where calls of the S3 client are used that it does not offer publicly: what each needs, and why.

The public call cannot send If-None-Match (as metadata it becomes `X-Amz-Meta-…`), nor a SHA-256 with every part. A test
fails where a later client has other signatures than those used here (`PRIVATE`).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.etree import ElementTree

from minio import Minio
from minio.error import S3Error

# Names of private calls of `minio` 7.2 with the parameters that are passed to them.
PRIVATE: Final[dict[str, tuple[str, ...]]] = {
    "_put_object": ("bucket_name", "object_name", "data", "headers", "query_params"),
    "_create_multipart_upload": ("bucket_name", "object_name", "headers"),
    "_abort_multipart_upload": ("bucket_name", "object_name", "upload_id"),
    "_list_multipart_uploads": ("bucket_name", "key_marker", "upload_id_marker"),
    "_execute": ("method", "bucket_name", "object_name", "body", "headers", "query_params"),
}
_ONLY_ABSENT: Final = {"If-None-Match": "*"}
_NO_LOCK: Final = {"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration", "NotImplemented"}
_CHECKSUM: Final = "x-amz-checksum-sha256"


class BucketLock(NamedTuple):
    """Whether a bucket can lock objects, and the retention that it gives by itself, "" where it gives none."""

    enabled: bool
    default: str


class Upload(NamedTuple):
    """An upload in parts that was begun and neither completed nor given up."""

    key: str
    id: str
    began: datetime | None


class Version(NamedTuple):
    """A version of an object; a `marker` says that it was removed, and has no bytes. Servers without versions name none."""

    id: str | None
    marker: bool


def conditional_put(
    client: Minio,
    bucket: str,
    key: str,
    data: bytes,
    headers: Mapping[str, str],
    *,
    only_if_absent: bool,
) -> str | None:
    """Put an object in one request, with its SHA-256 for the server to check. Returns its version, None if it has none.

    A server that knows no conditions is asked again without one.
    """
    private: Any = client
    sent = {**headers, _CHECKSUM: _base64(hashlib.sha256(data).digest())}
    for condition in ([_ONLY_ABSENT] if only_if_absent else []) + [{}]:
        try:
            done = private._put_object(bucket, key, data, headers={**sent, **condition})
        except S3Error as error:
            if error.code != "NotImplemented" or not condition:
                raise
        else:
            return _version(done.version_id)
    raise AssertionError("the last try returns or raises")


def put_in_parts(
    client: Minio,
    bucket: str,
    key: str,
    source: Path | bytes,
    headers: Mapping[str, str],
    *,
    part_size: int,
    only_if_absent: bool,
) -> str | None:
    """Put an object in parts, each with its own SHA-256. Returns its version, None if it has none.

    What fails on the way is given up at once; only a kill leaves an upload open (`open_uploads` finds it).
    """
    private: Any = client
    announced = {**headers, "x-amz-checksum-algorithm": "SHA256"}
    upload = private._create_multipart_upload(bucket, key, headers=announced)
    try:
        parts = []
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            for number, data in enumerate(iter(lambda: stream.read(part_size), b""), start=1):
                checksum = _base64(hashlib.sha256(data).digest())
                place = {"partNumber": str(number), "uploadId": upload}
                done = private._put_object(
                    bucket, key, data, headers={_CHECKSUM: checksum}, query_params=place
                )
                parts.append((done.etag, checksum))
        return _complete(private, bucket, key, upload, parts, only_if_absent=only_if_absent)
    except BaseException:
        _abort_quietly(private, bucket, key, upload)
        raise


def bucket_lock(client: Minio, bucket: str) -> BucketLock:
    """The lock of a bucket; the public call cannot read one without a retention of its own."""
    private: Any = client
    try:
        answer = private._execute("GET", bucket, query_params={"object-lock": ""})
    except S3Error as error:
        if error.code in _NO_LOCK:
            return BucketLock(enabled=False, default="")
        raise
    found = {
        element.tag.rpartition("}")[2]: (element.text or "").strip()
        for element in ElementTree.fromstring(answer.data).iter()
    }
    term = next((f"{found[unit]} {unit.lower()}" for unit in ("Years", "Days") if found.get(unit)), "")
    return BucketLock(found.get("ObjectLockEnabled") == "Enabled", f"{found.get('Mode', '')} {term}".strip())


def open_uploads(client: Minio, bucket: str) -> Iterator[Upload]:
    """Uploads in parts that are open in a bucket."""
    private: Any = client
    key_marker = id_marker = None
    while True:
        page = private._list_multipart_uploads(bucket, key_marker=key_marker, upload_id_marker=id_marker)
        for found in page.uploads:
            yield Upload(str(found.object_name), str(found.upload_id), found.initiated_time)
        if not page.is_truncated or not page.uploads:
            return
        # The client loses the server's own marker; the last entry is as good.
        key_marker, id_marker = page.uploads[-1].object_name, page.uploads[-1].upload_id


def versions_of(client: Minio, bucket: str, key: str) -> list[Version]:
    """Versions of one object and the marks of its removal, newest first.

    The public listing fails where a server dates a mark to the nanosecond; here no date is read.
    """
    private: Any = client
    found: dict[Version, None] = {}  # a listing may repeat the last entry of a page
    markers: dict[str, str] = {}
    while True:
        answer = private._execute("GET", bucket, query_params={"versions": "", "prefix": key, **markers})
        page = ElementTree.fromstring(answer.data)
        told = {_name(element): element.text or "" for element in page}
        for element in page:
            inner = {_name(each): each.text or "" for each in element}
            if _name(element) in {"Version", "DeleteMarker"} and inner.get("Key") == key:
                marker = _name(element) == "DeleteMarker"
                found[Version(inner.get("VersionId") or None, marker)] = None
        following = {"key-marker": told.get("NextKeyMarker", "")}
        following["version-id-marker"] = told.get("NextVersionIdMarker", "")
        # Keys come sorted: behind this one there is nothing of it.
        past = following["key-marker"] > key
        if told.get("IsTruncated") != "true" or past or not following["key-marker"] or following == markers:
            return list(found)
        markers = {name: value for name, value in following.items() if value}


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def abort_upload(client: Minio, bucket: str, upload: Upload) -> None:
    """Give an open upload up; nothing happens if it ended meanwhile."""
    private: Any = client
    try:
        private._abort_multipart_upload(bucket, upload.key, upload.id)
    except S3Error as error:
        if error.code != "NoSuchUpload":
            raise


def _complete(
    private: Any, bucket: str, key: str, upload: str, parts: list[tuple[str, str]], *, only_if_absent: bool
) -> str | None:
    whole = ElementTree.Element("CompleteMultipartUpload", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
    for number, (etag, checksum) in enumerate(parts, start=1):
        part = ElementTree.SubElement(whole, "Part")
        ElementTree.SubElement(part, "PartNumber").text = str(number)
        ElementTree.SubElement(part, "ETag").text = f'"{etag}"'
        ElementTree.SubElement(part, "ChecksumSHA256").text = checksum
    body = ElementTree.tostring(whole)
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    headers = {"Content-Type": "application/xml", "Content-MD5": _base64(digest)}
    for condition in ([_ONLY_ABSENT] if only_if_absent else []) + [{}]:
        try:
            answer = private._execute(
                "POST",
                bucket,
                key,
                body=body,
                headers={**headers, **condition},
                query_params={"uploadId": upload},
            )
        except S3Error as error:
            if error.code != "NotImplemented" or not condition:
                raise
        else:
            return _version(answer.headers.get("x-amz-version-id"))
    raise AssertionError("the last try returns or raises")


def _abort_quietly(private: Any, bucket: str, key: str, upload: str) -> None:
    """The error that cut the upload is the one to tell; an upload that cannot be given up now is found later."""
    with contextlib.suppress(Exception):
        private._abort_multipart_upload(bucket, key, upload)


def _version(named: str | None) -> str | None:
    """A version's id; servers without versions name none, or `null`."""
    return named if named and named != "null" else None


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
