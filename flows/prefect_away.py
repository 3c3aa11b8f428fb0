"""A Prefect server that is away or refuses: waited for before a batch is begun, told in a sentence. Imports no Prefect."""

from __future__ import annotations

import contextlib
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Final

import structlog

from schemas.errors import SetupError, SohoaError

_LONGEST_PAUSE: Final = 30.0
_ASK_SECONDS: Final = 10.0
_OF_THE_WAY: Final = ("httpx", "httpcore", "prefect", "websockets")
_log = structlog.get_logger(__name__)


def wait_for_server(url: str, seconds: float) -> None:
    """Wait until a Prefect server answers, with growing pauses and one line.

    Raises:
        SetupError: it does not, for so long, or it refuses.
    """
    pause, began, away = 0.5, time.monotonic(), False
    while (why := _away(url)) is not None:
        if time.monotonic() - began + pause > seconds:
            raise SetupError(f"Prefect {url}: {why}", remedy="prefect_unreachable", url=url, reason=why)
        if not away:
            _log.warning("prefect_away", url=url, detail=why, waiting_seconds=seconds)
        away = True
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
    if away:
        _log.warning("prefect_back", url=url)


@contextlib.contextmanager
def told_in_a_sentence(url: str | None) -> Iterator[None]:
    """What Prefect's own client raises of a server that is lost becomes an error of ours; errors of ours pass as they are.

    Raises:
        SetupError: the server was lost on the way, or refuses.
    """
    try:
        yield
    except SohoaError:
        raise
    except Exception as error:
        if url is None or not _of_the_server(error):
            raise
        why = _root(error)
        raise SetupError(
            f"Prefect {url}: {why}", remedy="prefect_unreachable", url=url, reason=why
        ) from error


def _away(url: str) -> str | None:
    """Why a server cannot be used now; None if it answers, whatever it says: its own client knows the keys."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=_ASK_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}" if error.code >= 500 else None
    except urllib.error.URLError as error:
        # A certificate that only Prefect's own settings know is for its client to judge.
        return None if "CERTIFICATE" in str(error.reason) else str(error.reason)
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _of_the_server(error: Exception) -> bool:
    return any(type(each).__module__.partition(".")[0] in _OF_THE_WAY for each in _chain(error))


def _root(error: Exception) -> str:
    """What the network or the server said first, in one line."""
    said = [str(each).strip() for each in _chain(error)]
    told = [words for words in said if words]
    return " ".join(told[-1].splitlines()[0].split()) if told else type(error).__name__
