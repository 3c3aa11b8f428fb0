"""The version, in one place, and the name that events, PDF/A files and `sohoa --version` give this tool."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
TOOL: Final = f"sohoa {VERSION}"
