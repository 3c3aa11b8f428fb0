"""The board: true figures with their day and basis, the same bytes for the same state, nothing asked of a network."""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import structlog
from playwright.sync_api import sync_playwright

from cli.quota import quota
from configs.settings import Settings
from quality.board_page import board_page
from quality.pace import catch_up, disk
from quality.quota_notes import shape
from schemas.board import Board
from schemas.events import Event, EventType
from schemas.quotas import QuotaRow
from storage.catalogue import events, schedules
from storage.catalogue.database import Database
from tests.board_home import DAY, fill, settings_for
from tests.test_batch_report import CHROMIUM
from workspace.board import board_of, write_board


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("phòng") / "home"
    database = Database(settings_for(home).catalogue_url)
    fill(database)
    database.close()
    return home


@pytest.fixture
def settings(filled: Path, tmp_path: Path) -> Settings:
    shutil.copytree(filled, tmp_path / "home")
    return settings_for(tmp_path / "home")


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.catalogue_url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def board(filled: Path) -> Board:
    opened = Database(settings_for(filled).catalogue_url)
    try:
        return board_of(opened, settings_for(filled), DAY)
    finally:
        opened.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[Database, Settings]]:
    settings = settings_for(tmp_path / "trống")
    database = Database(settings.catalogue_url)
    yield database, settings
    database.close()


def words_of(html: str) -> str:
    text = re.sub(r"<style>.*?</style>|<title>.*?</title>", "", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text).replace("\N{NO-BREAK SPACE}", " "))


def test_the_board_says_what_the_quota_command_says(
    board: Board, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    quota(as_of=DAY.isoformat(), as_json=True, home=settings.home)
    structlog.reset_defaults()  # the command logs to a stream that ends with this test
    said = json.loads(capsys.readouterr().out)
    assert said == shape(board.quota, "vi") | {"live": said["live"], "frozen": None}
    assert any(row["notes"] for row in said["rows"])


def test_every_level_has_its_three_lines_since_2021(board: Board) -> None:
    assert [panel.level for panel in board.panels] == ["tinh", "huyen", "xa"]
    province = board.panels[0]
    assert [point.day.year for point in province.points] == [2021, 2022, 2023, 2024, 2025, 2025, 2026]
    assert all(point.rate is not None for point in province.points)
    assert [share for _, share in province.required] == [0.3, 0.5, 0.7, 0.9, 1.0, 1.0]
    assert province.catch_up is not None and province.catch_up.until == date(2026, 12, 31)


def test_a_level_tells_its_pace_its_range_and_what_the_target_asks_for(board: Board) -> None:
    """Communes coded 192 results on 20/8/2026 and none since: 14 whole weeks until 22/11, and five to the year's end."""
    told = board.panels[2].forecast
    assert told is not None and told.pace is not None
    assert (told.pace.weeks, told.pace.since) == (14, date(2026, 8, 17))
    assert told.pace.per_week == pytest.approx(192 / 14)
    assert (told.pace.low, told.pace.high) == (0.0, 48.0)
    assert (told.left, told.left_target, told.due) == (237, 237, date(2026, 12, 31))
    assert told.required_per_week == pytest.approx(237 / (37 / 7))
    assert (told.keeps_up, told.all_by_late) == ("perhaps", None)
    text = words_of(board_page(board))
    assert "Nhịp độ: 13,7 kết quả mỗi tuần" in text and "Kịp chỉ tiêu nếu giữ nhịp nhanh" in text


def test_the_district_level_ends_by_the_dated_lists_and_units_stand_on_their_side_of_it(board: Board) -> None:
    assert board.district_end == date(2025, 6, 30)
    eras = {unit.row.unit: unit.era for panel in board.panels for unit in panel.units}
    assert eras["Huyện Diên Khánh"] == "before"
    # Xã Diên An was merged whole on 1/7/2025: its papers and stock stand with the commune that holds them.
    assert "Xã Diên An" not in eras
    assert (eras["Xã Diên Khánh"], eras["Phường Nha Trang"]) == ("after", "after")
    district, commune = board.panels[1], board.panels[2]
    assert district.since_end == 0
    assert commune.before_end + commune.since_end == commune.row.digitised


def test_the_queue_tells_speed_and_hours_only_where_pages_were_timed(board: Board) -> None:
    lines = {line.batch: line for line in board.queue}
    running = lines["Hộ tịch phường Nha Trang, hộp 41–48"]
    assert running.pages_per_hour == pytest.approx(811 / 130 * 60, rel=0.01)
    assert running.hours_left == pytest.approx(257 * (652 / 163) / running.pages_per_hour, rel=0.01)
    waiting = lines["Sở Y tế: chứng chỉ hành nghề"]
    assert (waiting.pages_per_hour, waiting.hours_left) == (None, None)
    assert board.finished == 1


def test_a_scheduled_batch_that_nobody_opened_waits_in_the_queue(
    database: Database, settings: Settings
) -> None:
    schedules.put(database, "Lô đêm nay", "/inbox/đêm", "lan", at="2026-11-24T22:00:00+07:00")
    text = words_of(board_page(board_of(database, settings, DAY)))
    assert "Lô đêm nay hẹn 24/11/2026 22:00" in text


def test_nothing_is_made_up_in_an_empty_home(empty: tuple[Database, Settings]) -> None:
    database, settings = empty
    text = words_of(board_page(board_of(database, settings, DAY)))
    assert text.count("chưa có số liệu kiểm kê") == 3
    assert "chưa kiểm tra" in text and "chưa đo" in text and "chưa có giấy tờ" in text
    assert "0 %" not in text.replace("100 %", "").replace("20 %", "")


def test_fixity_is_told_once_one_is_on_record(database: Database, settings: Settings) -> None:
    event = Event(
        id="e" * 32,
        type=EventType.FIXITY_CHECK,
        at="2026-11-23T22:05:00+07:00",
        subject="kho",
        agent="máy",
        tool="sohoa",
        outcome="success",
    )
    events.record(database, "r" * 32, [event])
    text = words_of(board_page(board_of(database, settings, DAY)))
    assert "23/11/2026 22:05" in text
    assert "chưa kiểm tra" not in text


def test_the_same_state_and_day_give_the_same_bytes_in_a_file_of_its_owner(
    database: Database, settings: Settings
) -> None:
    board, path = write_board(database, settings, DAY, DAY)
    assert board_page(board) == path.read_text(encoding="utf-8")
    assert board_page(board_of(database, settings, DAY)) == board_page(board)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["board.html"]


def test_a_rate_short_of_its_target_is_never_rounded_up_to_it(board: Board) -> None:
    row = board.panels[0].row
    nearly = row.model_copy(update={"rate": row.rate.model_copy(update={"low": 0.99996, "high": 0.99996})})  # type: ignore[union-attr]
    panel = board.panels[0].model_copy(update={"row": nearly})
    text = words_of(board_page(board.model_copy(update={"panels": (panel,)})))
    assert "99,9 %" in text and "Đạt chỉ tiêu" not in text


def test_catching_up_is_what_remains_over_the_months_that_remain() -> None:
    shape = {"level": "xa", "unit": None, "digitised": 40, "unknown_validity": 0, "elsewhere": 0}
    row = QuotaRow.model_validate(
        {**shape, "inventory": 100, "basis": "counted", "rate": {"low": 0.4, "high": 0.4}}
        | {"rate_with_elsewhere": None, "target": 1.0}
    )
    found = catch_up(row, date(2026, 7, 1))
    assert found is not None
    assert (found.missing, round(found.per_month, 1)) == (60, 10.0)
    assert catch_up(row.model_copy(update={"target": 0.4}), date(2026, 7, 1)) is None


def test_disk_days_need_two_days_and_a_fall() -> None:
    day = date(2026, 11, 24)
    assert disk([], 0, 30) is None
    once = disk([(day, 100, 200)], 0, 30)
    assert once is not None and (once.per_day, once.days_left) == (None, None)
    twice = disk([(date(2026, 11, 14), 120, 200), (day, 100, 200)], 20, 30)
    assert twice is not None and (twice.per_day, twice.days_left) == (2, 40.0)
    grown = disk([(date(2026, 11, 14), 90, 200), (day, 100, 200)], 20, 30)
    assert grown is not None and grown.days_left is None


@pytest.mark.browser
def test_the_board_fits_wall_and_telephone_and_asks_for_nothing(
    database: Database, settings: Settings
) -> None:
    _, path = write_board(database, settings, DAY, DAY)
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for width, height in ((1920, 1080), (390, 844)):
            page = browser.new_page(viewport={"width": width, "height": height})
            page.on("request", lambda request: asked.append(request.url))
            page.on("console", lambda message: complaints.append(message.text))
            page.goto(path.as_uri())
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if width == 1920:
                assert (
                    page.evaluate("document.querySelector('.screen').getBoundingClientRect().bottom") <= 1080
                )
        browser.close()
    assert set(asked) == {path.as_uri()}
    assert complaints == []
