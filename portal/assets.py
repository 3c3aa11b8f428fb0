"""Files that pages are made of: named by their content, so that a browser keeps them for good."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_SHORT: Final = 12


class Asset(NamedTuple):
    """One file."""

    data: bytes
    media_type: str


class Assets:
    """Every file of `static/`, by the name that it is asked for."""

    def __init__(self) -> None:
        self._by_name: dict[str, Asset] = {}
        self._named: dict[str, str] = {}
        for path in sorted(_FOLDER.iterdir()):
            if path.suffix in _TYPES:
                data = path.read_bytes()
                stem = path.name.removesuffix(path.suffix)
                name = f"{stem}.{hashlib.sha256(data).hexdigest()[:_SHORT]}{path.suffix}"
                self._by_name[name] = Asset(data, _TYPES[path.suffix])
                self._named[path.name] = f"/static/{name}"

    def address(self, file: str) -> str:
        """Where a page finds a file."""
        return self._named[file]

    def get(self, name: str) -> Asset | None:
        """The file of that name, None if there is none: no path is ever made of what was asked for."""
        return self._by_name.get(name)
