"""deploy/systemd and deploy/proxy: units that systemd accepts, commands and options that exist, settings that are known."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.commands import COMMANDS
from configs.settings import _OTHER_VARIABLES, known_keys
from flows.orchestra import QUIET
from tests.machine import ROOT, Machine

UNITS = ROOT / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
OTHERS = {"SOHOA_BACKUPS", "SOHOA_BACKUP_STORE"}  # deploy/backup.sh reads it
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "SystemCallFilter": "@system-service",
    "UMask": "0077",
    "User": "sohoa",
}


def parsed(unit: Path) -> configparser.ConfigParser:
    """A unit's sections."""
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(unit, encoding="utf-8")
    return found


def keys_of(file: str) -> dict[str, str]:
    """Every key of an example, those that are commented out too."""
    text = (UNITS / file).read_text(encoding="utf-8")
    return dict(re.findall(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", text, re.M))


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_exists_with_options_that_it_knows(unit: Path, tmp_path: Path) -> None:
    program, *words = shlex.split(parsed(unit)["Service"]["ExecStart"])
    assert program.startswith("/opt/sohoa/")
    if program.endswith("/sohoa"):
        target: object = COMMANDS
        path = []
        while isinstance(target, dict):
            path.append(words.pop(0))
            target = target[path[-1]]
        told = Machine(tmp_path).run(*path, "--help").stdout
        assert [word for word in words if word.startswith("--") and word not in told] == []
    elif program.endswith("/prefect"):
        assert words[:2] == ["server", "start"]
    else:
        script = ROOT / program.removeprefix("/opt/sohoa/")
        assert os.access(script, os.X_OK)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_unit_runs_as_an_ordinary_user_that_may_write_to_its_own_state_alone(unit: Path) -> None:
    service = parsed(unit)["Service"]
    assert HARDENED.items() <= dict(service).items()
    assert service["EnvironmentFile"] in {"/etc/sohoa/sohoa.env", "/etc/sohoa/prefect.env"}


def test_a_worker_is_stopped_by_sigint_and_serve_by_sigterm() -> None:
    assert parsed(UNITS / "sohoa-worker@.service")["Service"]["KillSignal"] == "SIGINT"
    assert parsed(UNITS / "sohoa-serve.service")["Service"]["KillSignal"] == "SIGTERM"


def test_systemd_accepts_every_unit_and_finds_them_well_closed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not here")
    place = tmp_path / "opt"
    for program in (".venv/bin/sohoa", ".venv/bin/prefect", "deploy/backup.sh"):
        (place / program).parent.mkdir(parents=True, exist_ok=True)
        (place / program).write_text("#!/bin/sh\n")
        (place / program).chmod(0o755)
    units = []
    for unit in (*SERVICES, *UNITS.glob("*.timer")):
        name = unit.name.replace("@.", "@2.")
        units.append(tmp_path / name)
        units[-1].write_text(unit.read_text(encoding="utf-8").replace("/opt/sohoa/", f"{place}/"))
    done = subprocess.run(
        [analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "sohoa" in line or "prefect" in line]
    assert (done.returncode, ours) == (0, [])
    for unit in units:
        if unit.suffix == ".service":
            rated = subprocess.run(
                [analyze, "security", "--offline=yes", "--threshold=35", "--no-pager", unit],
                capture_output=True,
                text=True,
                check=False,
            )
            assert rated.returncode == 0, rated.stdout[-300:]


def test_every_timer_has_its_service() -> None:
    timers = sorted(UNITS.glob("*.timer"))
    assert {timer.stem for timer in timers} == {"sohoa-alerts", "sohoa-backup", "sohoa-verify"}
    for timer in timers:
        assert timer.with_suffix(".service").exists()
        assert parsed(timer)["Timer"]["Persistent"] == "true"


def test_the_example_settings_are_known_ones_and_hold_no_secret(tmp_path: Path) -> None:
    keys = keys_of("sohoa.env.example")
    known = {f"SOHOA_{key.upper().replace('.', '__')}" for key in known_keys()}
    known |= {f"SOHOA_{name}" for name in _OTHER_VARIABLES} | OTHERS
    assert {key for key in keys if key.startswith("SOHOA_")} - known == set()
    assert not [key for key in keys if key.endswith(("_PASSWORD", "SECRET_KEY", "ACCESS_KEY"))]
    assert ":" not in keys["SOHOA_DATABASE_URL"].strip('"').partition("@")[0].removeprefix("postgresql://")
    machine = Machine(tmp_path)
    shown = (UNITS / "sohoa.env.example").read_text(encoding="utf-8")
    live = dict(re.findall(r"^([A-Z][A-Z0-9_]+)=(.*)$", shown, re.M))
    ours = {"SOHOA_HOME", "TMPDIR", "SOHOA_STORE__ROOT", "SOHOA_VERAPDF_JAR", "SOHOA_VERAPDF"}
    machine.environment |= {key: shlex.split(value)[0] for key, value in live.items() if key not in ours}
    machine.environment["SOHOA_STORE__ROOT"] = str(tmp_path / "store")
    assert machine.run("batch", "list").returncode == 0


def test_prefects_server_is_quiet_by_its_example() -> None:
    keys = keys_of("prefect.env.example")
    assert QUIET.items() <= keys.items()
    assert keys["PREFECT_SERVER_UI_STATIC_DIRECTORY"].startswith("/var/lib/sohoa/"), "where it may write"
    table = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
    assert f"`{keys['PGPASSFILE']}`" in table, "a file that the guide has made"
    assert "@" in keys["PREFECT_API_DATABASE_CONNECTION_URL"]
    assert ":" not in keys["PREFECT_API_DATABASE_CONNECTION_URL"].partition("@")[0].partition("://")[2]


def test_the_proxies_pass_the_host_on_and_ask_who_looks_at_prefects_page() -> None:
    nginx = (ROOT / "deploy" / "proxy" / "nginx.conf").read_text(encoding="utf-8")
    caddy = (ROOT / "deploy" / "proxy" / "Caddyfile").read_text(encoding="utf-8")
    for text in (nginx, caddy):
        assert text.count("{") == text.count("}")
        assert "127.0.0.1:8350" in text and "127.0.0.1:4200" in text
        page = text[text.index("prefect.sohoa.example.vn {" if text is caddy else "auth_basic") :]
        assert "basic" in page and "127.0.0.1:4200" in page
    assert nginx.count("proxy_set_header Host $host;") == 2
    assert "X-Forwarded-For $remote_addr" in nginx  # never what the browser itself says
