"""What machines need before they can share work: a catalogue, a store and a Prefect server that all of them reach."""

from __future__ import annotations

import os

from configs.settings import Settings
from schemas.errors import SetupError


def require_pool(settings: Settings) -> None:
    """Refuse to share work that others could not reach.

    Raises:
        SetupError: what is missing, and its remedy.
    """
    if not settings.catalogue_url.startswith("postgresql"):
        raise SetupError("the catalogue is a file of this machine", remedy="pool_needs_postgresql")
    if settings.store.kind == "local" and settings.store.root is None:
        raise SetupError("the store is a folder of this machine", remedy="pool_needs_s3")
    if not os.environ.get("PREFECT_API_URL"):
        raise SetupError("no Prefect server is named", remedy="pool_needs_prefect")
