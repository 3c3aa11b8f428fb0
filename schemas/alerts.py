"""Alerts: dated rules of when to raise one, and what was raised. No alert names a person or a paper."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic import Field as ModelField

from schemas.rules import DatedRow

Condition = Literal[
    "behind_pace",
    "batch_stuck",
    "batch_stopped",
    "batch_not_closed",
    "night_not_finished",
    "disk_low",
    "unit_without_inventory",
    "fixity_damage",
]
Channel = Literal["log", "email", "webhook"]


class AlertRule(DatedRow):
    """Conditions and channels of an alert.

    `threshold` is a share of 1 behind the target (behind_pace), hours without a page (batch_stuck), days
    (disk_low), papers (unit_without_inventory). A night runs from `night_from` to `night_to` o'clock, Vietnam's.
    """

    rule: Condition
    threshold: float = ModelField(default=0, ge=0)
    night_from: int | None = ModelField(default=None, ge=0, le=23)
    night_to: int | None = ModelField(default=None, ge=0, le=23)
    channels: tuple[Channel, ...] = ("log",)


class Alert(NamedTuple):
    """One alert: its subject, its state (a change of `fingerprint` sends it again) and its wording."""

    rule: str
    subject: str
    fingerprint: str
    message: str
    channels: tuple[str, ...]


class ChannelSpec(BaseModel):
    """Alert channels (`[alerts]` of `sohoa.toml`, `SOHOA_ALERTS__…`); nothing set, nothing sent but the log.

    The password is read from `smtp_password_file` or `SOHOA_SMTP_PASSWORD`; a webhook's address, which may hold a
    token, from `webhook_url_file` or `SOHOA_WEBHOOK_URL`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password_file: Path | None = None
    mail_from: str | None = None
    mail_to: tuple[str, ...] = ()
    webhook_url_file: Path | None = None
    seconds: float = ModelField(default=10, gt=0, le=120)
