"""Several machines on one PostgreSQL, one S3 server and one Prefect server, for tests: real servers, a home a machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg

from flows.orchestra import QUIET
from tests.machine import Machine
from tests.servers import PostgresqlServer, S3Server, free_port


class PrefectServer:
    """A Prefect server whose records lie in PostgreSQL; it can be killed and started again on its port."""

    def __init__(self, folder: Path, database: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api"
        self._folder = folder
        self._environment = {
            **os.environ,
            **QUIET,
            "PREFECT_HOME": str(folder),
            "PREFECT_API_DATABASE_CONNECTION_URL": database.replace("postgresql://", "postgresql+asyncpg://"),
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        argv = [sys.executable, "-P", "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*argv, "--port", str(self.port)],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 120
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "server.log").read_text()[-2000:]
            assert time.monotonic() < deadline, "Prefect's server does not answer"
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """`kill -9` of the server with all it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Cluster:
    """The servers, and machines that share them."""

    def __init__(
        self, folder: Path, database: PostgresqlServer, s3: S3Server, prefect: PrefectServer
    ) -> None:
        self.folder, self.database, self.s3, self.prefect = folder, database, s3, prefect

    def machine(self, name: str, **environment: str) -> Machine:
        """A machine with a home of its own that shares catalogue, store and Prefect server, and reads with one process."""
        return Machine(
            self.folder / name,
            **{
                "SOHOA_DATABASE_URL": self.database.url_of("sohoa"),
                "SOHOA_STORE__KIND": "s3",
                "SOHOA_STORE__ENDPOINT": f"http://{self.s3.endpoint}",
                "SOHOA_S3_ACCESS_KEY": self.s3.access_key,
                "SOHOA_S3_SECRET_KEY": self.s3.secret_key,
                "PREFECT_API_URL": self.prefect.url,
                "SOHOA_ORCHESTRATOR": "pool",
                "SOHOA_WORKERS": "1",
                "SOHOA_OPERATOR": "chị Lan",
                "SOHOA_MACHINES__LEASE_SECONDS": "12",
                "SOHOA_MACHINES__CHUNK_FILES": "2",
                "SOHOA_MACHINES__ATTEMPTS": "5",
                **environment,
            },
        )

    def claims(self, kind: str) -> list[str]:
        """Names of the claims that run (`batch`, `chunk`)."""
        running = "until > extract(epoch from clock_timestamp()) * 1000"
        return self._column(f"SELECT name FROM claim WHERE name LIKE '{kind}:%' AND {running}")

    def at_work(self, *machines: Machine) -> Machine | None:
        """One of the machines that hold a chunk now."""
        running = "until > extract(epoch from clock_timestamp()) * 1000"
        pids = {
            int(pid) for pid in self._column(f"SELECT pid FROM claim WHERE name LIKE 'chunk:%' AND {running}")
        }
        return next((machine for machine in machines if pids & set(machine.processes())), None)

    def attempts(self, batch: str) -> int:
        """How often the chunk of a batch was given out that was given out most."""
        found = self.database.execute(
            f"SELECT max(attempts) FROM work_chunk WHERE batch = '{batch}'", "sohoa"
        )
        return int(found[0][0] or 0)

    def running(self, batch: str) -> bool:
        """A chunk of a batch is in somebody's hands."""
        asked = f"SELECT 1 FROM work_chunk WHERE batch = '{batch}' AND state = 'running'"
        return bool(self.database.execute(asked, "sohoa"))

    def chunks(self, batch: str) -> list[str]:
        """Ranges of a batch's chunks, in their order; `null` takes files to their end."""
        asked = f"SELECT coalesce((work->'pages')::text, 'null') FROM work_chunk WHERE batch = '{batch}' ORDER BY number"
        return self._column(asked)

    def files_ended(self, batch: str) -> int:
        """Files of a batch that were worked on."""
        counted = f"SELECT count(*) FROM batch_file WHERE batch = '{batch}' AND attempts > 0"
        return int(self.database.execute(counted, "sohoa")[0][0])

    def intake(self) -> list[str]:
        """What lies in the store's intake, in any version."""
        data = self.folder / "s3"
        return [str(path) for path in data.rglob("intake/*/*") if path.is_file()]

    def _column(self, query: str) -> list[str]:
        try:
            return [str(row[0]) for row in self.database.execute(query, "sohoa")]
        except psycopg.errors.UndefinedTable:  # nobody has opened the catalogue yet
            return []

    @contextlib.contextmanager
    def workers(self, *machines: Machine) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Have machines work while the block runs."""
        started = [machine.start("worker") for machine in machines]
        try:
            yield started
        finally:
            for machine in machines:
                kill_all(machine)
            for process in started:
                process.wait()


def kill_all(machine: Machine) -> None:
    """`kill -9` of everything that a machine runs."""
    for _ in range(20):
        alive = machine.processes()
        if not alive:
            return
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
