"""Quarter and year reports: whose they are, what period they speak of, and how one was issued."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic import Field as ModelField

from schemas.kinds import Row
from schemas.rules import DatedRow

PeriodKind = Literal["quarter", "year"]


class ClosingDay(DatedRow):
    """Day of the last month of a period on which its figures are closed."""

    period: PeriodKind
    day: int = ModelField(ge=1, le=28)


class ReportRules(Row):
    """What periodic reports follow (`reports.toml`)."""

    closing: tuple[ClosingDay, ...]


class OfficeSpec(BaseModel):
    """The office whose reports these are.

    Attributes:
        parent: the office above it, first line of the head; empty: none.
        name: its own name.
        place: where it dates its papers.
        capacity: in what capacity a person signs; lines are parted by ` / `.
        recipients: who gets the report; parted by `;`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parent: str = ""
    name: str = "ỦY BAN NHÂN DÂN TỈNH KHÁNH HÒA"
    place: str = "Khánh Hòa"
    capacity: str = "TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH / PHÓ CHỦ TỊCH"
    recipients: str = "Như trên; Lưu: VT"


class Period(NamedTuple):
    """A quarter or year. `first` and `closing` are the first and last day of its figures; `quarter` is 0 for a year."""

    kind: PeriodKind
    year: int
    quarter: int
    first: date
    closing: date

    @property
    def name(self) -> str:
        """As it is typed: `2026/3`, `2026`."""
        return f"{self.year}/{self.quarter}" if self.quarter else str(self.year)


class Correction(NamedTuple):
    """The report that a new one takes the place of, and why."""

    id: str
    at: str
    reason: str


class ReportContent(NamedTuple):
    """What is printed besides the figures.

    Attributes:
        period: the period.
        office: whose report it is.
        frozen: id of the frozen set; None for a draft.
        id: fingerprint of all that the report says; empty for a draft.
        difficulties: the office's own words, one paragraph a line.
        without_inventory: units that stood on the closing day and have sent no inventory, by level.
        corrects: the report that it takes the place of.
    """

    period: Period
    office: OfficeSpec
    frozen: str | None
    id: str
    difficulties: tuple[str, ...]
    without_inventory: tuple[tuple[str, tuple[str, ...]], ...]
    corrects: Correction | None = None


class PeriodReport(BaseModel):
    """A quarter's or year's report as it was issued.

    Attributes:
        id: fingerprint of what it says, under the rules of `version`.
        pdf: SHA-256 of its PDF; `xlsx` and `docx` likewise, the last None for those issued before there was one.
        at: when it was issued, RFC 3339; `by` whom.
        corrects: id of the report that it took the place of, with `reason`.
        approved_at: when a leader approved it; `approved_by` under what name, `approved_as` in what capacity.
        replaced_by: id of the report that took its place.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    version: int
    period: str
    as_of: date
    series: str
    lang: str
    frozen: str
    pdf: str
    xlsx: str
    docx: str | None = None
    at: str
    by: str
    corrects: str | None = None
    reason: str = ""
    approved_at: str | None = None
    approved_by: str | None = None
    approved_as: str | None = None
    replaced_by: str | None = None

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of each file by its ending."""
        return {"pdf": self.pdf, "xlsx": self.xlsx, **({"docx": self.docx} if self.docx else {})}
