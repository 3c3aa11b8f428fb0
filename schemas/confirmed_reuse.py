"""Re-use that one-stop desks confirmed through the look-up API, dossier by dossier (KH 5283 III.9-10).

Beside the counts that units hand in, and no part of them: a desk's software knows what was re-used, not what was received.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from schemas.documents import Level

LONGEST_NAME: Final = 100


class ConfirmedReuse(BaseModel):
    """A stored result that took the place of a component in a dossier; a row for each pair of dossier and component.

    Attributes:
        dossier: `MaHoSo`.
        component: `MaThanhPhanHoSo`.
        code: `MaKetQuaThayThe`, the code of the result.
        document_id: the paper that bears the code.
        level, unit: whose desk it was; None: not known.
        desk: as the desk calls itself.
        at: when the desk confirmed it.
        system: the software that passed it on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dossier: str
    component: str
    code: str
    document_id: str
    level: Level | None = None
    unit: str | None = None
    desk: str
    at: datetime
    system: str


class ConfirmedUnit(BaseModel):
    """Distinct dossiers of a unit in a month, each counted in the month of its first confirmation.

    Attributes:
        month: `2026-03`.
        components: components of these dossiers that were replaced.
        counted_by_import: of the dossiers, those on days of which an imported row tells; its count holds, not these.
    """

    model_config = ConfigDict(frozen=True)

    level: Level | None
    unit: str | None
    month: str
    dossiers: int
    components: int
    counted_by_import: int


class ConfirmedReport(BaseModel):
    """Confirmed re-use in a span of days; `beside_imports` are the dossiers that no imported count covers."""

    model_config = ConfigDict(frozen=True)

    dossiers: int = 0
    counted_by_import: int = 0
    beside_imports: int = 0
    units: tuple[ConfirmedUnit, ...] = ()
