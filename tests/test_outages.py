"""Store, database and Prefect away, full, read-only, refusing, slow: told in a line, waited for or not, nothing lost.

A proxy in front of the real S3 server does what servers do on bad days; the database is told to by its administrator.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import samples
from tests.cluster import PrefectServer
from tests.faulty_proxy import Fault, Proxy, every, faulty_proxy
from tests.machine import Machine
from tests.servers import PostgresqlServer, S3Server, postgresql_server, versitygw

pytestmark = pytest.mark.s3
QUICK = 25  # seconds in which a run that waits for nothing ends
FEW_LINES = 4  # that it is away, that the batch is left open, an alert, and the sentence


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch of one paper that gets a code."""
    folder = tmp_path_factory.mktemp("scans")
    samples.make(folder, 1, 7)
    return next(path for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "truth")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with versitygw(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def proxy(server: S3Server) -> Iterator[Proxy]:
    with faulty_proxy(server.endpoint) as running:
        yield running


@pytest.fixture
def machine(server: S3Server, proxy: Proxy, tmp_path: Path) -> Machine:
    """A machine that meets the store through the proxy, in a bucket of its own."""
    return Machine(
        tmp_path,
        SOHOA_STORE__KIND="s3",
        SOHOA_STORE__ENDPOINT=f"http://{proxy.endpoint}",
        SOHOA_STORE__BUCKET=f"b{time.monotonic_ns()}",
        SOHOA_S3_ACCESS_KEY=server.access_key,
        SOHOA_S3_SECRET_KEY=server.secret_key,
        SOHOA_OUTAGE_MINUTES="5",
        SOHOA_WORKERS="1",
    )


def assert_whole(machine: Machine, scans: Path) -> None:
    """Pages in = pages accounted for, one code, a store that is intact."""
    shown = machine.json("batch", "show", scans.name)
    assert shown["files"] == {"in": 1, "read": 1, "set_aside": 0, "not_started": 0}
    assert shown["pages"]["in"] == shown["pages"]["accounted"] == 1
    assert len([each for each in shown["documents"] if each["code"]]) == 1
    whole = machine.json("verify")
    assert (whole["outcome"], whole["damage"]) == ("success", [])


def assert_told(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """The run failed with a sentence for people, in few lines."""
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert len(lines) <= FEW_LINES, done.stderr
    for word in words:
        assert word in lines[-1], done.stderr


def assert_the_same_command_goes_on(machine: Machine, scans: Path) -> None:
    done = machine.run("digitize", scans, "--plain")
    assert done.returncode == 0, done.stderr
    assert_whole(machine, scans)


def begun(machine: Machine, scans: Path) -> tuple[threading.Thread, list[subprocess.CompletedProcess[str]]]:
    """Start the run beside the test."""
    answers: list[subprocess.CompletedProcess[str]] = []
    running = threading.Thread(target=lambda: answers.append(machine.run("digitize", scans, "--plain")))
    running.start()
    return running, answers


LONG = pytest.mark.long


# -- the store


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(507, "XMinioStorageFull"), ("Kho đã đầy", "chạy lại")),
        pytest.param(Fault(405, "MethodNotAllowed"), ("chỉ cho đọc", "chạy lại"), marks=LONG),
        pytest.param(Fault(507), ("Kho đã đầy", "HTTP 507"), marks=LONG),
        pytest.param(Fault(403, "QuotaExceeded"), ("Kho đã đầy", "QuotaExceeded"), marks=LONG),
        pytest.param(Fault(403, "AccessDenied"), ("từ chối", "policy.json"), marks=LONG),
        pytest.param(Fault(403), ("từ chối", "HTTP 403"), marks=LONG),
    ],
)
def test_a_store_that_becomes_full_read_only_or_refuses_is_told_at_once_and_the_same_command_goes_on(
    machine: Machine, proxy: Proxy, scans: Path, fault: Fault, words: tuple[str, ...]
) -> None:
    proxy.rule = every(fault, "PUT", but_first=1)  # the bucket is made
    began = time.monotonic()
    done = machine.run("digitize", scans, "--plain")
    assert time.monotonic() - began < QUICK
    assert "store_away" not in done.stderr
    assert_told(done, *words)
    proxy.rule = None
    assert_the_same_command_goes_on(machine, scans)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(503, "SlowDown"),
        pytest.param(Fault(502), marks=LONG),
        pytest.param(Fault(close=True), marks=LONG),
        pytest.param(Fault(drop=True), marks=LONG),
        pytest.param(Fault(late=True), marks=LONG),
        pytest.param(Fault(403, "RequestTimeTooSkewed", hours=1), marks=LONG),
    ],
)
def test_a_store_that_fails_in_the_middle_is_waited_for_with_one_line_and_the_run_goes_on_by_itself(
    machine: Machine, proxy: Proxy, scans: Path, fault: Fault
) -> None:
    proxy.rule = every(fault, but_first=8)
    running, answers = begun(machine, scans)
    proxy.until_met(6)
    proxy.rule = None
    running.join(240)
    (done,) = answers
    assert done.returncode == 0, done.stderr
    assert (done.stderr.count("store_away"), done.stderr.count("store_back")) == (1, 1), done.stderr
    assert_whole(machine, scans)


def test_a_store_that_hangs_is_given_up_after_the_configured_time_in_all_and_not_once_for_each_call(
    machine: Machine, proxy: Proxy, scans: Path
) -> None:
    machine.environment |= {"SOHOA_OUTAGE_MINUTES": "0.1", "SOHOA_STORE__TIMEOUT_SECONDS": "1"}
    proxy.rule = every(Fault(hang=30), "PUT", "GET", but_first=4)
    began = time.monotonic()
    done = machine.run("digitize", scans, "--plain")
    assert time.monotonic() - began < QUICK + 15
    assert done.stderr.count("store_away") == 1, done.stderr
    assert_told(done, "Không kết nối được máy chủ lưu trữ")
    proxy.rule = None
    assert_the_same_command_goes_on(machine, scans)


@LONG
def test_a_slow_store_is_only_slow(machine: Machine, proxy: Proxy, scans: Path) -> None:
    proxy.rule = every(Fault(bytes_a_second=2_000_000), "GET")
    done = machine.run("digitize", scans, "--plain")
    assert done.returncode == 0 and "store_away" not in done.stderr, done.stderr
    proxy.rule = None
    assert_whole(machine, scans)


@LONG
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(403, "AccessDenied"), ("từ chối", "policy.json")),
        (Fault(403, "RequestTimeTooSkewed", hours=1), ("đồng hồ", "timedatectl")),
        (Fault(503), ("Không kết nối được máy chủ lưu trữ", "503")),
    ],
)
def test_a_store_that_is_not_to_be_used_at_the_start_is_seen_before_a_page_is_read(
    machine: Machine, proxy: Proxy, scans: Path, fault: Fault, words: tuple[str, ...]
) -> None:
    machine.environment["SOHOA_OUTAGE_MINUTES"] = "0.1"
    proxy.rule = every(fault)
    done = machine.run("digitize", scans, "--plain")
    assert_told(done, *words)
    proxy.rule = None
    assert_the_same_command_goes_on(machine, scans)
    assert machine.json("batch", "show", scans.name)["pages"]["ocr_passes"] == 1


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own; skipped where nothing may be mounted."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@LONG
@pytest.mark.parametrize(("options", "words"), [("size=1m", "Kho đã đầy"), ("ro", "Không ghi được vào kho")])
def test_a_folder_that_is_full_or_read_only_is_told_and_the_same_command_goes_on(
    tmp_path: Path, scans: Path, options: str, words: str
) -> None:
    with small_disk(tmp_path / "disk", "50m") as root:
        (root / "other").write_bytes(b"x" * 1_000_000)
        subprocess.run(["mount", "-o", f"remount,{options}", str(root)], check=True)
        machine = Machine(tmp_path / "m", SOHOA_STORE__ROOT=str(root), SOHOA_WORKERS="1")
        assert_told(machine.run("digitize", scans, "--plain"), words)
        subprocess.run(["mount", "-o", "remount,rw,size=50m", str(root)], check=True)
        assert_the_same_command_goes_on(machine, scans)


# -- the database


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresqlServer]:
    with postgresql_server() as running:
        yield running


@pytest.fixture
def sharing(database: PostgresqlServer, tmp_path: Path) -> Machine:
    """A machine with its catalogue on PostgreSQL and its store in a folder."""
    database.execute('DROP DATABASE IF EXISTS "sohoa" WITH (FORCE)')
    database.execute('CREATE DATABASE "sohoa"')
    return Machine(
        tmp_path,
        SOHOA_DATABASE_URL=database.url_of("sohoa"),
        SOHOA_OUTAGE_MINUTES="5",
        SOHOA_WORKERS="1",
    )


def until_begun(database: PostgresqlServer, answers: list[subprocess.CompletedProcess[str]]) -> None:
    """Wait until the run has entered its batch."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not answers:
        with contextlib.suppress(psycopg.Error):
            if database.execute("SELECT 1 FROM batch_file LIMIT 1", "sohoa"):
                return
        time.sleep(0.05)
    pytest.fail(f"the run never began: {answers}")


def cut(database: PostgresqlServer) -> None:
    """End every connection to the catalogue."""
    database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'sohoa'")


def read_only(database: PostgresqlServer) -> None:
    database.execute('ALTER DATABASE "sohoa" SET default_transaction_read_only = on')
    cut(database)


def writable(database: PostgresqlServer) -> None:
    database.execute('ALTER DATABASE "sohoa" RESET default_transaction_read_only')
    cut(database)


@pytest.mark.postgresql
def test_a_database_that_takes_no_writing_is_told_at_once_and_the_same_command_goes_on(
    sharing: Machine, database: PostgresqlServer, scans: Path
) -> None:
    running, answers = begun(sharing, scans)
    until_begun(database, answers)
    read_only(database)
    running.join(120)
    (done,) = answers
    assert "catalogue_away" not in done.stderr
    # Sessions were cut to make them read-only; where that met the run's last step, it was lost and says so.
    assert_told(done, "ạy lại")
    assert_told(sharing.run("digitize", scans), "chỉ cho đọc", "chạy lại")
    writable(database)
    assert_the_same_command_goes_on(sharing, scans)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "how", ["cut", pytest.param("killed", marks=LONG), pytest.param("frozen", marks=LONG)]
)
def test_a_database_that_is_lost_in_the_middle_is_waited_for_and_nothing_is_lost_with_it(
    sharing: Machine, database: PostgresqlServer, scans: Path, how: str
) -> None:
    running, answers = begun(sharing, scans)
    until_begun(database, answers)
    if how == "cut":
        for _ in range(5):
            cut(database)
            time.sleep(0.3)
    elif how == "killed":
        database.kill()
        time.sleep(6)
        database.start()
    else:
        frozen(database, signal.SIGSTOP)
        time.sleep(15)
        frozen(database, signal.SIGCONT)
    running.join(240)
    (done,) = answers
    assert "Traceback" not in done.stderr and done.stderr.count("catalogue_away") <= 1, done.stderr
    if done.returncode == 0:
        return assert_whole(sharing, scans)
    # A transaction of the run itself was cut, not of a file's work: it is told, and the same command goes on.
    assert_told(done, "Mất kết nối", "Chạy lại")
    return assert_the_same_command_goes_on(sharing, scans)


def frozen(database: PostgresqlServer, how: signal.Signals) -> None:
    """Stop every process of the server, or let them go on."""
    found = subprocess.run(
        ["pgrep", "-f", "-P", str(database.process_id), "."], capture_output=True, text=True, check=False
    )
    for pid in (database.process_id, *map(int, found.stdout.split())):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)


@pytest.mark.postgresql
@LONG
def test_a_database_that_stays_away_is_given_up_after_the_configured_time_and_said_once(
    sharing: Machine, database: PostgresqlServer, scans: Path
) -> None:
    sharing.environment["SOHOA_OUTAGE_MINUTES"] = "0.1"
    running, answers = begun(sharing, scans)
    until_begun(database, answers)
    database.kill()
    began = time.monotonic()
    running.join(120)
    assert time.monotonic() - began < QUICK
    (done,) = answers
    assert done.returncode == 1 and done.stderr.count("catalogue_away") == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "Không kết nối được cơ sở dữ liệu" in done.stderr.strip().splitlines()[-1]
    database.start()
    assert_the_same_command_goes_on(sharing, scans)


@pytest.mark.postgresql
@LONG
def test_a_database_that_lets_nobody_in_is_told_at_once_at_the_start(
    sharing: Machine, database: PostgresqlServer, scans: Path
) -> None:
    good = sharing.environment["SOHOA_DATABASE_URL"]
    sharing.environment["SOHOA_DATABASE_URL"] = database.url_of("sohao")
    began = time.monotonic()
    done = sharing.run("digitize", scans, "--plain")
    assert time.monotonic() - began < QUICK and "catalogue_away" not in done.stderr
    assert_told(done, "Không kết nối được cơ sở dữ liệu", "sohao")
    sharing.environment["SOHOA_DATABASE_URL"] = good
    assert_the_same_command_goes_on(sharing, scans)


# -- Prefect's server


@pytest.mark.prefect
@pytest.mark.parametrize(
    ("fault", "words", "waits"),
    [
        (Fault(503), "HTTP 503", True),
        pytest.param(Fault(403), "403", False, marks=LONG),
        pytest.param(Fault(close=True), "closed connection", True, marks=LONG),
    ],
)
def test_a_prefect_server_that_cannot_be_used_is_told_in_a_line_before_a_page_is_read(
    tmp_path: Path, server: S3Server, scans: Path, fault: Fault, words: str, waits: bool
) -> None:
    with faulty_proxy(server.endpoint) as proxy:
        proxy.rule = every(fault)
        away = {"PREFECT_API_URL": f"http://{proxy.endpoint}/api", "SOHOA_OUTAGE_MINUTES": "0.05"}
        machine = Machine(tmp_path, SOHOA_WORKERS="1", **away)
        done = machine.run("digitize", scans)
        lines = done.stderr.strip().splitlines()
        assert done.returncode == 5 and "Traceback" not in done.stderr, done.stderr
        assert len(lines) <= FEW_LINES and "PREFECT_API_URL" in lines[-1] and words in lines[-1], done.stderr
        assert done.stderr.count("prefect_away") == waits
    assert_the_same_command_goes_on(machine, scans)
    assert machine.json("batch", "show", scans.name)["pages"]["ocr_passes"] == 1


@LONG
@pytest.mark.prefect
@pytest.mark.postgresql
def test_a_prefect_server_that_is_away_at_the_start_is_waited_for_and_one_that_dies_is_told_in_a_line(
    tmp_path: Path, database: PostgresqlServer, scans: Path
) -> None:
    database.execute('DROP DATABASE IF EXISTS "prefect" WITH (FORCE)')
    database.execute('CREATE DATABASE "prefect"')
    prefect = PrefectServer(tmp_path / "prefect", database.url_of("prefect"))
    machine = Machine(tmp_path / "m", SOHOA_WORKERS="1", PREFECT_API_URL=prefect.url)
    answers: list[subprocess.CompletedProcess[str]] = []
    running = threading.Thread(target=lambda: answers.append(machine.run("digitize", scans)))
    running.start()
    try:
        prefect.start()
        running.join(240)
        (done,) = answers
        assert done.returncode == 0 and done.stderr.count("prefect_away") == 1, done.stderr
        assert "prefect_back" in done.stderr
        assert_whole(machine, scans)
    finally:
        prefect.kill()
