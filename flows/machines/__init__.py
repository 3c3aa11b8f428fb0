"""Work of one batch on many machines: one run hands its chunks out, process workers anywhere take and claim them."""

from __future__ import annotations

from typing import Final

POOL: Final = "sohoa-work"
DEPLOYMENT: Final = "sohoa"
