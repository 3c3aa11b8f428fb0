"""The one-stop desk's software for tests: a real server over a home, and what it is asked. No test lives here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from portal.api import routes
from tests.reviewed_batch import RULES, settings_of
from workspace.opening import open_workspace


class Desk:
    """A desk with a key."""

    def __init__(self, address: str, key: str | None) -> None:
        self.address = address
        self._headers = {"Authorization": f"Bearer {key}"} if key is not None else {}

    def get(self, path: str, **given: Any) -> httpx.Response:
        """A GET under the desk's key."""
        return httpx.get(self.address + path, headers=self._headers, timeout=30, **given)

    def post(self, path: str, headers: dict[str, str] | None = None, **given: Any) -> httpx.Response:
        """A POST under the desk's key."""
        return httpx.post(
            self.address + path, headers={**self._headers, **(headers or {})}, timeout=30, **given
        )

    def lookup(self, **body: Any) -> httpx.Response:
        """Look up, for a purpose unless another one is given."""
        return self.post("/api/v1/lookup", json={"purpose": "tiếp nhận hồ sơ", **body})

    def reuse(self, **body: Any) -> httpx.Response:
        """Confirm a re-use."""
        return self.post("/api/v1/reuse", json=body)

    def found(self, **body: Any) -> list[dict[str, Any]]:
        """Results of a look-up that must be answered."""
        answer = self.lookup(**body)
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results


@contextmanager
def served(home: Path, **settings: Any) -> Iterator[str]:
    """The API over a home, on a port of this machine. Yields its address."""
    with open_workspace(settings_of(home).model_copy(update=settings), RULES) as workspace:
        app = Starlette(routes=routes(workspace))
        config = uvicorn.Config(app, port=0, log_level="error", ws="none", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            deadline = time.monotonic() + 20
            while not server.started and thread.is_alive() and time.monotonic() < deadline:
                time.sleep(0.01)
            (listening,) = server.servers[0].sockets
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
