"""Fixtures that several themes share: homes digitised once for the whole suite, and copies of them to work in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.command_forks import Forks, quick_machine
from tests.kept_home import make_kept_home
from tests.machine import Machine
from tests.reviewed_batch import make_home
from tests.servers import serving


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of tests/kept_home.py: two coded papers and a second scan of one. To be copied, never written to."""
    return make_kept_home(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def machine(forks: Forks, home: Path, tmp_path: Path) -> Machine:
    """The command line over a copy of that home."""
    return quick_machine(forks, home, tmp_path)


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """The process whose forks are the commands of quick machines."""
    started = Forks()
    yield started
    started.close()


@pytest.fixture
def quick_review(forks: Forks, digitised: Path, tmp_path: Path) -> Machine:
    """The command line over a copy of the home whose papers wait for a person, for tests that give many commands."""
    return quick_machine(forks, digitised, tmp_path)


@pytest.fixture(scope="session")
def digitised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of tests/reviewed_batch.py: two batches whose papers wait for a person. To be copied, never written to."""
    return make_home(tmp_path_factory.mktemp("reviewed"))


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Bodies that a webhook was sent; its address is in the environment."""
    bodies: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as server:
        monkeypatch.setenv(
            "SOHOA_WEBHOOK_URL",
            f"http://127.0.0.1:{server.server_port}/k/bí-mật".encode("ascii", "ignore").decode(),
        )
        yield bodies
