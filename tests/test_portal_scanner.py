"""A scanner of web pages (wapiti) signed in as several people over a seeded home finds nothing of weight."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.machine import ROOT
from tests.portal_home import Portal, papers_of, portal_over

SCANNER = ROOT / ".tools/wapiti/bin/wapiti"
# Those that ask a server elsewhere for what came back (ssrf, xxe, log4shell) are left out: nothing leaves this machine.
MODULES = "cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,sql,timesql,upload,xss"
# No fault here: asked over plain HTTP on this machine. Over TLS the flag is set (tests/test_portal_security.py).
EXPECTED = {"Secure Flag cookie"}


def scanned(portal: Portal, name: str, folder: Path, *starts: str) -> list[tuple[str, str, str]]:
    """Kind, method with path, and words of each finding."""
    browser = portal.signed_in(name)
    cookies = "; ".join(f"{key}={value}" for key, value in browser.http.cookies.items())
    report = folder / f"{name}.json"
    argv: list[str | Path] = [SCANNER, "-u", f"{portal.address}/", "-m", MODULES, "-C", cookies, "-f", "json"]
    argv += ["-o", report, "--flush-session", "--no-bugreport", "-x", f"{portal.address}/logout", "-v", "0"]
    argv += ["--store-session", folder / name, "--store-config", folder / "config"]
    argv += ["--max-scan-time", "120", "--max-attack-time", "60", "--tasks", "2", "-d", "6"]
    for start in starts:
        argv += ["-s", f"{portal.address}{start}"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=1800, check=False)
    assert report.exists(), done.stderr[-2000:]
    told = json.loads(report.read_text("utf-8"))
    assert told["infos"]["crawled_pages_nbr"] > 50, told["infos"]
    return [
        (kind, f"{each['method']} {each['path']}", each["info"])
        for group in ("vulnerabilities", "anomalies")
        for kind, found in told[group].items()
        for each in found
    ]


@pytest.mark.long
@pytest.mark.parametrize("name", ["vân", "tin"])
def test_a_scanner_signed_in_finds_nothing_of_weight(digitised: Path, tmp_path: Path, name: str) -> None:
    with portal_over(digitised, tmp_path / "portal") as portal:
        paper = papers_of(portal.machine.home)["01.png"]
        found = scanned(portal, name, tmp_path, f"/papers/{paper}", f"/review/{paper}", "/search", "/figures")
        failed = [line for line in portal.lines() if line.get("status", 0) >= 500]
    assert failed == []
    assert [each for each in found if each[0] not in EXPECTED] == []
