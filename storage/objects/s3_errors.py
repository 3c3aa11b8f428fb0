"""Failures of an S3 server: which pass and are tried again, and the remedy of each that stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

import urllib3
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from schemas.errors import StoreError

T = TypeVar("T")
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
_FULL: Final = {
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
    "QuotaExceeded",
    "InsufficientStorage",
    "StorageFull",
}
_READ_ONLY: Final = {"MethodNotAllowed", "ReadOnly"}
_SKEWED: Final = {"RequestTimeTooSkewed", "RequestExpired"}
_LARGEST_SKEW: Final = timedelta(minutes=10)  # servers allow 15
_BY_STATUS: Final = {401: "store_refused", 403: "store_refused", 405: "store_read_only", 507: "store_full"}


def patiently(key: str, work: Callable[[], T]) -> T:
    """Do what asks the server about a key; what may pass is tried again.

    Raises:
        StoreError: it failed for good.
    """
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
    if isinstance(error, (ServerError, InvalidResponseError)):
        return (_status(error) or 0) >= 500 and _status(error) != 507
    lost = isinstance(error, (urllib3.exceptions.HTTPError, ConnectionError))
    return lost and not _untrusted(error) and not _hangs(error)


def _hangs(error: BaseException) -> bool:
    """A server that hung once is not asked four times over: each try costs the whole time limit."""
    reason = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) else error
    return isinstance(reason, urllib3.exceptions.TimeoutError)


def _clocks_differ(error: S3Error) -> bool:
    """An answer to HEAD bears no code: its own time tells a wrong clock from a lack of rights."""
    told = error.response.headers.get("date") if error.response is not None else None
    try:
        there = parsedate_to_datetime(told or "")
    except ValueError:
        return False
    return there.tzinfo is not None and abs(datetime.now(UTC) - there) > _LARGEST_SKEW


def _status(error: Exception) -> int | None:
    """The HTTP status of an answer that is not the server's own XML, as gateways and proxies give them."""
    if isinstance(error, ServerError):
        return int(error.status_code)
    told = (
        re.search(r"Response code: (\d{3})", str(error)) if isinstance(error, InvalidResponseError) else None
    )
    return int(told[1]) if told else None


def _untrusted(error: BaseException) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def _remedy(error: Exception) -> str:
    if isinstance(error, S3Error):
        if error.code in _REFUSED:
            return "store_clock" if _clocks_differ(error) else "store_refused"
        if error.code in _ABSENT:
            return "object_absent"
        if error.code in _FULL:
            return "store_full"
        if error.code in _READ_ONLY:
            return "store_read_only"
        if error.code in _SKEWED:
            return "store_clock"
    if (remedy := _BY_STATUS.get(_status(error) or 0)) is not None:
        return remedy
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return "store_unwritable"  # a file of this machine, not the server
    return "store_unreachable"


def _said(error: Exception) -> str:
    # The client's own sentence repeats request ids and addresses over several lines.
    if isinstance(error, S3Error):
        code, message = error.code or "", error.message
        said = code if message in {None, code} else f"{code}: {message}"
    elif (status := _status(error)) is not None:
        said = f"HTTP {status}"
    elif isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason is not None:
        said = _plain(error.reason)
    else:
        said = _plain(error)
    return said.rstrip(". ")  # it stands inside a sentence of ours


def _plain(error: Exception) -> str:
    """The client wraps what the network said into representations of its own objects."""
    if len(error.args) == 2 and isinstance(error.args[1], Exception):
        return str(error.args[1].args[0] if isinstance(error.args[1], ConnectionError) else error.args[0])
    return re.sub(r"^.*\bobject at 0x[0-9a-f]+>: |^HTTPS?ConnectionPool\(.*?\): ", "", str(error))
