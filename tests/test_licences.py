"""What is shipped is listed with its licence, and AGPL is not shipped."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from scripts.licences import LISTED, ROOT, locked, packages, refused


def test_every_locked_package_is_listed_with_the_licence_it_is_installed_with() -> None:
    table = LISTED.read_text(encoding="utf-8").partition("|---|---|---|\n")[2]
    rows = dict(re.findall(r"^\| (\S+) \| \S+ \| (.+?) \|$", table, re.MULTILINE))
    assert set(rows) == {name for name, _ in locked()}, "make licences"
    for package in packages():
        # Another Python or system has other packages of the same lock.
        if package.licence and rows[package.name] != "not on this system":
            assert rows[package.name] == package.licence, f"{package.name}: make licences"
    assert set(locked()) == set(re.findall(r"^\| (\S+) \| (\S+) \|", table, re.MULTILINE)), "make licences"


def test_no_package_is_under_a_licence_that_may_not_be_shipped() -> None:
    assert not [each for each in packages() if each.licence and refused(each.licence)]


@pytest.mark.parametrize(
    "licence",
    [
        "AGPL-3.0-only",
        "MIT AND AGPL-3.0-or-later",
        "GPL-3.0-only",
        "Proprietary",
        "",
        "SSPL-1.0 OR AGPL-3.0-only",
    ],
)
def test_agpl_and_unknown_licences_are_refused(licence: str) -> None:
    assert refused(licence)


def test_one_of_two_licences_that_may_be_shipped_is_enough() -> None:
    assert not refused("Artistic-1.0-Perl OR GPL-2.0-or-later")
    assert not refused("MPL-2.0 AND (Apache-2.0 OR MIT)")


def test_a_bill_of_materials_names_every_locked_package_with_its_hashes(tmp_path: Path) -> None:
    out = tmp_path / "sbom.json"
    subprocess.run([ROOT / "scripts" / "sbom.sh", out], check=True, capture_output=True, cwd=ROOT)
    made = json.loads(out.read_text(encoding="utf-8"))
    assert made["bomFormat"] == "CycloneDX"
    assert {part["name"] for part in made["components"]} >= {name for name, _ in locked()}
    assert all(part["externalReferences"][0]["hashes"] for part in made["components"])
