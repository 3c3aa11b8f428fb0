"""Settings of one machine, from the environment (`SOHOA_*`) or `SOHOA_HOME/sohoa.toml`; the command line wins.

Credentials never stand here: the S3 keys are read from the environment or from files at the moment they are needed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from schemas.alerts import ChannelSpec
from schemas.stores import StoreSpec


def default_home() -> Path:
    """Where a machine keeps everything: `$SOHOA_HOME`, else `~/.local/share/sohoa`."""
    return Path(os.environ.get("SOHOA_HOME") or Path.home() / ".local" / "share" / "sohoa")


class Settings(BaseSettings):
    """One machine's settings.

    Attributes:
        home: everything kept lies under it.
        lang: language of sentences for people.
        operator: who answers for what is done; default the OS user.
        workers: processes that read pages; default one a core.
        orchestrator: `prefect` runs a batch as a flow, `plain` without a server.
        database_url: SQLAlchemy URL of the catalogue; default SQLite under `home`.
        store: where objects lie; default a folder under `home`.
        alerts: where alerts are sent.
        verapdf: `auto` checks when veraPDF is there, `off` never, `required` refuses to run without it.
        night: hours in which scheduled batches run, as `22:00-06:00` in Việt Nam's time; default any hour.
        inbox: a folder watched by `sohoa serve`; each folder in it is a batch.
        inbox_marker: name of the file that says a folder of the inbox is complete.
        inbox_quiet_minutes: without it, how long nothing may have changed in the folder.
        void_needs_two: whether voiding a code needs a second operator.
        work_agency: agency named in PDF/A files as the one that converted the paper.
    """

    model_config = SettingsConfigDict(
        env_prefix="SOHOA_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    home: Path = Field(default_factory=default_home)
    lang: Literal["vi", "en"] = "vi"
    operator: str | None = None
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    orchestrator: Literal["prefect", "plain"] = "prefect"
    database_url: str | None = None
    store: StoreSpec = StoreSpec()
    alerts: ChannelSpec = ChannelSpec()
    verapdf: Literal["auto", "off", "required"] = "auto"
    night: str | None = None
    inbox: Path | None = None
    inbox_marker: str = "SAN-SANG"
    inbox_quiet_minutes: float = Field(default=30, ge=0)
    work_agency: str | None = None
    void_needs_two: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line over environment over the home's own file; no .env is read."""
        del dotenv_settings, file_secret_settings
        home = getattr(init_settings, "init_kwargs", {}).get("home") or default_home()
        toml = TomlConfigSettingsSource(settings_cls, toml_file=Path(home) / "sohoa.toml")
        return (init_settings, env_settings, toml)

    @property
    def catalogue_url(self) -> str:
        """SQLAlchemy URL of the catalogue."""
        return self.database_url or f"sqlite:///{self.home / 'catalogue.db'}"

    @property
    def run_root(self) -> Path:
        """Where live runs keep their locks."""
        return self.home / "run"

    @property
    def reports(self) -> Path:
        """Where reports for people lie."""
        return self.home / "reports"
