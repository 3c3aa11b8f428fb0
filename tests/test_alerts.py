"""Alerts: raised by dated rules, told once until they change, kept while a channel is down. Real SMTP and HTTP servers."""

from __future__ import annotations

import contextlib
import email
import email.policy
import shutil
import socketserver
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from configs.loader import load_alert_rules
from configs.settings import Settings
from schemas.alerts import ChannelSpec
from schemas.batches import BatchState
from schemas.board import Board, Fixity
from schemas.quotas import RateBounds
from storage.catalogue import alerts, batches
from storage.catalogue.database import Database
from tests.board_home import DAY, NOW, UNITS, fill, settings_for
from tests.machine import Machine
from tests.papers import OWNER
from tests.servers import free_port, serving
from workspace.alerting import Delivery, alerts_of, check, send_test
from workspace.board import board_of

LATER = NOW + timedelta(minutes=5)


class _Mail(socketserver.StreamRequestHandler):
    """One SMTP conversation (RFC 5321), as much of it as a client without extensions needs."""

    def handle(self) -> None:
        self._say("220 thử ESMTP")
        while line := self.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.letters.append(b"".join(lines))  # type: ignore[attr-defined]
            if word == "QUIT":
                self._say("221 bye")
                return
            self._say("250 ok")

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


@contextlib.contextmanager
def mail_server(port: int) -> Iterator[list[Any]]:
    server = socketserver.TCPServer(("127.0.0.1", port), _Mail)
    server.letters = []  # type: ignore[attr-defined]
    with serving(server):
        yield server.letters  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("báo") / "home"
    database = Database(settings_for(home).catalogue_url)
    few = {
        place: (stock and stock // 20, tuple(n // 20 for n in years))
        for place, (stock, years) in UNITS.items()
    }
    fill(database, units={**few, ("xa", "Phường Cam Ranh"): (None, (0, 0, 0, 0, 0, 2, 2))})
    database.close()
    return home


@pytest.fixture
def settings(filled: Path, tmp_path: Path) -> Settings:
    shutil.copytree(filled, tmp_path / "home")
    spec = ChannelSpec(
        smtp_host="127.0.0.1",
        smtp_port=free_port(),
        smtp_security="none",
        mail_from="sohoa@vi.du",
        mail_to=("cntt@vi.du",),
        seconds=5,
    )
    return settings_for(tmp_path / "home").model_copy(update={"alerts": spec})


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.catalogue_url)
    yield opened
    opened.close()


@pytest.fixture
def board(database: Database, settings: Settings) -> Board:
    return board_of(database, settings, DAY)


def letter(raw: bytes) -> Any:
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_every_condition_of_the_rules_is_found_in_the_catalogues_own_records(board: Board) -> None:
    found = {alert.rule for alert in alerts_of(board, LATER, "vi")}
    assert found == {"behind_pace", "batch_stopped", "unit_without_inventory", "night_not_finished"}
    hours = alerts_of(board, NOW + timedelta(hours=3), "vi")
    assert [each.subject for each in hours if each.rule == "batch_stuck"] == [
        "Hộ tịch phường Nha Trang, hộp 41–48"
    ]
    assert board.disk is not None
    short = board.model_copy(update={"disk": board.disk.model_copy(update={"days_left": 9.0})})
    (low,) = [each for each in alerts_of(short, LATER, "vi") if each.rule == "disk_low"]
    assert low.message.startswith("Đĩa còn đủ 9 ngày")
    lost = board.model_copy(
        update={"fixity": Fixity(at=NOW.isoformat(), outcome="damaged", objects=9, damaged=2)}
    )
    (damage,) = [each for each in alerts_of(lost, LATER, "vi") if each.rule == "fixity_damage"]
    assert damage.message.endswith("2 đối tượng bị mất hoặc đã khác. Xem: sohoa verify")
    assert {rule.rule for rule in load_alert_rules()} == found | {
        "batch_stuck",
        "batch_not_closed",
        "disk_low",
        "fixity_damage",
    }


def test_a_night_is_told_when_it_is_over_and_names_what_is_left(board: Board) -> None:
    def nights(now: datetime) -> list[tuple[str, str]]:
        return [
            (each.subject, each.fingerprint)
            for each in alerts_of(board, now, "vi")
            if each.rule == "night_not_finished"
        ]

    assert nights(NOW.replace(hour=6)) == []
    assert nights(NOW.replace(hour=7)) == [("Đất đai xã Cam Lâm, hộp 3", "2026-11-23")]
    assert nights(NOW.replace(hour=7) + timedelta(days=1)) == []


def test_no_alert_holds_an_identifier(board: Board) -> None:
    line = board.queue[0].model_copy(update={"batch": f"hồ sơ {OWNER}", "state": BatchState.FAILED})
    said = " ".join(
        each.message for each in alerts_of(board.model_copy(update={"queue": (line,)}), LATER, "vi")
    )
    assert "hồ sơ 056" in said and OWNER not in said


def test_each_alert_goes_out_once_by_every_channel_until_it_changes(
    database: Database, settings: Settings, board: Board, posted: list[dict[str, Any]]
) -> None:
    with mail_server(settings.alerts.smtp_port) as letters:
        first = check(database, settings, board, LATER)
        assert {each.channel for each in first} == {"log", "email", "webhook"}
        assert check(database, settings, board, LATER + timedelta(minutes=1)) == []
        batches.set_state(database, "Giấy phép xây dựng 2019", BatchState.FAILED)
        again = check(database, settings, board_of(database, settings, DAY), LATER)
        assert again == [Delivery("log", 1, None), Delivery("email", 1, None), Delivery("webhook", 1, None)]
    assert [len(letters), len(posted)] == [2, 2]
    told = letter(letters[0])
    assert (told["To"], told["Subject"]) == (
        "cntt@vi.du",
        f"Sohoa: {first[1].alerts} cảnh báo ngày 24/11/2026",
    )
    assert "chưa có số liệu kiểm kê" in told.get_content()
    assert posted[1]["alerts"] == [posted[1]["text"].split("\n")[1]]
    assert "Giấy phép xây dựng 2019" in posted[1]["alerts"][0]


def test_a_unit_behind_pace_is_told_anew_when_its_gap_has_changed_by_five_points(board: Board) -> None:
    (row,) = [each for each in board.quota.rows if (each.level, each.unit) == ("xa", None)]

    def told(gap: float) -> str:
        late = row.model_copy(update={"target_due": 0.9, "rate": RateBounds(low=0.9 - gap, high=0.9)})
        quota = board.quota.model_copy(update={"rows": (late,)})
        alone = board.model_copy(update={"quota": quota})
        (alert,) = [each for each in alerts_of(alone, LATER, "vi") if each.rule == "behind_pace"]
        return alert.fingerprint

    assert told(0.31) == told(0.33)
    assert len({told(gap) for gap in (0.21, 0.26, 0.31, 0.36)}) == 4


def test_what_holds_no_more_is_cleared_and_is_told_again_when_it_comes_back(
    database: Database, settings: Settings, board: Board
) -> None:
    settings = settings.model_copy(update={"alerts": ChannelSpec()})
    check(database, settings, board, LATER)
    calm = board.model_copy(update={"queue": ()})
    check(database, settings, calm, LATER)
    assert "batch_stopped" not in {row.rule for row in alerts.standing(database)}
    assert check(database, settings, board, LATER) == [Delivery("log", 3, None)]


def test_a_mail_server_that_is_down_loses_nothing_and_holds_nobody_up(
    database: Database, settings: Settings, board: Board, posted: list[dict[str, Any]]
) -> None:
    down = {each.channel: each for each in check(database, settings, board, LATER)}
    assert down["email"].failure is not None and "127.0.0.1" in down["email"].failure
    assert down["webhook"].failure is None and len(posted) == 1
    assert all(row.sent["email"] is None for row in alerts.standing(database))
    with mail_server(settings.alerts.smtp_port) as letters:
        (late,) = check(database, settings, board, LATER)
    assert (late.channel, late.failure) == ("email", None)
    assert len(letters) == 1 and late.alerts == len(alerts.standing(database))


def test_a_webhook_that_refuses_is_told_of_without_its_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOHOA_WEBHOOK_URL", f"http://127.0.0.1:{free_port()}/token-42")
    only = settings.model_copy(update={"alerts": ChannelSpec()})
    (done,) = send_test(only)
    assert done.failure is not None and "token-42" not in done.failure


def test_a_batch_ends_well_though_the_mail_server_is_down(tmp_path: Path) -> None:
    machine = Machine(
        tmp_path,
        SOHOA_ALERTS__SMTP_HOST="127.0.0.1",
        SOHOA_ALERTS__SMTP_PORT=str(free_port()),
        SOHOA_ALERTS__MAIL_TO='["cntt@vi.du"]',
    )
    (machine.inbox / "lô").mkdir()
    (machine.inbox / "lô" / "hỏng.pdf").write_text("không phải PDF", encoding="utf-8")
    done = machine.run("digitize", machine.inbox / "lô", "--plain")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert (machine.home / "reports" / "board.html").exists()
    asked = machine.run("alerts", "test")
    assert asked.returncode == 1
    assert "Chưa gửi được qua thư điện tử" in asked.stderr and "Traceback" not in asked.stderr


def test_a_test_without_any_channel_says_how_to_set_one_up(tmp_path: Path) -> None:
    asked = Machine(tmp_path).run("alerts", "test")
    assert asked.returncode == 5
    assert "SOHOA_ALERTS__SMTP_HOST" in asked.stderr


def test_sending_imports_no_database_toolkit() -> None:
    code = "import sys; import workspace.channels; sys.exit('sqlalchemy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


def test_no_alert_chases_a_level_or_unit_that_no_longer_stands(
    settings: Settings, database: Database
) -> None:
    about = {alert.subject for alert in alerts_of(board_of(database, settings, DAY), NOW, "vi")}
    assert any(subject.startswith("xa ") for subject in about)
    assert not [subject for subject in about if subject.startswith("huyen")]
    assert not about & {"xa Xã Diên An", "xa Phường Vĩnh Hải"}


def test_an_alert_raised_in_one_language_is_listed_in_another(settings: Settings, database: Database) -> None:
    check(database, settings, board_of(database, settings, DAY), NOW)
    machine = Machine(settings.home.parent / "listing")
    done = machine.run("alerts", "list", "--home", settings.home, "--lang", "en")
    assert (done.returncode == 0 and "below" in done.stdout) or "behind" in done.stdout, done.stdout
    assert "thấp hơn" not in done.stdout
