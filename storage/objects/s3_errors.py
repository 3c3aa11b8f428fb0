"""Failures of an S3 server: which pass and are tried again, and the remedy of each that stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import urllib3
from minio.error import MinioException, S3Error, ServerError
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
    said = f"{error.code}: {error.message}" if isinstance(error, S3Error) else str(error)
    return said.rstrip(". ")  # it stands inside a sentence of ours
