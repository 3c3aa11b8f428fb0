"""deploy/compose.yaml as processes of this machine: the same commands, the same environment, the same order.

Host names become 127.0.0.1 with free ports, mounted places become folders, secrets the files that
deploy/make_secrets.sh draws. Only what an image itself starts is replaced: PostgreSQL's own start.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import yaml

from tests.machine import ROOT
from tests.servers import PostgresqlServer, free_port, versitygw_program

FILE = ROOT / "deploy" / "compose.yaml"
_DEFAULTED = re.compile(r"\$\{(\w+):-([^}]*)\}")


def described(given: Mapping[str, str]) -> dict[str, Any]:
    """The file with its variables filled in, as Docker does."""
    text = _DEFAULTED.sub(lambda found: given.get(found[1], found[2]), FILE.read_text(encoding="utf-8"))
    return dict(yaml.safe_load(text.replace("$$", "$")))


class Composed:
    """The services of the file, started one after another."""

    def __init__(self, folder: Path, given: Mapping[str, str]) -> None:
        self.folder = folder
        self.spec = described(given)
        self.services: dict[str, Any] = self.spec["services"]
        self.ports = {name: free_port() for name in ("s3", "prefect", "portal")}
        self.secrets = folder / "secrets"
        subprocess.run(
            [ROOT / "deploy" / "make_secrets.sh", self.secrets],
            check=True,
            env={**os.environ, "SOHOA_SECRETS_OWNER": "0"},
        )
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.database: PostgresqlServer | None = None
        self._database_port = 0

    def place(self, text: str) -> str:
        """A text of the file with addresses and places of this machine."""
        changes = {
            "postgresql:5432": f"127.0.0.1:{self._database_port}",
            "/run/secrets/": f"{self.secrets}/",
            "/opt/sohoa/": f"{ROOT}/",
            "/var/lib/sohoa": str(self.folder / "home"),
            "/store": str(self.folder / "s3"),
            "/app:": f"{Path(str(versitygw_program())).parent}:",
            "0.0.0.0": "127.0.0.1",
            "8350": str(self.ports["portal"]),
        }
        for name, inner in (("s3", 7070), ("prefect", 4200)):
            for host in (name, "127.0.0.1", "0.0.0.0"):
                changes[f"{host}:{inner}"] = f"127.0.0.1:{self.ports[name]}"
        for old in sorted(changes, key=len, reverse=True):
            text = text.replace(old, changes[old])
        return str(self.ports["prefect"]) if text == "4200" else text

    def environment(self, service: str) -> dict[str, str]:
        """What a service finds in its environment."""
        own = {
            name: self.place(str(value))
            for name, value in self.services[service].get("environment", {}).items()
        }
        if "PGHOST" in own:
            own |= {"PGHOST": "127.0.0.1", "PGPORT": str(self._database_port)}
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        tmp = self.folder / "tmp"
        tmp.mkdir(exist_ok=True)
        return {**kept, "TMPDIR": str(tmp), "PYTHONPATH": str(ROOT), **own}

    def argv(self, service: str, *command: str) -> list[str]:
        """What a service runs: its entry point, or the image's, with its command or the one that is given."""
        spec = self.services[service]
        first = [self.place(word) for word in spec.get("entrypoint", ["sohoa"])]
        python = Path(sys.executable)
        if first[0] == "sohoa":
            first = [str(python), "-P", "-m", "cli", *first[1:]]
        elif first[0] in {"prefect", "python"}:
            first[0] = str(python.with_name(first[0]))
        elif first[-1] == "/deploy/databases.sh":  # a folder beside the file, mounted
            (mounted,) = spec["volumes"]
            first[-1] = str(FILE.parent / mounted.split(":")[0] / "databases.sh")
        return [*first, *(self.place(word) for word in command or spec.get("command", []))]

    def once(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a service, or one command in it, to its end."""
        return subprocess.run(
            self.argv(service, *command),
            env=self.environment(service),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self, service: str, number: int = 1) -> None:
        """Start a service that goes on."""
        name = f"{service}-{number}"
        with (self.folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                ["env", "--default-signal=INT", *self.argv(service)],
                env=self.environment(service),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def healthy(self, service: str) -> bool:
        """What the service's own health check says."""
        words = [str(word) for word in self.services[service]["healthcheck"]["test"]]
        assert words[0] == "CMD"
        if words[1] == "python":
            words[1] = sys.executable
        asked = subprocess.run(
            [self.place(word) for word in words[1:]], env=self.environment(service), capture_output=True
        )
        return asked.returncode == 0

    def wait(self, service: str, seconds: float = 60) -> None:
        """Wait until a service is healthy."""
        deadline = time.monotonic() + seconds
        while not self.healthy(service):
            log = self.folder / f"{service}-1.log"
            assert self._running[f"{service}-1"].poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < deadline, log.read_text()[-2000:]
            time.sleep(0.3)

    def stop(self) -> None:
        """Stop what runs, the last started first, by the signal that the file names."""
        for name, process in reversed(self._running.items()):
            service = name.rpartition("-")[0]
            asked = getattr(__import__("signal"), self.services[service].get("stop_signal", "SIGTERM"))
            process.send_signal(asked)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, 9)
                process.wait()

    def start_database(self) -> None:
        """PostgreSQL as its image starts it: an administrator `postgres` with a password, everybody asked for theirs."""
        self.database = PostgresqlServer()
        self.database.start()
        url = self.database.url_of()
        self._database_port = int(url.rpartition(":")[2].partition("/")[0])
        password = (self.secrets / "postgresql_admin_password").read_text().strip()
        self.database.execute(f"CREATE ROLE postgres SUPERUSER LOGIN PASSWORD '{password}'")
        admin = url.replace("sohoa@", "postgres@")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute("ALTER ROLE sohoa RENAME TO maker")
            line = "host all all 127.0.0.1/32 scram-sha-256"
            (place,) = connection.execute("SELECT current_setting('hba_file')").fetchone() or ("",)
            connection.execute(f"COPY (SELECT '{line}') TO '{place}'".encode())
            connection.execute("SELECT pg_reload_conf()")


@contextlib.contextmanager
def composed(folder: Path, given: Mapping[str, str], workers: int = 2) -> Iterator[Composed]:
    """Everything up, as `docker compose up --scale worker=N` leaves it."""
    it = Composed(folder, given)
    try:
        it.start_database()
        done = it.once("databases")
        assert done.returncode == 0, done.stderr
        it.start("prefect")
        it.start("s3")
        it.wait("s3")
        for service in ("s3-account", "s3-bucket"):
            done = it.once(service)
            assert done.returncode == 0, done.stdout + done.stderr
        it.wait("prefect", 90)
        it.start("portal")
        for number in range(1, workers + 1):
            it.start("worker", number)
        it.wait("portal")
        yield it
    finally:
        it.stop()
        if it.database is not None:
            it.database.close()


__all__ = ["Composed", "composed", "described"]
