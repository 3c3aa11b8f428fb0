"""What a bucket keeps by itself: versions, retention, legal holds. Asserted, never assumed.

A server may take a bucket with a lock and keep no versions, and a bucket's own retention is not stamped by every server:
so retention goes with every put of what is kept for good, and the first one is read back.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from minio import Minio
from minio.commonconfig import ENABLED
from minio.error import S3Error
from minio.retention import Retention
from minio.versioningconfig import VersioningConfig

from schemas.errors import StoreError
from schemas.stores import StoreSpec, StoreTraits
from storage.objects import keys, s3_calls
from storage.objects.s3_errors import patiently

_MODE: Final = "x-amz-object-lock-mode"
_UNTIL: Final = "x-amz-object-lock-retain-until-date"
_NO_HOLDS: Final = {
    "InvalidRequest",
    "NotImplemented",
    "MethodNotAllowed",
    "ObjectLockConfigurationNotFoundError",
}
_SLACK: Final = timedelta(days=2)  # clocks of two machines, and a put that was tried again


class Keeping:
    """Versions, retention and holds of one bucket, as configured."""

    def __init__(self, client: Minio, bucket: str, spec: StoreSpec) -> None:
        self._client = client
        self._bucket = bucket
        self._spec = spec
        self._locks = spec.lock != "none"
        self._needs_versions = self._locks or spec.versions == "required"
        self._proved = False

    def make_bucket(self) -> None:
        """Make the bucket: with object lock or versions where they are configured; both can hardly be added later."""
        try:
            self._client.make_bucket(bucket_name=self._bucket, object_lock=self._locks)
        except S3Error as error:
            if error.code != "BucketAlreadyOwnedByYou":  # another process was quicker
                raise
        if self._needs_versions and not self._versioned():
            try:
                self._client.set_bucket_versioning(bucket_name=self._bucket, config=VersioningConfig(ENABLED))
            except S3Error as error:
                raise self._refused("store_no_versions", f"{error.code}: {error.message}") from error

    def require(self) -> None:
        """Refuse a bucket that lacks what is configured.

        Raises:
            StoreError: it keeps no versions, or was made without object lock.
        """
        if not self._needs_versions:
            return
        has = patiently(self._bucket, self.traits)
        if not has.versions:
            raise self._refused("store_no_versions", "versioning is not enabled")
        if self._locks and not has.lock:
            raise self._refused("store_no_lock", "the bucket was made without object lock")

    def traits(self) -> StoreTraits:
        """What the bucket has; a server is not asked for versions where they are off."""
        lock = s3_calls.bucket_lock(self._client, self._bucket)
        versions = None if self._spec.versions == "off" else self._versioned()
        return StoreTraits(versions=versions, lock=lock.enabled, default_retention=lock.default)

    def headers(self, key: str) -> dict[str, str]:
        """What is stamped on a put: retention, for what is kept for good. Never for the intake or what can be computed."""
        if not self._stamped(key):
            return {}
        until = self._until().strftime("%Y-%m-%dT%H:%M:%SZ")
        return {_MODE: self._spec.lock.upper(), _UNTIL: until}

    def check_put(self, key: str, version: str | None) -> None:
        """Every put must have made a version where they are needed; the first retention is read back.

        Raises:
            StoreError: the server took the object and keeps it not as asked.
        """
        if self._needs_versions and version is None:
            raise self._refused("store_no_versions", f"{key} was stored without a version")
        if self._stamped(key) and not self._proved:
            if not self._retained(key):
                raise self._refused("store_no_lock", f"the retention of {key} does not read back")
            self._proved = True

    def check_there(self, key: str) -> bool:
        """What was there before gets the retention it lacks, as from a time before the lock was configured.

        Returns whether it was given now.

        Raises:
            StoreError: the server keeps none.
        """
        if not self._stamped(key) or self._retained(key, fresh=False):
            return False
        term = Retention(self._spec.lock.upper(), self._until())
        self._client.set_object_retention(bucket_name=self._bucket, object_name=key, config=term)
        if not self._retained(key):
            raise self._refused("store_no_lock", f"the retention of {key} does not read back")
        return True

    def hold(self, key: str, *, on: bool) -> bool:
        """Hold the present version of an object, or let all of its versions go. False if the bucket knows no holds."""
        client, bucket = self._client, self._bucket
        try:
            if on:
                client.enable_object_legal_hold(bucket_name=bucket, object_name=key)
                return bool(client.is_object_legal_hold_enabled(bucket_name=bucket, object_name=key))
            for version in self.versions_of(key):
                client.disable_object_legal_hold(bucket_name=bucket, object_name=key, version_id=version)
        except S3Error as error:
            if error.code not in _NO_HOLDS:
                raise
            return False
        return True

    def held(self, key: str) -> bool | None:
        """Whether the present version is under a hold; None if the bucket knows no holds."""
        try:
            return bool(self._client.is_object_legal_hold_enabled(bucket_name=self._bucket, object_name=key))
        except S3Error as error:
            if error.code in _NO_HOLDS:
                return None
            raise

    def versions_of(self, key: str) -> list[str | None]:
        """Ids of an object's versions, newest first, without marks of removal."""
        found = s3_calls.versions_of(self._client, self._bucket, key)
        return [version.id for version in found if not version.marker]

    def _versioned(self) -> bool:
        try:
            status = self._client.get_bucket_versioning(bucket_name=self._bucket).status
        except S3Error as error:
            if error.code in {"NotImplemented", "MethodNotAllowed", "VersioningNotConfigured"}:
                return False
            raise
        return bool(status == ENABLED)

    def _stamped(self, key: str) -> bool:
        return self._locks and key.startswith(keys.KEPT)

    def _until(self) -> datetime:
        now = datetime.now(UTC).replace(
            microsecond=0
        )  # fractions of seconds are not read back by every client
        return datetime.combine(_years_after(now.date(), self._spec.retain_years), now.time(), UTC)

    def _retained(self, key: str, *, fresh: bool = True) -> bool:
        """Whether an object is locked as configured; a `fresh` one for the whole term."""
        answer = self._client.stat_object(bucket_name=self._bucket, object_name=key)
        held = {name.lower(): value for name, value in (answer.metadata or {}).items()}
        if _UNTIL not in held or held.get(_MODE, "").lower() not in self._as_strong():
            return False
        day = datetime.fromisoformat(held[_UNTIL][:19]).replace(tzinfo=UTC)
        return not fresh or day >= self._until() - _SLACK

    def _as_strong(self) -> set[str]:
        return {"compliance"} if self._spec.lock == "compliance" else {"governance", "compliance"}

    def _refused(self, remedy: str, why: str) -> StoreError:
        return StoreError(f"bucket {self._bucket}: {why}", remedy=remedy, path=self._bucket, reason=why)


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
