"""The version, and the tool name used in events, PDF/A files and `sohoa --version`."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
TOOL: Final = f"sohoa {VERSION}"
