"""Ends with 0 if an address answers 200, else with 1: for health checks of containers and units."""

from __future__ import annotations

import ssl
import sys
import urllib.request


def healthy(url: str) -> bool:
    """True if the address answers 200 within five seconds; whose certificate it is, is not this check's business."""
    context = ssl._create_unverified_context() if url.startswith("https:") else None
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if all(healthy(url) for url in sys.argv[1:]) else 1)
