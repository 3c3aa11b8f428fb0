"""How a report speaks: its language, numbers and moments as people there write them, sentences of findings masked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

from quality.audit_words import AUDIT
from quality.sentences import REPORT, say
from schemas.findings import Finding
from schemas.masking import mask
from schemas.text import vn_date, vn_number, vn_percent

Render = Callable[[Finding], tuple[str, str | None]]
_VIETNAM: Final = timezone(timedelta(hours=7))


@dataclass(frozen=True)
class Voice:
    """The language, and who renders findings."""

    lang: str
    render: Render

    def say(self, key: str, **params: object) -> str:
        """A sentence of the report."""
        return say(AUDIT if key in AUDIT else REPORT, key, self.lang, **params)

    def number(self, value: float, decimals: int = 0) -> str:
        """A number."""
        return vn_number(value, decimals) if self.lang == "vi" else f"{value:,.{decimals}f}"

    def percent(self, share: float) -> str:
        """A fraction of 1, its sign never on a line of its own."""
        text = vn_percent(share, 1) if self.lang == "vi" else f"{share * 100:.1f} %"
        return text.replace(" ", "\N{NO-BREAK SPACE}")

    def moment(self, at: datetime | None) -> str:
        """A moment in the province's time."""
        if at is None:
            return "—"
        local = at.astimezone(_VIETNAM)
        return local.strftime("%d/%m/%Y %H:%M" if self.lang == "vi" else "%Y-%m-%d %H:%M")

    def value(self, text: str) -> str:
        """A field's value: dates as people write them."""
        try:
            day = date.fromisoformat(text) if len(text) == 10 else None
        except ValueError:
            day = None
        return vn_date(day) if day and self.lang == "vi" else text

    def sentence(self, finding: Finding) -> tuple[str, str | None]:
        """A finding's message and remedy."""
        message, remedy = self.render(finding)
        return mask(message), remedy and mask(remedy)

    def pages(self, pages: tuple[int, ...]) -> str:
        """Page numbers, runs of them as `3–7`."""
        runs: list[list[int]] = []
        for page in sorted(pages):
            if runs and page == runs[-1][1] + 1:
                runs[-1][1] = page
            else:
                runs.append([page, page])
        return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in runs)
