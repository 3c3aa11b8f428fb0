"""What is shipped and under which licences: docs/licences.md, from the locks and what is installed.

    .venv/bin/python -m scripts.licences [--write]

AGPL is refused, and so is any licence that is not in `ALLOWED` (tests/test_licences.py).
"""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LISTED = ROOT / "docs" / "licences.md"
LOCKS = ("runtime.lock", "line-net.lock")
# As classifiers and free text call them, and as SPDX does.
_SPDX = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "GNU General Public License (GPL)": "GPL-2.0-or-later",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "Artistic License": "Artistic-1.0-Perl",
    "dependency licenses": "",
}
ALLOWED = frozenset(
    {
        *(
            "MIT",
            "MIT-0",
            "MIT-CMU",
            "0BSD",
            "ISC",
            "Zlib",
            "BSD-2-Clause",
            "BSD-3-Clause",
            "Apache-2.0",
            "PSF-2.0",
        ),
        *(
            "CNRI-Python",
            "CC0-1.0",
            "Unlicense",
            "MPL-2.0",
            "LGPL-2.1-or-later",
            "LGPL-3.0-only",
            "Artistic-1.0-Perl",
        ),
    }
)
HEAD = """# Licences

Sohoa itself is under Apache-2.0 ([LICENSE](../LICENSE)). This is what a production machine runs besides, as locked in
`requirements/runtime.lock` and `requirements/line-net.lock`; a package of several licences is listed with all of them.
`make licences` writes this page; the suite holds it against what is installed, and refuses AGPL and whatever is not known
here. `make sbom` writes the same as CycloneDX (`var/sbom.cdx.json`) with versions and hashes. LGPL packages are used as
they are, as modules of their own that anybody may replace.

Vendored files name their licence beside them: htmx (0BSD, `portal/static/NOTICE`), the nets' weights
(`engines/weights/NOTICE`). Programs of the system: Tesseract (Apache-2.0); Poppler (GPL-2.0, only started as a program of
its own); veraPDF (MPL-2.0 or GPL-3.0, checks only).

| package | version | licence |
|---|---|---|
"""


class Package(NamedTuple):
    """A locked package; `licence` is empty where its marker keeps it off this machine."""

    name: str
    version: str
    licence: str


def locked(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Names and versions of every locked package of a production machine."""
    for lock in LOCKS:
        for line in (root / "requirements" / lock).read_text(encoding="utf-8").splitlines():
            found = re.match(r"([A-Za-z0-9_.-]+)==([^ ;\\]+)", line)
            if found:
                yield found[1], found[2]


def licence_of(meta: importlib.metadata.PackageMetadata) -> str:
    """The licence of a package: its SPDX expression, else its classifiers, else its own words."""
    if meta.get("License-Expression"):
        return str(meta["License-Expression"])
    named = [
        line.split("::")[-1].strip() for line in meta.get_all("Classifier") or [] if "License ::" in line
    ]
    named = [name for name in named if name != "OSI Approved"] or re.split(
        r", | AND ", str(meta.get("License") or "")
    )
    return " OR ".join(dict.fromkeys(filter(None, (_SPDX.get(name, name) for name in named))))


def refused(licence: str) -> bool:
    """True for a licence that may not be shipped: none of the alternatives is known to be free of strings for others."""
    alternatives = [re.split(r" AND ", part) for part in re.sub(r"[()]", "", licence).split(" OR ")]
    return not any(all(name.strip() in ALLOWED for name in each) for each in alternatives)


def packages(root: Path = ROOT) -> list[Package]:
    """Every locked package with its licence, by name."""
    found = []
    for name, version in locked(root):
        try:
            licence = licence_of(importlib.metadata.metadata(name))
        except importlib.metadata.PackageNotFoundError:
            licence = ""
        found.append(Package(name, version, licence))
    return sorted(found)


def page() -> str:
    """The page as Markdown."""
    rows = [
        f"| {each.name} | {each.version} | {each.licence or 'not on this system'} |\n" for each in packages()
    ]
    return HEAD + "".join(rows)


def main() -> int:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        LISTED.write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
