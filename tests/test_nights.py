"""Nights without a person: schedules, the window, the watched inbox, and `sohoa serve` on a real Prefect server."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import samples
from configs.settings import Settings
from flows.nights import watched
from flows.nights.running import expected_end, run_scheduled
from flows.nights.serving import Child, Serve, due, take_folder
from flows.nights.wishes import cancel, pause, resume
from schemas.batches import BatchState, ScheduleState, Wish
from schemas.clock import VIETNAM
from schemas.errors import ConfigurationError, SetupError, UsageError
from schemas.night_window import Window, parse_window
from storage.catalogue import batches, schedules
from storage.catalogue.database import Database
from storage.catalogue.schedules import Schedule
from storage.objects import sha256_of
from storage.objects.keys import batch_key
from tests.machine import Machine
from tests.reviewed_batch import BATCH, RULES, SCANS, make_home, settings_of
from tests.servers import free_port

NIGHT = "22:00-06:00"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


# The window.


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [("21:59", False), ("22:00", True), ("23:59", True), ("00:00", True), ("05:59", True), ("06:00", False)],
)
def test_a_night_goes_over_midnight(clock: str, is_open: bool) -> None:
    assert parse_window(NIGHT).open_at(moment(f"2026-11-24 {clock}")) is is_open


def test_a_window_within_a_day_is_open_between_its_hours() -> None:
    window = parse_window("9:30 – 17:00")
    assert window.open_at(moment("2026-11-24 12:00"))
    assert not window.open_at(moment("2026-11-24 17:00"))


@pytest.mark.parametrize(
    ("now", "closes"),
    [
        ("2026-11-24 23:00", "2026-11-25 06:00"),
        ("2026-11-25 05:00", "2026-11-25 06:00"),
        ("2026-11-25 12:00", "2026-11-26 06:00"),
    ],
)
def test_the_end_of_a_night_is_the_coming_morning(now: str, closes: str) -> None:
    assert parse_window(NIGHT).closes_after(moment(now)) == moment(closes)


def test_a_moment_elsewhere_is_judged_by_the_clock_of_viet_nam() -> None:
    assert parse_window(NIGHT).open_at(datetime.fromisoformat("2026-11-24T16:00:00+00:00"))
    assert not parse_window(NIGHT).open_at(datetime.fromisoformat("2026-11-24T23:30:00+00:00"))


@pytest.mark.parametrize("text", ["", "22-6", "22:00", "25:00-06:00", "22:00-22:00", "22:00-06:61"])
def test_a_window_that_is_none_is_refused_with_its_remedy(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_window(text)
    assert raised.value.remedy == "night_window"


def test_the_end_is_foretold_from_the_pace_so_far_and_not_from_too_few_files() -> None:
    start, now = moment("2026-11-24 22:00"), moment("2026-11-24 23:00")
    assert expected_end(start, now, 10, 20, enough=5) == moment("2026-11-25 01:00")
    assert expected_end(start, now, 4, 20, enough=5) is None


# Which batch is started by us, because Prefect's clock did not or its run was lost.


def row(state: ScheduleState, *, at: str | None = None, cron: str | None = None) -> Schedule:
    return Schedule("lô", "/lô", at, cron, 2, state, None, None, "", None, "a", "2026-11-24T00:00:00+00:00")


NOW = moment("2026-11-24 23:00")


@pytest.mark.parametrize(
    ("schedule", "held", "started"),
    [
        (row(ScheduleState.DUE), False, True),
        (row(ScheduleState.RUNNING), False, True),
        (row(ScheduleState.RUNNING), True, False),
        (row(ScheduleState.WINDOW), False, True),
        (row(ScheduleState.PAUSED), False, False),
        (row(ScheduleState.CANCELLED), False, False),
        (row(ScheduleState.DONE, at="2026-11-24T22:00:00+07:00"), False, False),
        (row(ScheduleState.PLANNED, at="2026-11-24T22:00:00+07:00"), False, True),
        (row(ScheduleState.PLANNED, at="2026-11-24T23:30:00+07:00"), False, False),
        (row(ScheduleState.PLANNED, cron="0 22 * * *"), False, False),
    ],
)
def test_lost_missed_and_resumed_batches_are_started_and_no_others(
    schedule: Schedule, held: bool, started: bool
) -> None:
    assert due(schedule, NOW, window=None, held=held) is started
    assert due(schedule, NOW, window=parse_window(NIGHT), held=held) is started


def test_nothing_is_started_by_day() -> None:
    day = moment("2026-11-24 12:00")
    assert not due(row(ScheduleState.WINDOW), day, window=parse_window(NIGHT), held=False)
    assert not due(row(ScheduleState.DUE), day, window=parse_window(NIGHT), held=False)


# The watched inbox.


def look(root: Path, *, quiet: float = 600, now: float | None = None) -> dict[str, bool]:
    found = watched.look(
        root, marker="SAN-SANG", quiet_seconds=quiet, now=time.time() if now is None else now
    )
    return {each.path.name: each.complete for each in found}


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    for name in ("hộp-1", "hộp-2"):
        (tmp_path / "inbox" / name / "trong").mkdir(parents=True)
        (tmp_path / "inbox" / name / "trong" / "1.pdf").write_bytes(b"%PDF")
    (tmp_path / "inbox" / "trống").mkdir()
    (tmp_path / "inbox" / ".tạm").mkdir()
    (tmp_path / "inbox" / "lẻ.pdf").write_bytes(b"%PDF")
    return tmp_path / "inbox"


def test_a_folder_is_complete_by_its_marker_or_once_it_is_quiet(inbox: Path) -> None:
    assert look(inbox) == {"hộp-1": False, "hộp-2": False}
    (inbox / "hộp-1" / "SAN-SANG").touch()
    assert look(inbox) == {"hộp-1": True, "hộp-2": False}
    assert look(inbox, now=time.time() + 601) == {"hộp-1": True, "hộp-2": True}


def test_a_file_from_the_future_keeps_a_folder_waiting(inbox: Path) -> None:
    ahead = time.time() + 7200
    os.utime(inbox / "hộp-1" / "trong" / "1.pdf", (ahead, ahead))
    assert look(inbox, now=time.time() + 700) == {"hộp-1": False, "hộp-2": True}


def test_an_inbox_that_is_not_there_is_told_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as raised:
        look(tmp_path / "absent")
    assert raised.value.remedy == "inbox_unreadable"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'catalogue.db'}")
    yield opened
    opened.close()


def take(database: Database, inbox: Path) -> list[str]:
    known = {each.batch: each for each in schedules.every(database)}
    found = watched.look(inbox, marker="SAN-SANG", quiet_seconds=600, now=time.time())
    return [each.path.name for each in found if take_folder(database, each, known, "a")]


def test_a_complete_folder_is_taken_once_and_again_when_it_has_grown(database: Database, inbox: Path) -> None:
    (inbox / "hộp-1" / "SAN-SANG").touch()
    assert take(database, inbox) == ["hộp-1"]
    assert take(database, inbox) == []
    schedules.change(database, "hộp-1", state=ScheduleState.DONE)
    assert take(database, inbox) == []
    (inbox / "hộp-1" / "2.pdf").write_bytes(b"%PDF more")
    assert take(database, inbox) == ["hộp-1"]
    found = schedules.find(database, "hộp-1")
    assert found is not None and found.state is ScheduleState.DUE


def test_a_folder_that_a_person_paused_is_not_taken(database: Database, inbox: Path) -> None:
    (inbox / "hộp-1" / "SAN-SANG").touch()
    take(database, inbox)
    pause(database, "hộp-1")
    (inbox / "hộp-1" / "2.pdf").write_bytes(b"%PDF more")
    assert take(database, inbox) == []


# A batch run by its schedule; the clock is ours.


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose batch is planned, not run; the words of its scans are known, so that no engine is needed."""
    make_home(tmp_path, {"other": {}})
    from tests.printed_pages import page
    from tests.reviewed_batch import ImageMeasures, drawn, open_workspace

    folder = tmp_path / BATCH
    folder.mkdir()
    with open_workspace(settings_of(tmp_path / "home"), RULES) as workspace:
        digest = RULES.digests(workspace.settings, None).reading
        for name, rows in SCANS[BATCH].items():
            drawn(page(rows)).save(folder / name, dpi=(300, 300))
            measured = page(rows).model_copy(update={"measures": ImageMeasures(dpi=300.0)})
            workspace.ledger.finished(sha256_of(folder / name), digest, measured)
        schedules.put(workspace.database, BATCH, str(folder), "a", state=ScheduleState.DUE)
    return tmp_path / "home"


def night_settings(home: Path) -> Settings:
    return settings_of(home).model_copy(update={"night": NIGHT})


class Clock:
    """Says one time until it was asked so often, then another."""

    def __init__(self, first: str, asked: int, then: str) -> None:
        self._first, self._left, self._then = moment(first), asked, moment(then)

    def __call__(self) -> datetime:
        self._left -= 1
        return self._first if self._left >= 0 else self._then


def shown(home: Path, read: Callable[[Database], Any]) -> Any:
    database = Database(f"sqlite:///{home / 'catalogue.db'}")
    try:
        return read(database)
    finally:
        database.close()


def state_of(home: Path) -> tuple[BatchState, int]:
    return shown(
        home,
        lambda database: (
            batches.batch(database, BATCH).state,
            batches.counts(database, BATCH)[0].not_started,
        ),
    )


def codes_of(home: Path) -> list[str]:
    from storage.catalogue import views

    return shown(
        home,
        lambda database: sorted(
            paper["code"] for paper in views.show(database, BATCH)["documents"] if paper["code"]
        ),
    )


def test_a_batch_that_meets_the_end_of_its_night_goes_on_the_next_one(home: Path) -> None:
    # Asked when it opens, when the watch begins, then before each file: the second file meets the morning.
    first = run_scheduled(night_settings(home), BATCH, clock=Clock("2026-11-25 05:58", 3, "2026-11-25 06:00"))
    assert first is ScheduleState.WINDOW
    state, left = state_of(home)
    assert state is BatchState.PAUSED and 0 < left < len(SCANS[BATCH])
    some = codes_of(home)
    by_day = run_scheduled(night_settings(home), BATCH, clock=lambda: moment("2026-11-25 09:00"))
    assert by_day is ScheduleState.WINDOW and state_of(home) == (BatchState.PAUSED, left)
    done = run_scheduled(night_settings(home), BATCH, clock=lambda: moment("2026-11-25 22:01"))
    assert done is ScheduleState.DONE
    assert state_of(home) == (BatchState.FINISHED, 0)
    assert set(some) <= set(codes_of(home))
    assert len(codes_of(home)) == len(set(codes_of(home)))


def test_a_running_batch_heeds_a_wish_before_the_next_file_and_can_be_resumed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.nights import running

    class Asked(running.Watch):
        def __call__(self) -> BatchState | None:
            schedules.change(self._database, self._batch, wish=Wish.PAUSE)
            return super().__call__()

    with monkeypatch.context() as patched:
        patched.setattr(running, "Watch", Asked)
        assert run_scheduled(settings_of(home), BATCH) is ScheduleState.PAUSED
    assert state_of(home) == (BatchState.PAUSED, len(SCANS[BATCH]))
    assert run_scheduled(settings_of(home), BATCH) is ScheduleState.PAUSED
    assert shown(home, lambda database: resume(database, BATCH).state) is ScheduleState.DUE
    assert run_scheduled(settings_of(home), BATCH) is ScheduleState.DONE
    assert state_of(home) == (BatchState.FINISHED, 0)


def test_a_cancelled_batch_is_not_run_and_says_so(home: Path) -> None:
    shown(home, lambda database: cancel(database, BATCH, "lan"))
    assert run_scheduled(settings_of(home), BATCH) is ScheduleState.CANCELLED
    with pytest.raises(UsageError):
        shown(home, lambda database: batches.batch(database, BATCH))


def test_a_folder_that_vanished_is_told_in_its_schedule(home: Path) -> None:
    (home.parent / BATCH).rename(home.parent / "elsewhere")
    with pytest.raises(UsageError):
        run_scheduled(settings_of(home), BATCH)
    found = shown(home, lambda database: schedules.find(database, BATCH))
    assert found.state is ScheduleState.FAILED and BATCH in found.note


# The command line.


def test_batches_are_scheduled_listed_hurried_and_taken_off(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    batch = machine.inbox / "hộp 7"
    batch.mkdir()
    put = machine.json("schedule", batch, "--at", "31/12/2099 22:00", "--operator", "chị Lan")
    assert (put["batch"], put["at"], put["state"]) == ("hộp 7", "2099-12-31T22:00:00+07:00", "planned")
    assert machine.json("batch", "priority", "hộp 7", "high")["priority"] == 1
    assert machine.json("batch", "pause", batch)["state"] == "paused"
    assert machine.json("batch", "resume", "hộp 7")["state"] == "due"
    assert machine.json("schedule", batch, "--cron", "0 22 * * 1-5")["cron"] == "0 22 * * 1-5"
    assert [each["batch"] for each in machine.json("schedule", "list")] == ["hộp 7"]
    assert "hộp 7" in machine.run("schedule", "list").stdout
    assert machine.run("schedule", "remove", "hộp 7").returncode == 0
    assert machine.json("schedule", "list") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("{batch}", "--at", "2020-01-01 22:00"), "đã qua"),
        (("{batch}", "--at", "khuya"), "Không hiểu giờ"),
        (("{batch}", "--cron", "0 25 * * *"), "Không hiểu lịch"),
        (("{batch}",), "--at"),
        (("{batch}", "--at", "22:00", "--cron", "0 22 * * *"), "--at"),
        (("{batch}", "--at", "22:00", "--priority", "mau"), "ưu tiên"),
        (("/không/có", "--at", "22:00"), "/không/có"),
        (("remove", "hộp 9"), "không có trong lịch"),
    ],
)
def test_a_schedule_that_cannot_be_is_wrong_usage_and_says_what_to_type(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    machine = Machine(tmp_path)
    batch = machine.inbox / "hộp"
    batch.mkdir()
    done = machine.run("schedule", *(each.format(batch=batch) for each in arguments))
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr


# What `sohoa serve` keeps alive.


def test_a_program_that_ends_is_started_again_after_a_while_and_one_asked_for_once_at_once(
    tmp_path: Path,
) -> None:
    told = tmp_path / "told"
    script = ["/bin/sh", "-c", f"echo started >> {told}; exec sleep $0", "0"]
    child = Child("short", script, dict(os.environ), tmp_path / "log")
    assert child.keep()
    wait_for(lambda: told.exists(), 10)
    time.sleep(0.3)
    assert not child.keep(), "not at once: what ends at once would spin"
    child.once()
    wait_for(lambda: told.read_text().count("started") == 2, 10)
    lasting = Child("long", [*script[:-1], "60"], dict(os.environ), tmp_path / "log")
    lasting.once()
    lasting.once()
    wait_for(lambda: told.read_text().count("started") == 3, 10)
    for each in (child, lasting):
        each.stop()


def test_serve_looks_at_alerts_and_rewrites_the_board(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    serve = Serve(settings, "127.0.0.1", free_port(), lambda *_, **__: None)
    serve.check_alerts_now()
    try:
        wait_for((settings.reports / "board.html").exists, 60)
    finally:
        serve.close()


def test_browsers_are_told_the_address_of_the_proxy_where_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home")
    told = "PREFECT_SERVER_UI_API_URL"
    monkeypatch.delenv(told, raising=False)
    port = free_port()
    serve = Serve(settings, "127.0.0.1", port, lambda *_, **__: None)
    assert serve._environment[told] == f"http://127.0.0.1:{port}/api"
    monkeypatch.setenv(told, "https://prefect.sohoa.example.vn/api")
    behind = Serve(settings, "127.0.0.1", port, lambda *_, **__: None)
    assert behind._environment[told] == "https://prefect.sohoa.example.vn/api"
    assert behind._environment["PREFECT_API_URL"] == f"http://127.0.0.1:{port}/api"


def test_serve_on_a_port_that_is_taken_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = Machine(tmp_path).run("serve", "--port", port)
    assert done.returncode == 5 and port in done.stderr and "--port" in done.stderr


# The real thing.


def wait_for(happened: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)


def processes_with(machine: Machine, word: str) -> list[int]:
    found = []
    for pid in machine.processes():
        try:
            if word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found


def deployments(port: int) -> list[str]:
    """Names of the deployments on the Prefect server."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/deployments/filter",
        data=b"{}",
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return [str(each["name"]) for each in json.load(answer)]


@pytest.mark.prefect
def test_a_scheduled_batch_fires_survives_the_death_of_its_worker_and_is_finished_once(
    tmp_path: Path,
) -> None:
    watched_folder = tmp_path / "chờ"
    machine = Machine(tmp_path, SOHOA_WORKERS="2", SOHOA_INBOX=str(watched_folder))
    for name in ("hộp-đủ", "hộp-còn-chép"):
        (watched_folder / name).mkdir(parents=True)
        Image.new("L", (850, 1100), 255).save(watched_folder / name / "1.png", dpi=(100, 100))
    (watched_folder / "hộp-đủ" / "SAN-SANG").touch()
    samples.make(tmp_path / "scans", 6, 11)
    batch = machine.inbox / "lo"
    batch.mkdir()
    scans = [
        path
        for path in sorted((tmp_path / "scans").glob("*/*"))
        if path.suffix in {".pdf", ".tif", ".jpg", ".png"}
    ]
    for number, scan in enumerate(scans):
        scan.rename(batch / f"{number:02d}{scan.suffix}")
    port, web = free_port(), free_port()
    machine.environment["SOHOA_PORTAL__PORT"] = str(web)
    serve = machine.start("serve", "--port", str(port))
    try:
        machine.home.mkdir(exist_ok=True)
        at = (datetime.now(VIETNAM) + timedelta(seconds=25)).isoformat(timespec="seconds")
        machine.run("schedule", batch, "--at", "31/12/2099 22:00")
        shown(machine.home, lambda database: schedules.change(database, "lo", at=at))

        def read() -> int:
            return int(shown(machine.home, lambda database: batches.counts(database, "lo")[0].read))

        def state() -> ScheduleState:
            row = shown(machine.home, lambda database: schedules.find(database, "lo"))
            return ScheduleState(row.state)

        wait_for(lambda: read() >= 1, 240)
        checked = (machine.home / "prefect" / "alerts.log").read_text(encoding="utf-8")
        assert "Không có cảnh báo nào đang mở" in checked, checked
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/health", timeout=10) as health:
            assert json.load(health)["status"] == "ok", "the web page is part of it"
        # Prefect's page is written into the home: its own package is not the service's to write to.
        assert (machine.home / "prefect" / "page" / "v1" / "index.html").is_file()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
            assert page.status == 200
        words = ("worker", "scheduled", "prefect.engine", "flow-run")
        killed = {pid for word in words for pid in processes_with(machine, word)} - {serve.pid}
        for pid in killed - set(processes_with(machine, "server")):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        assert killed
        wait_for(lambda: state() is ScheduleState.DONE, 300)
        after = machine.json("batch", "show", "lo")
        assert after["state"] == "finished"
        assert after["files"]["not_started"] == 0
        assert after["pages"]["in"] == after["pages"]["accounted"]
        codes = [paper["code"] for paper in after["documents"] if paper["code"]]
        assert len(codes) == len(set(codes))

        def of_inbox() -> dict[str, str]:
            rows = machine.json("schedule", "list")
            return {row["batch"]: row["state"] for row in rows if row["batch"] != "lo"}

        wait_for(lambda: of_inbox().get("hộp-đủ") == "done", 120)
        assert of_inbox() == {"hộp-đủ": "done"}, "a folder that may still grow is left alone"
        assert machine.json("batch", "show", "hộp-đủ")["files"] == {
            "in": 1,
            "read": 1,
            "set_aside": 0,
            "not_started": 0,
        }
        assert set(deployments(port)) == {batch_key("lo"), batch_key("hộp-đủ")}
        assert machine.run("schedule", "remove", "lo").returncode == 0
        wait_for(lambda: deployments(port) == [batch_key("hộp-đủ")], 30)
    finally:
        serve.terminate()
        try:
            serve.wait(60)
        finally:
            serve.kill()
    wait_for(lambda: machine.processes() == [], 10)
    assert serve.returncode == 0


def test_window_is_a_pair_of_hours() -> None:
    assert parse_window("22:00-06:00") == Window(*parse_window("22:00 - 6:00"))
