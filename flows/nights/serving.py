"""`sohoa serve`: keeps Prefect's server, one worker and the web page alive, syncs schedules and restarts lost runs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from engines.file_locks import open_lock_file, try_lock
from engines.private_files import private
from flows.nights import watched
from flows.nights.running import now_in_vietnam
from flows.orchestra import QUIET
from schemas.batches import ScheduleState
from schemas.errors import SetupError, SohoaError
from schemas.night_window import Window, parse_window
from storage.catalogue import schedules
from storage.catalogue.database import Database
from storage.catalogue.schedules import Schedule
from workspace.claiming import held_by

ROOT = Path(__file__).resolve().parents[2]
_MARK = "SOHOA_SERVE"  # carried by every process of a serve, so that the next one can sweep them
_PAGE = "PREFECT_SERVER_UI_STATIC_DIRECTORY"
_LATE = timedelta(seconds=60)
# A batch may be "running" without a lock this long: its process is starting or closing.
_LOCK_GRACE_SECONDS = 10.0
_POLL_SECONDS = 0.5
_PORT_SECONDS = 5.0
_ALERT_CHECK_SECONDS = 900.0  # seconds between alert checks
_RESTING = {ScheduleState.PAUSED, ScheduleState.CANCELLED}
_log = structlog.get_logger(__name__)


def due(row: Schedule, now: datetime, *, window: Window | None, held: bool) -> bool:
    """True if a batch is due but Prefect's scheduler did not start it, or lost its flow run."""
    if held or (window is not None and not window.open_at(now)):
        return False
    if row.state in {ScheduleState.DUE, ScheduleState.WINDOW, ScheduleState.RUNNING}:
        return True
    missed = row.at is not None and datetime.fromisoformat(row.at) < now - _LATE
    return row.state is ScheduleState.PLANNED and missed


class Child:
    """A supervised process, restarted with increasing delay when it exits."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self._arguments, self._environment, self._log = name, arguments, environment, log
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self._next = 0.0

    def keep(self) -> bool:
        """Start the process if it is not running. Returns True if it was (re)started."""
        if self._process is not None and self._process.poll() is None:
            return False
        if time.monotonic() < self._next:
            return False
        if self._process is not None:
            _log.warning("child_lost", child=self.name, status=self._process.returncode)
        with open(self._log, "ab", opener=private) as log:
            self._process = subprocess.Popen(
                self._arguments,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )
        self._starts += 1
        self._next = time.monotonic() + min(60.0, 2.0**self._starts)
        return True

    def once(self) -> None:
        """Start the process if it is not running, without the restart delay."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None and self._process.returncode:
            _log.warning("child_failed", child=self.name, status=self._process.returncode)
        self._process, self._next = None, 0.0
        self.keep()

    def stop(self, seconds: float = 15) -> None:
        """Terminate the process, then kill it if it does not exit."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Serve:
    """The server, the worker and the loop that syncs them with the schedules."""

    def __init__(self, settings: Any, host: str, port: int, say: Callable[..., None]) -> None:
        self._settings, self._say = settings, say
        self._host, self._port = host, port
        self.url = f"http://{host}:{port}"
        self._window = parse_window(settings.night) if settings.night else None
        self._stop = threading.Event()
        self._orphaned: dict[str, float] = {}
        self._seen_at = 0.0
        self._troubled = ""
        self._next_check = 0.0  # the first is made at the start: nobody looked while nothing served
        home = settings.home
        self._environment = self._surroundings()
        python = [sys.executable, "-P", "-m", "prefect"]
        serving = [*python, "server", "start", "--host", host, "--port", str(port)]
        working = [*python, "worker", "start", "--pool", "sohoa", "--type", "process", "--limit", "1"]
        working += ["--name", f"sohoa-{socket.gethostname()}", "--install-policy", "never"]
        (home / "prefect").mkdir(parents=True, exist_ok=True, mode=0o700)
        self._server = Child("server", serving, self._environment, home / "prefect" / "server.log")
        self._worker = Child("worker", working, self._environment, home / "prefect" / "worker.log")
        checking = [sys.executable, "-P", "-m", "cli", "alerts", "check"]
        self._checker = Child("alerts", checking, self._environment, home / "prefect" / "alerts.log")
        working_page = [sys.executable, "-P", "-m", "cli", "portal"]
        self._portal = Child("portal", working_page, self._environment, home / "prefect" / "portal.log")

    def _surroundings(self) -> dict[str, str]:
        home = self._settings.home
        ours = {
            "SOHOA_HOME": str(home),
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_API_URL": f"{self.url}/api",
            # Behind a proxy browsers find the server under another address than we do.
            "PREFECT_SERVER_UI_API_URL": os.environ.get("PREFECT_SERVER_UI_API_URL", f"{self.url}/api"),
            # Prefect writes its page before serving it, by default into its own package, which a service may not do.
            _PAGE: os.environ.get(_PAGE, str(home / "prefect" / "page")),
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
            "PYTHONPATH": str(ROOT),
            _MARK: str(home),
            **QUIET,
        }
        if self._settings.operator:
            ours["SOHOA_OPERATOR"] = self._settings.operator
        return {**os.environ, **ours}

    def run(self) -> None:
        """Serve until stopped by a signal.

        Raises:
            SetupError: another `sohoa serve` works on this home, or the port is taken.
        """
        lock = self._alone()
        try:
            sweep_serve(self._settings.home)
            require_port(self._host, self._port)
            for asked in (signal.SIGTERM, signal.SIGINT):
                signal.signal(asked, lambda *_: self._stop.set())
            for name in ("PREFECT_API_URL", "PREFECT_HOME", *QUIET):
                os.environ[name] = self._environment[name]
            asyncio.run(self._serve())
        finally:
            self.close()
            sweep_serve(self._settings.home)
            os.close(lock)

    def close(self) -> None:
        """Stop every supervised process."""
        for child in (self._checker, self._portal, self._worker, self._server):
            child.stop()

    def _alone(self) -> int:
        descriptor = open_lock_file(self._settings.home / "locks" / "serve")
        try:
            try_lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise SetupError("another sohoa serve works here", remedy="serve_held") from error
        return descriptor

    async def _serve(self) -> None:
        from prefect.client.orchestration import get_client  # noqa: PLC0415 - after the environment is set

        from flows.nights.deployed import Deployments, prepare_pool  # noqa: PLC0415

        passed = {
            name: self._environment[name]
            for name in self._environment
            if name.startswith(("SOHOA_", "PREFECT_"))
        }
        deployments = Deployments(str(ROOT), {**passed, "PYTHONPATH": str(ROOT)})
        database = Database(self._settings.catalogue_url)
        ready = False
        try:
            async with get_client() as client:
                while not self._stop.is_set():
                    if self._settings.portal.served:
                        self._portal.keep()
                    if self._server.keep():
                        ready = False
                    if await client.api_healthcheck() is None:
                        if not ready:
                            await prepare_pool(client)
                            self._say("ready", url=self.url)
                            ready = True
                        self._worker.keep()
                        self._check_alerts()
                        await self._round(client, deployments, database)
                    await asyncio.sleep(_POLL_SECONDS if not ready else 2.0)
        finally:
            database.close()

    def _check_alerts(self) -> None:
        """Send alerts for stuck batches and unfinished nights even if no run ends, and rewrite the board."""
        if time.monotonic() >= self._next_check:
            self.check_alerts_now()

    def check_alerts_now(self) -> None:
        """Start a check of the alerts, unless one is going on."""
        self._next_check = time.monotonic() + _ALERT_CHECK_SECONDS
        self._checker.once()

    async def _round(self, client: Any, deployments: Any, database: Database) -> None:
        """One pass of the loop. A failing step is logged once and retried; it never stops the server."""
        from httpx import HTTPError  # noqa: PLC0415
        from prefect.exceptions import PrefectException  # noqa: PLC0415

        try:
            self._watch_inbox(database)
            rows = schedules.every(database)
            live = {row.batch for row in rows if row.state not in _RESTING}
            await deployments.follow(client, rows, live)
            for row in rows:
                await self._take_up(client, database, row)
            self._troubled = ""
        except (HTTPError, PrefectException, SohoaError, OSError) as error:
            trouble = f"{type(error).__name__}: {error}"
            if trouble != self._troubled:
                self._troubled = trouble
                _log.warning("serve_trouble", detail=trouble)

    async def _take_up(self, client: Any, database: Database, row: Schedule) -> None:
        from flows.nights.deployed import start_again  # noqa: PLC0415

        held = held_by(database, self._settings.home, row.batch)
        if not due(row, now_in_vietnam(), window=self._window, held=held):
            self._orphaned.pop(row.batch, None)
            return
        if row.state is ScheduleState.RUNNING:
            since = self._orphaned.setdefault(row.batch, time.monotonic())
            if time.monotonic() - since < _LOCK_GRACE_SECONDS:
                return
        if await start_again(client, row.batch):
            self._orphaned.pop(row.batch, None)
            _log.info("taken_up", batch=row.batch, state=str(row.state))
            if row.state is ScheduleState.RUNNING:
                schedules.change(database, row.batch, state=ScheduleState.DUE)

    def _watch_inbox(self, database: Database) -> None:
        settings = self._settings
        if settings.inbox is None or time.monotonic() - self._seen_at < min(
            60.0, settings.inbox_quiet_minutes * 60 + 1
        ):
            return
        self._seen_at = time.monotonic()
        known = {row.batch: row for row in schedules.every(database)}
        quiet = settings.inbox_quiet_minutes * 60
        for found in watched.look(
            settings.inbox, marker=settings.inbox_marker, quiet_seconds=quiet, now=time.time()
        ):
            take_folder(database, found, known, settings.operator or "sohoa serve")


def take_folder(database: Database, found: watched.Found, known: dict[str, Schedule], operator: str) -> bool:
    """Schedule a complete inbox folder that is new or has grown. Returns True if it was scheduled."""
    from pipeline.inbox import open_inbox  # noqa: PLC0415

    if not found.complete:
        return False
    name = open_inbox(found.path).name
    row = known.get(name)
    stays = {ScheduleState.RUNNING, *_RESTING}
    if row is not None and (row.seen == found.fingerprint or row.state in stays):
        return False
    priority = row.priority if row else 2
    cron = row.cron if row else None
    schedules.put(
        database,
        name,
        str(found.path.resolve()),
        operator,
        cron=cron,
        priority=priority,
        state=ScheduleState.DUE,
        seen=found.fingerprint,
    )
    return True


def require_port(host: str, port: int, seconds: float = _PORT_SECONDS) -> None:
    """Ensure that a server can listen on a port; a program that was just killed is given time to leave it.

    Raises:
        SetupError: another program listens there, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_server((host, port), family=family).close()
            return
        except OSError as error:
            if time.monotonic() >= deadline:
                reason = error.strerror or str(error)
                raise SetupError(
                    f"{host}:{port}: {error}", remedy="serve_port_taken", host=host, port=port, reason=reason
                ) from error
        time.sleep(0.2)


def sweep_serve(home: Path) -> int:
    """Kill processes left by an earlier `sohoa serve` of this home (server, worker, flow runs). Returns their number."""
    mark = f"{_MARK}={home}".encode()
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        if pid == os.getpid():
            continue
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)
                found += 1
        except OSError:
            continue
    return found
