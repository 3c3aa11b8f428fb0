"""Wording of a report: language, local formats of numbers and times, masked finding messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from schemas.findings import Finding
from schemas.masking import mask
from schemas.numerals import moment_text, number_text, share_text, value_text
from schemas.wording import say

Render = Callable[[Finding], tuple[str, str | None]]


@dataclass(frozen=True)
class Voice:
    """The language and the renderer of findings."""

    lang: str
    render: Render

    def say(self, key: str, **params: object) -> str:
        """A sentence of the report."""
        return say("report", key, self.lang, **params)

    def number(self, value: float, decimals: int = 0) -> str:
        """A number."""
        return number_text(value, self.lang, decimals)

    def percent(self, share: float) -> str:
        """A fraction of 1, its sign never on a line of its own."""
        text = share_text(share, self.lang, 1)
        return text.replace(" ", "\N{NO-BREAK SPACE}")

    def moment(self, at: datetime | None) -> str:
        """A moment in the province's time."""
        return "—" if at is None else moment_text(at, self.lang)

    def value(self, text: str) -> str:
        """A field's value: dates as people write them."""
        return value_text(text, self.lang)

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
