"""The package as `pip install .` leaves it: the command works from any folder, with every rule file and asset inside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import samples
from schemas.version import VERSION

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The house installed apart from its checkout; dependencies are those of the suite."""
    folder, source = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("source")
    for name in _listed("."):  # the build writes beside what it builds
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-build-isolation", "--target", folder, source],
        check=True,
        timeout=240,
    )
    return folder


def _listed(*folders: str) -> list[str]:
    """Files git knows, or would know."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if (ROOT / name).is_file()]


def run(installed: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The installed `sohoa`, started from `/`."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "SOHOA_HOME": str(installed / "home")}
    return subprocess.run(
        [sys.executable, "-P", installed / "bin" / "sohoa", *arguments],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_an_installed_sohoa_reads_and_keeps_a_paper(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "--version").stdout.strip() == f"sohoa {VERSION}"
    batch = tmp_path / "lo"
    samples.make(tmp_path / "scans", 1, 3)
    scan = next(
        path
        for path in (tmp_path / "scans").glob("*/*")
        if path.is_file() and path.suffix not in {".json", ".toml"}
    )
    batch.mkdir()
    scan.rename(batch / scan.name)
    done = run(installed, "digitize", batch, "--plain", "--json")
    assert done.returncode in {0, 3}, done.stderr
    assert json.loads(done.stdout)["files"]["read"] == 1, done.stdout
    assert (installed / "home" / "reports").is_dir()


def test_what_is_installed_is_what_the_checkout_holds(installed: Path) -> None:
    """A rule file that the wheel leaves out would be missed only on a machine without a checkout."""
    rooms = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["packages"]
    assert [name for name in _listed(*rooms) if not (installed / name).is_file()] == []
