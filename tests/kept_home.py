"""A small digitised home for tests of what is kept: two coded papers and a second scan of one. No test lives here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.machine import Machine
from tests.printed_pages import Row
from tests.reviewed_batch import birth, make_home

BATCH = "hộp-21"
_OWNER = "Số định danh cá nhân: 056221001234"


def _again(rows: list[Row]) -> list[Row]:
    """The same words elsewhere on the page: another scan of the same paper."""
    return [(text, x, y + 0.004) for text, x, y in rows]


SCANS = {
    BATCH: {
        "a.png": birth("131/2021", định_danh=_OWNER),
        "b.png": birth("132/2021", định_danh=_OWNER),
        "c.png": _again(birth("131/2021", định_danh=_OWNER)),
    }
}


def make_kept_home(folder: Path) -> Path:
    """Digitise the batch into `folder/home`; its scans stay in `folder/<batch>`."""
    return make_home(folder, SCANS)


def machine_with(home: Path, folder: Path) -> Machine:
    """The command line over a copy of a home."""
    machine = Machine(folder, SOHOA_OPERATOR="chị Lan", SOHOA_ORCHESTRATOR="plain", SOHOA_WORKERS="1")
    shutil.copytree(home, machine.home)
    return machine


def shown(machine: Machine) -> dict[str, Any]:
    """The batch as the command line answers."""
    answer: dict[str, Any] = machine.json("batch", "show", BATCH)
    return answer


def by_file(machine: Machine) -> dict[str, dict[str, Any]]:
    """Documents of the batch by file."""
    return {each["file"]: each for each in shown(machine)["documents"]}


def object_path(machine: Machine, key: str) -> Path:
    """The file that an object of the local store is."""
    return machine.home / "store" / key


def flip(path: Path) -> bytes:
    """Turn one bit over. Returns the bytes as they were."""
    good = path.read_bytes()
    bad = bytearray(good)
    bad[len(bad) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(bad)
    return good
