"""The web page as people use it: a real process over a copy of a digitised home, accounts in it, a client. No test here."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from portal import passwords
from schemas.people import Role
from storage.catalogue import accounts, documents
from storage.catalogue.database import Database
from tests.machine import Machine
from tests.reviewed_batch import BATCH
from tests.servers import free_port

WORD = "một con mèo trên mái nhà"
UNIT, OTHER_UNIT = "Xã Diên Khánh", "Phường Nha Trang"
# Everybody: role, units, batches. Units by the codes of the shipped lists.
PEOPLE: dict[str, tuple[Role, tuple[str, ...], tuple[str, ...]]] = {
    "vân": (Role.ARCHIVIST, (), ()),
    "lan": (Role.REVIEWER, (), ()),
    "phê": (Role.APPROVER, (), ()),
    "tin": (Role.IT, (), ()),
    "tra": (Role.AUDITOR, (), ()),
    "xã này": (Role.REVIEWER, ("22651",), ()),
    "xã khác": (Role.REVIEWER, ("22366",), ()),
    "thầu": (Role.ARCHIVIST, (), (BATCH,)),
    "thầu khác": (Role.ARCHIVIST, (), ("hộp-99",)),
}


@cache
def _hash() -> str:
    return passwords.hashed(WORD)


class Portal:
    """A running web page."""

    def __init__(self, machine: Machine, *options: str) -> None:
        self.machine = machine
        self.log = machine.folder / "portal.log"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                machine.argv("portal", "--port", str(self.port), *options),
                env=machine.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            try:
                if httpx.get(f"{self.address}/health", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("it never answered")

    def stop(self) -> int:
        """End it as `sohoa serve` does. Returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def lines(self) -> list[dict[str, Any]]:
        """What it logged."""
        text = self.log.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def browser(self) -> Browser:
        """A browser that nobody is signed in with."""
        return Browser(self.address)

    def signed_in(self, name: str) -> Browser:
        """A browser that somebody is signed in with."""
        browser = self.browser()
        done = browser.sign_in(name)
        assert (done.status_code, done.headers.get("location")) == (303, "/"), done.text
        return browser


class Browser:
    """A client that keeps cookies and sends a page's token with each form."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(
            base_url=address, timeout=30, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Load a page; redirects are not followed."""
        return self.http.get(path, **more)

    def token(self, path: str = "/") -> str:
        """The token of the forms of a page."""
        found = re.search(r'name="token" value="([0-9a-f]*)"', self.get(path).text)
        return found[1] if found else ""

    def post(self, path: str, _from: str = "/", **fields: str) -> httpx.Response:
        """Send a form as the page `_from` would."""
        return self.http.post(path, data={"token": self.token(_from), **fields})

    def sign_in(self, name: str, password: str = WORD, code: str = "") -> httpx.Response:
        """Fill in the sign-in page."""
        return self.post("/login", "/login", name=name, password=password, code=code)


def add_people(home: Path) -> None:
    """Make everybody's account."""
    database = Database(f"sqlite:///{home / 'catalogue.db'}")
    for name, (role, units, batches) in PEOPLE.items():
        accounts.add(database, name, role, units=units, batches=batches, password=_hash(), by="tests")
    database.close()


def papers_of(home: Path, batch: str = BATCH) -> dict[str, str]:
    """Ids of a batch's papers by file."""
    database = Database(f"sqlite:///{home / 'catalogue.db'}")
    found = {row.file: row.document.id for row in documents.of_batch(database, batch)}
    database.close()
    return found


@contextmanager
def portal_over(home: Path, folder: Path, *options: str, **environment: str) -> Iterator[Portal]:
    """The web page over a copy of a home, with everybody's account."""
    machine = Machine(folder, SOHOA_OPERATOR="máy", SOHOA_ORCHESTRATOR="plain", **environment)
    shutil.copytree(home, machine.home)
    add_people(machine.home)
    portal = Portal(machine, *options)
    try:
        portal.wait()
        yield portal
    finally:
        if portal.process.poll() is None:
            portal.stop()
