"""Prepares the bucket with the administrator's keys: makes it, turns versions on, lets Sohoa's account do what it needs.

    python deploy/s3/prepare.py

Reads S3_ENDPOINT (http:// or https://), S3_REGION, S3_BUCKET, S3_ACCOUNT (the name that the server knows Sohoa's
account by), S3_ADMIN_ACCESS_KEY and S3_ADMIN_SECRET_FILE. Safe to repeat; removes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from minio import Minio
from minio.error import MinioException
from minio.versioningconfig import ENABLED, VersioningConfig
from urllib3.exceptions import HTTPError

POLICY = Path(__file__).with_name("policy.json")


def policy(bucket: str, account: str) -> str:
    """The least policy, of a bucket and an account of any name."""
    text = POLICY.read_text(encoding="utf-8").replace("arn:aws:s3:::sohoa", f"arn:aws:s3:::{bucket}")
    return text.replace('"AWS": ["sohoa"]', f'"AWS": ["{account}"]')


def main() -> None:
    """Prepare the bucket."""
    given = os.environ
    scheme, _, host = given["S3_ENDPOINT"].rpartition("://")
    try:
        _prepare(given, scheme, host)
    except (MinioException, HTTPError, OSError) as error:
        sys.exit(
            f"{given['S3_ENDPOINT']}: {error}\n"
            "Kiểm tra địa chỉ, khóa quản trị; nơi cấp chứng chỉ riêng thì nêu tệp của nó ở SSL_CERT_FILE.\n"
            "Check the address and the administrator's keys; name the file of an authority of your own in SSL_CERT_FILE."
        )


def _prepare(given: Mapping[str, str], scheme: str, host: str) -> None:
    client = Minio(
        endpoint=host.rstrip("/"),
        access_key=given["S3_ADMIN_ACCESS_KEY"],
        secret_key=Path(given["S3_ADMIN_SECRET_FILE"]).read_text(encoding="utf-8").strip(),
        secure=scheme == "https",
        region=given.get("S3_REGION", "us-east-1"),
    )
    bucket = given.get("S3_BUCKET", "sohoa")
    if not client.bucket_exists(bucket_name=bucket):
        client.make_bucket(bucket_name=bucket)
    client.set_bucket_versioning(bucket_name=bucket, config=VersioningConfig(ENABLED))
    client.set_bucket_policy(bucket_name=bucket, policy=policy(bucket, given.get("S3_ACCOUNT", "sohoa")))
    sys.stdout.write(f"{bucket}: versions on, policy set\n")


if __name__ == "__main__":
    main()
