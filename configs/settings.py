"""Settings of one machine, from the environment (`SOHOA_*`) or `SOHOA_HOME/sohoa.toml`; the command line wins.

Credentials never stand here: the S3 keys are read from the environment or from files at the moment they are needed.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from schemas.alerts import ChannelSpec
from schemas.errors import ConfigurationError
from schemas.machines import MachinesSpec
from schemas.night_window import parse_window
from schemas.people import PortalSpec
from schemas.period_reports import OfficeSpec
from schemas.stores import StoreSpec

FILE = "sohoa.toml"
CALIBRATION = "calibration.toml"
SECOND_KEYING = "second_keying.toml"
_PREFIX = "SOHOA_"
_NEAR = 0.75  # likeness from which an environment variable is taken for a misspelt setting
# Read elsewhere, at the moment they are needed: secrets, and marks of our own processes.
_OTHER_VARIABLES = {
    *("S3_ACCESS_KEY", "S3_SECRET_KEY", "SMTP_PASSWORD", "WEBHOOK_URL", "METRICS_KEY"),
    *("RUN_ID", "SERVE", "VERAPDF_JAR", "VERSITYGW", "BENCH"),
}


def absolute(path: Path) -> Path:
    """An absolute path: workers and scheduled runs start in another working directory."""
    return Path(os.path.abspath(path.expanduser()))


def _hours(night: str | None) -> str | None:
    """Refuse a night window that nobody could keep, before any command works under it."""
    if night:
        parse_window(night)
    return night


Place = Annotated[Path, AfterValidator(absolute)]
Night = Annotated[str | None, AfterValidator(_hours)]


def default_home() -> Path:
    """The machine's data folder: `$SOHOA_HOME`, else `~/.local/share/sohoa`."""
    return Path(os.environ.get("SOHOA_HOME") or Path.home() / ".local" / "share" / "sohoa")


class Settings(BaseSettings):
    """One machine's settings.

    Attributes:
        home: everything kept lies under it.
        lang: language of sentences for people.
        operator: the responsible person; default the OS user.
        workers: processes that read pages; default one per core.
        orchestrator: `prefect` runs a batch as a flow, `plain` without a server, `pool` on every machine that has
            joined with `sohoa worker`.
        machines: how machines share the work of `pool`.
        database_url: SQLAlchemy URL of the catalogue; default SQLite under `home`.
        store: where objects lie; default a folder under `home`.
        alerts: where alerts are sent.
        engine: which OCR engine reads first; default that of `configs/reading.toml`.
        verapdf: `auto` checks when veraPDF is there, `off` never, `required` refuses to run without it.
        outage_minutes: how long to wait for an unreachable store before a run gives up.
        night: hours in which scheduled batches run, as `22:00-06:00` in Việt Nam's time; default any hour.
        inbox: a folder watched by `sohoa serve`; every folder in it is a batch.
        inbox_marker: name of the file that says a folder of the inbox is complete.
        inbox_quiet_minutes: without it, how long nothing may have changed in the folder.
        void_needs_two: whether voiding a code needs a second operator.
        confirm_typed: an owner's identifier or a number that a person typed goes into a code once typed `twice`, once
            an `other_operator` typed it too, or at once (`off`).
        portal: where the web page is served, how, and how long a person stays signed in.
        office: whose quarter and year reports these are, and who signs them.
        link_minutes: for how long a link of the look-up API to a PDF/A is good.
        work_agency: agency named in PDF/A files as the one that converted the paper.
        log_level, log_format: from which level lines are logged; for people, or one JSON object a line.
    """

    model_config = SettingsConfigDict(
        env_prefix="SOHOA_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    home: Place = Field(default_factory=default_home)
    lang: Literal["vi", "en"] = "vi"
    operator: str | None = None
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    orchestrator: Literal["prefect", "plain", "pool"] = "prefect"
    machines: MachinesSpec = MachinesSpec()
    database_url: str | None = Field(default=None, repr=False)  # may hold a password
    store: StoreSpec = StoreSpec()
    alerts: ChannelSpec = ChannelSpec()
    engine: str | None = None
    verapdf: Literal["auto", "off", "required"] = "auto"
    outage_minutes: float = Field(default=30, ge=0)
    night: Night = None
    inbox: Place | None = None
    inbox_marker: str = "SAN-SANG"
    inbox_quiet_minutes: float = Field(default=30, ge=0)
    link_minutes: float = Field(default=10, gt=0, le=1440)
    work_agency: str | None = None
    office: OfficeSpec = OfficeSpec()
    portal: PortalSpec = PortalSpec()
    void_needs_two: bool = False
    confirm_typed: Literal["twice", "other_operator", "off"] = "twice"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    log_format: Literal["text", "json"] = "text"

    @classmethod
    def load(cls, **given: Any) -> Settings:
        """The settings of this machine; `given` (the command line) wins over environment and file.

        Raises:
            ConfigurationError: a setting is unknown or cannot be used; it is named, with the nearest one that exists.
        """
        home = absolute(Path(given.get("home") or default_home()))
        _refuse_misspelt_variables(os.environ)
        try:
            return cls(**given)
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(
                f"{home / FILE}: {error}", remedy="settings_unreadable", path=home / FILE
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"{home / FILE}: {error}", remedy="settings_unreadable", path=home / FILE
            ) from error
        except ValidationError as error:
            raise _unusable(error, home / FILE) from error

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
        toml = TomlConfigSettingsSource(settings_cls, toml_file=absolute(Path(home)) / FILE)
        return (init_settings, env_settings, toml)

    @property
    def catalogue_url(self) -> str:
        """SQLAlchemy URL of the catalogue."""
        return self.database_url or f"sqlite:///{self.home / 'catalogue.db'}"

    @property
    def run_root(self) -> Path:
        """Folder of the locks of live runs."""
        return self.home / "run"

    @property
    def lists(self) -> Path:
        """Folder of imported lists of procedures and result types."""
        return self.home / "lists"

    @property
    def calibration(self) -> Path:
        """Thresholds that this home applied from its own checked values."""
        return self.home / CALIBRATION

    @property
    def second_keying(self) -> Path:
        """What this home has keyed a second time, where it does not go by the shipped rows."""
        return self.home / SECOND_KEYING

    @property
    def store_place(self) -> str:
        """Location of the object store for display: a folder, or the bucket on its server."""
        if self.store.kind == "s3":
            return f"{self.store.endpoint}/{self.store.bucket}"
        return str(self.store.root or self.home / "store")

    @property
    def reports(self) -> Path:
        """Folder of reports for people."""
        return self.home / "reports"


def known_keys(model: type[BaseModel] = Settings, before: str = "") -> Iterator[str]:
    """Every setting by its dotted key (`store.kind`)."""
    for name, field in model.model_fields.items():
        yield before + name
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from known_keys(kind, f"{before}{name}.")


def _unusable(error: ValidationError, path: Path) -> ConfigurationError:
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"]) or "?"
    if first["type"] == "extra_forbidden":
        return _unknown(key, path)
    value = first["msg"]
    return ConfigurationError(
        f"setting {key}: {value}", remedy="setting_unusable", key=key, reason=value, path=path
    )


def _unknown(key: str, path: Path | str) -> ConfigurationError:
    nearest = _nearest(key.replace("__", "."))
    return ConfigurationError(
        f"unknown setting {key}", remedy="setting_unknown", key=key, nearest=nearest or "–", path=path
    )


def _nearest(key: str, cutoff: float = 0.4) -> str | None:
    found = difflib.get_close_matches(key.lower(), list(known_keys()), n=1, cutoff=cutoff)
    return found[0] if found else None


def _refuse_misspelt_variables(environment: Mapping[str, str]) -> None:
    """A misspelt `SOHOA_DATABASE_URL` would silently give SQLite. Variables that resemble no setting are not ours."""
    known = set(known_keys())
    for variable in environment:
        name = variable.removeprefix(_PREFIX)
        key = name.lower().replace("__", ".")
        ours = variable.startswith(_PREFIX) and name not in _OTHER_VARIABLES
        if ours and key not in known and _nearest(key, _NEAR):
            raise _unknown(variable, "environment")
