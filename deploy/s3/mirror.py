"""Copies a bucket into a folder, or a folder into a bucket: what is missing there, nothing over what is there.

    python deploy/s3/mirror.py to-folder FOLDER     # a backup; the folder is a local store (SOHOA_STORE__ROOT)
    python deploy/s3/mirror.py to-bucket FOLDER     # a local store moves to S3, or a backup goes back

Store and keys are those of Sohoa's own settings (SOHOA_STORE__ENDPOINT, __BUCKET, __ACCESS_KEY_FILE …). What is on its way
(`intake/`) is left out. Tables under `derived/`, which Sohoa rewrites, are copied anew where their size has changed.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from minio import Minio
from minio.error import MinioException
from urllib3.exceptions import HTTPError

LEFT_OUT = "intake/"
REWRITTEN = "derived/"


def bucket() -> tuple[Minio, str]:
    """Sohoa's bucket, by its settings."""
    given = os.environ
    scheme, _, host = given["SOHOA_STORE__ENDPOINT"].rpartition("://")
    access, secret = (
        Path(given[f"SOHOA_STORE__{name}_KEY_FILE"]).read_text(encoding="utf-8").strip()
        for name in ("ACCESS", "SECRET")
    )
    client = Minio(
        endpoint=host.rstrip("/"),
        access_key=access,
        secret_key=secret,
        secure=scheme != "http",
        region=given.get("SOHOA_STORE__REGION", "us-east-1"),
    )
    return client, given.get("SOHOA_STORE__BUCKET", "sohoa")


def needed(key: str, size: int, there: int | None) -> bool:
    """True if an object is to be copied; `there` is its size at the other end."""
    return not key.startswith(LEFT_OUT) and (there is None or (key.startswith(REWRITTEN) and there != size))


def to_folder(folder: Path) -> Iterator[str]:
    """Copy what the folder lacks; a file stands under its name only when it is whole."""
    client, name = bucket()
    for each in client.list_objects(bucket_name=name, recursive=True):
        key, path = str(each.object_name), folder / str(each.object_name)
        if not needed(key, each.size or 0, path.stat().st_size if path.exists() else None):
            continue
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_name(f".{path.name}.part")
        client.fget_object(bucket_name=name, object_name=key, file_path=str(partial))
        partial.replace(path)
        yield key


def to_bucket(folder: Path) -> Iterator[str]:
    """Copy what the bucket lacks, each object with its digest."""
    client, name = bucket()
    known = {
        str(each.object_name): each.size or 0
        for each in client.list_objects(bucket_name=name, recursive=True)
    }
    for path in sorted(folder.rglob("*")):
        key = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file() or not needed(key, path.stat().st_size, known.get(key)):
            continue
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        client.fput_object(
            bucket_name=name, object_name=key, file_path=str(path), metadata={"sha256": digest}
        )
        yield key


def main() -> int:
    """Copy, and say how many objects were new."""
    ways = {"to-folder": to_folder, "to-bucket": to_bucket}
    if len(sys.argv) != 3 or sys.argv[1] not in ways:
        sys.stderr.write("mirror.py to-folder|to-bucket FOLDER\n")
        return 2
    try:
        count = sum(1 for _ in ways[sys.argv[1]](Path(sys.argv[2])))
    except (MinioException, HTTPError, OSError) as error:
        sys.stderr.write(
            f"{os.environ['SOHOA_STORE__ENDPOINT']}: {error}\n"
            "Chưa chép hết; chạy lại thì chép tiếp.\n"
            "Kiểm tra địa chỉ, khóa, quyền (deploy/s3/policy.json), SSL_CERT_FILE, chỗ trống.\n"
            "Not all was copied; run again, it goes on.\n"
            "Check address, keys, rights (deploy/s3/policy.json), SSL_CERT_FILE, space.\n"
        )
        return 1
    sys.stdout.write(f"{count} new\n")
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
