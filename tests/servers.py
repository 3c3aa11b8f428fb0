"""Real servers for tests, each on a free loopback port with a folder of its own: versitygw (S3), PostgreSQL.

Where one of them is missing its tests are skipped on a developer's machine and fail where `CI` is set, as `make test`
sets it.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[1]


class S3Server(NamedTuple):
    """A running S3 server: `endpoint` is host:port; `certificate` is its own, where it speaks TLS."""

    endpoint: str
    access_key: str
    secret_key: str
    process: subprocess.Popen[bytes]
    certificate: Path | None = None


def missing(program: str, how: str) -> None:
    """Skip, or fail where every test must run."""
    message = f"{program} is not here: {how}"
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(server: Any) -> Iterator[Any]:
    """Run a server of the standard library in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def versitygw_program() -> str | None:
    """The S3 server's program: `$SOHOA_VERSITYGW`, `.tools/versitygw`, or on the path."""
    local = ROOT / ".tools" / "versitygw"
    given = os.environ.get("SOHOA_VERSITYGW") or (str(local) if local.exists() else "versitygw")
    return shutil.which(given)


@contextlib.contextmanager
def versitygw(
    folder: Path,
    *,
    tls: bool = False,
    port: int | None = None,
    keys: tuple[str, str] | None = None,
    versions: bool = True,
) -> Iterator[S3Server]:
    """Run versitygw over `folder`, on a free port and with keys of its own unless they are given."""
    program = versitygw_program()
    if program is None:
        missing("versitygw", "scripts/test_tools.sh builds it")
    for name in ("data", "versions"):
        (folder / name).mkdir(parents=True)
    access, secret = keys or ("sohoa-test", secrets.token_urlsafe(24))
    port = port or free_port()
    arguments = [
        str(program),
        *("--port", f"127.0.0.1:{port}", "--quiet", "--keep-alive", "--health", "/health"),
        *(("--cert", str(folder / "cert.pem"), "--key", str(folder / "key.pem")) if tls else ()),
        "posix",
        *(("--versioning-dir", str(folder / "versions")) if versions else ()),
        str(folder / "data"),
    ]
    certificate = _certificate(folder) if tls else None
    environment = {**os.environ, "ROOT_ACCESS_KEY": access, "ROOT_SECRET_KEY": secret}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(arguments, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        health = f"{'https' if tls else 'http'}://127.0.0.1:{port}/health"
        _wait(lambda: _answers(health, certificate), process, folder / "log")
        yield S3Server(f"127.0.0.1:{port}", access, secret, process, certificate)
    finally:
        _stop(process)


@contextlib.contextmanager
def minio(folder: Path) -> Iterator[S3Server]:
    """Run MinIO, the second server of the long tests: a program of its own (AGPL), asked over the network alone."""
    program = os.environ.get("SOHOA_MINIO") or shutil.which(str(ROOT / ".tools" / "minio"))
    if program is None:
        missing("MinIO", "scripts/test_tools.sh minio builds it")
    for name in ("data", "certs"):
        (folder / name).mkdir(parents=True)
    access, secret, port = "sohoa-test", secrets.token_urlsafe(24), free_port()
    arguments = [str(program), "server", "--quiet", "--address", f"127.0.0.1:{port}"]
    arguments += ["--certs-dir", str(folder / "certs"), str(folder / "data")]
    environment = {**os.environ, "MINIO_ROOT_USER": access, "MINIO_ROOT_PASSWORD": secret}
    environment |= {"MINIO_BROWSER": "off", "MINIO_UPDATE": "off", "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(arguments, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        ready = f"http://127.0.0.1:{port}/minio/health/ready"
        _wait(lambda: _answers(ready, None), process, folder / "log")
        yield S3Server(f"127.0.0.1:{port}", access, secret, process)
    finally:
        _stop(process)


class PostgresqlServer:
    """A throw-away PostgreSQL, which can be killed and started again on its port."""

    def __init__(self) -> None:
        programs = _postgresql_programs()
        if programs is None:
            missing("PostgreSQL", "apt-get install postgresql, or set SOHOA_TEST_POSTGRESQL")
        self._programs, self._port = Path(str(programs)), free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="sohoa-pg-"))
        self._demoted = _ordinary_user()
        if self._demoted:
            os.chown(self._folder, self._demoted["user"], self._demoted["group"])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int:
        """Of the server's first process."""
        assert self._process is not None
        return self._process.pid

    def url_of(self, database: str = "postgres") -> str:
        """The URL of one of its databases."""
        return f"postgresql://sohoa@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        data = self._folder / "data"
        if not data.exists():
            initdb = [str(self._programs / "initdb"), "-D", str(data), "-U", "sohoa", "-A", "trust"]
            initdb += ["-E", "UTF8", "--locale=C.UTF-8"]
            subprocess.run(initdb, check=True, capture_output=True, cwd=self._folder, **self._demoted)
        serve = [str(self._programs / "postgres"), "-D", str(data), "-p", str(self._port)]
        serve += ["-h", "127.0.0.1", "-k", str(self._folder), "-F"]
        log = self._folder / "log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                serve, stdout=out, stderr=out, cwd=self._folder, start_new_session=True, **self._demoted
            )
        _wait(lambda: _connects(self.url_of()), self._process, log)

    def kill(self) -> None:
        """`kill -9` of the server and every process of its own."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run a statement. Returns its rows, if it has any."""
        import psycopg  # only who tests PostgreSQL needs its driver

        with psycopg.connect(self.url_of(database), autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def close(self) -> None:
        """Stop it, and remove all it kept."""
        if self._process is not None:
            _stop(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Run a throw-away PostgreSQL."""
    server = PostgresqlServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a throw-away PostgreSQL; `$SOHOA_TEST_POSTGRESQL` names a running one instead."""
    given = os.environ.get("SOHOA_TEST_POSTGRESQL")
    if given:
        yield given
        return
    with postgresql_server() as server:
        yield server.url_of()


def _postgresql_programs() -> Path | None:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    if found:
        candidates.append(Path(found).resolve().parent)
    return next((folder for folder in candidates if (folder / "postgres").exists()), None)


def _ordinary_user() -> dict[str, Any]:
    """Arguments for `subprocess` that step down from root, as which PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _certificate(folder: Path) -> Path:
    """A certificate of one's own for 127.0.0.1, good for a day."""
    program = shutil.which("openssl")
    if program is None:
        missing("openssl", "apt-get install openssl")
    ask = f"{program} req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1".split()
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*ask, *names, *files], check=True, capture_output=True)
    return folder / "cert.pem"


def _answers(url: str, certificate: Path | None) -> bool:
    context = ssl.create_default_context(cafile=str(certificate)) if certificate else None
    try:
        with urllib.request.urlopen(url, timeout=1, context=context) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _connects(url: str) -> bool:
    import psycopg  # only who tests PostgreSQL needs its driver

    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


def _wait(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 30
) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"server did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
