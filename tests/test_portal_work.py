"""What people ask of the pipeline on the page: runs, plans, inventories declared and approved, accounts, what was made."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.people import Role
from storage.catalogue import accounts
from storage.catalogue.database import Database
from tests.portal_home import UNIT, WORD, Browser, Portal, _hash, papers_of, portal_over
from tests.printed_pages import page
from tests.reviewed_batch import BATCH, RIGHT, RULES, birth, drawn, exported, fill, settings_of, take
from tests.test_portal_pages import plain
from tests.test_portal_upload import declared, opened, piece
from workspace.opening import open_workspace

NEW = "một mật khẩu của riêng tôi"


@pytest.fixture(scope="module")
def portal(digitised: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with portal_over(digitised, tmp_path_factory.mktemp("work"), SOHOA_WORKERS="1") as running:
        database = Database(f"sqlite:///{running.machine.home / 'catalogue.db'}")
        accounts.add(database, "văn thư xã", Role.ARCHIVIST, units=["22651"], password=_hash(), by="tests")
        database.close()
        yield running


@pytest.fixture(autouse=True)
def forgiven(portal: Portal) -> Iterator[None]:
    yield
    rows(portal, "DELETE FROM sign_in_failure")


def rows(portal: Portal, statement: str) -> list[Any]:
    database = sqlite3.connect(portal.machine.home / "catalogue.db", timeout=30)
    found = database.execute(statement).fetchall()
    database.commit()
    database.close()
    return found


def events(portal: Portal, kind: str) -> list[dict[str, Any]]:
    return [
        json.loads(row[0])
        for row in rows(portal, f"SELECT data FROM event WHERE type = '{kind}' ORDER BY at")
    ]


def told_until(browser: Browser, path: str, wanted: str, seconds: float = 60) -> str:
    deadline = time.monotonic() + seconds
    while wanted not in (text := plain("<main" + browser.get(path).text)):
        assert time.monotonic() < deadline, text
        time.sleep(0.3)
    return text


@pytest.fixture(scope="module")
def uploaded(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A batch with a scan and a file that cannot be read, handed over through the page."""
    scan = tmp_path_factory.mktemp("scans") / "khai sinh.png"
    drawn(page(birth("777/2021"))).save(scan, dpi=(300, 300))
    browser = portal.signed_in("vân")
    upload = opened(browser, "lô mới", owning_unit=UNIT)
    for name, data in ((scan.name, scan.read_bytes()), ("hỏng.png", b"\x89PNG\r\n\x1a\n" + b"x" * 3000)):
        number = declared(browser, upload, name, data).json()["number"]
        for at in range(0, len(data), 4_000_000):
            assert piece(browser, upload, number, at, data[at : at + 4_000_000]).status_code == 200
    assert browser.post(f"{upload}/finish", upload).status_code == 303
    return "/batches/l%C3%B4%20m%E1%BB%9Bi"


def test_a_batch_from_the_browser_is_run_and_its_failures_told_and_tried_again(
    portal: Portal, uploaded: str
) -> None:
    browser = portal.signed_in("vân")
    assert "chờ bắt đầu" in plain(browser.get(uploaded).text)
    assert "1 lô mới chờ bắt đầu" in plain(browser.get("/").text)
    assert portal.signed_in("lan").post(f"{uploaded}/acts/start").status_code == 403
    assert browser.post(f"{uploaded}/acts/start", uploaded).status_code == 303
    assert "hx-get" in browser.get(f"{uploaded}/progress").text
    told_until(browser, f"{uploaded}/progress", "đã chạy xong")
    text = plain(browser.get(uploaded).text)
    assert "hỏng.png" in text and "2 / 2" in text and "Thử lại tệp lỗi" in text
    shown = portal.machine.json("batch", "show", "lô mới")
    assert shown["state"] == "finished" and shown["files"]["set_aside"] == 1
    before = events(portal, "batch started")
    assert browser.post(f"{uploaded}/acts/retry", uploaded).status_code == 303
    told_until(browser, f"{uploaded}/progress", "đã chạy xong")
    deadline = time.monotonic() + 40
    while len(events(portal, "batch started")) == len(before) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert len(events(portal, "batch started")) > len(before)
    told = [(each["subject"], each["outcome"], each["agent"]) for each in events(portal, "schedule")]
    assert told[:2] == [("lô mới", "start", "vân"), ("lô mới", "retry", "vân")]


def test_plans_are_those_of_schedule_list(portal: Portal) -> None:
    browser, path = portal.signed_in("tin"), f"/batches/{BATCH}"
    assert browser.post(f"{path}/acts/plan", path, at="2001-01-01T08:00").status_code == 422
    assert browser.post(f"{path}/acts/plan", path, cron="mỗi ngày").status_code == 422
    assert browser.post(f"{path}/acts/plan", path).status_code == 422
    folder = Path(rows(portal, f"SELECT path FROM batch WHERE name = '{BATCH}'")[0][0])
    folder.mkdir(parents=True, exist_ok=True)
    assert browser.post(f"{path}/acts/plan", path, at="2099-01-01T22:00").status_code == 303
    assert browser.post(f"{path}/acts/priority", path, priority="1").status_code == 303

    def planned() -> dict[str, Any]:
        found = portal.machine.json("schedule", "list")
        return next(each for each in found if each["batch"] == BATCH)

    assert (planned()["at"][:16], planned()["priority"], planned()["operator"]) == (
        "2099-01-01T22:00",
        1,
        "tin",
    )
    assert "22:00" in browser.get(path).text and "sohoa serve" in browser.get(path).text
    for act, said in (("pause", "tạm dừng"), ("cancel", "đã thôi")):
        assert browser.post(f"{path}/acts/{act}", path).status_code == 303
        assert said in plain(browser.get(path).text)
    assert planned()["state"] == "cancelled"


HEADER = "Cấp;Đơn vị;Loại giấy tờ;Năm;Số lượng;Cơ sở kiểm kê;Nguồn\n"


def filled(unit: str = UNIT, count: object = 40) -> bytes:
    return f"{HEADER}Cấp xã;{unit};Giấy khai sinh;2025;{count};đếm thực tế;biên bản\n".encode()


def handed_in(browser: Browser, data: bytes, name: str = "kiểm kê.csv", **fields: str) -> httpx.Response:
    said = {"token": browser.token("/figures/inventory"), "document": "05/BB-UBND", **fields}
    return browser.http.post("/figures/inventory", data=said, files={"table": (name, data)})


def in_force(portal: Portal) -> list[dict[str, Any]]:
    found = portal.machine.json("inventory", "list")
    listed: list[dict[str, Any]] = found["rows"] if isinstance(found, dict) else found
    return listed


def test_an_inventory_is_declared_by_one_person_and_approved_by_another(portal: Portal) -> None:
    unit, leader = portal.signed_in("văn thư xã"), portal.signed_in("phê")
    bad = handed_in(unit, filled(count="bốn mươi"))
    assert bad.status_code == 422 and "dòng 2" in plain(bad.text) and "kiểm kê.csv" in bad.text
    foreign = handed_in(unit, filled(unit="Phường Nha Trang"))
    assert foreign.status_code == 422 and "ngoài phạm vi" in plain(foreign.text)
    data = filled()
    assert handed_in(unit, data, name="x.exe").status_code == 422
    assert handed_in(unit, data, document=" ").status_code == 422
    assert not list((portal.machine.home / "submissions").glob("*"))
    done = handed_in(unit, data, signer="Trần Văn Bình", document_date="2024-02-01")
    assert done.status_code == 303, plain(done.text)
    assert in_force(portal) == [] and "chờ duyệt" in unit.get("/figures/inventory").text
    seen = leader.get("/figures/inventory").text
    assert "1 bản kê khai chờ duyệt" in plain(leader.get("/").text)
    (approve,) = re.findall(r'action="(/figures/inventory/[0-9a-f]{32}/approve)"', seen)
    table = approve.replace("approve", "table")
    assert leader.get(table).content == data
    assert portal.signed_in("xã khác").get(table).status_code == 403
    assert unit.post(approve, "/figures/inventory").status_code == 403
    assert leader.post(approve, "/figures/inventory").status_code == 303
    (row,) = in_force(portal)
    assert "05/BB-UBND" in json.dumps(row, ensure_ascii=False)
    assert leader.post(approve, "/figures/inventory").status_code == 422, "decided"
    again = handed_in(unit, filled(count=41))
    assert again.status_code == 303
    back = approve_link(leader).replace("approve", "return")
    assert leader.post(back, "/figures/inventory").status_code == 422, "without a reason"
    assert leader.post(back, "/figures/inventory", reason="thiếu chữ ký").status_code == 303
    assert len(in_force(portal)) == 1 and "thiếu chữ ký" in unit.get("/figures/inventory").text
    told = [(each["outcome"], each["agent"]) for each in events(portal, "submission")]
    assert told == [
        ("declared", "văn thư xã"),
        ("approved", "phê"),
        ("declared", "văn thư xã"),
        ("returned", "phê"),
    ]
    fact = events(portal, "facts")[-1]
    assert (fact["agent"], fact["detail"]["declared_by"]) == ("phê", "văn thư xã")


def approve_link(browser: Browser) -> str:
    (link,) = re.findall(
        r'action="(/figures/inventory/[0-9a-f]{32}/approve)"', browser.get("/figures/inventory").text
    )
    return link


def test_an_account_is_made_with_a_password_for_once_which_the_person_changes(portal: Portal) -> None:
    it = portal.signed_in("tin")
    made = it.post("/admin/add", "/admin", name="Người mới", role="archivist", units="22651")
    (password,) = re.findall(r'class="secret" translate="no">([a-z2-9-]+)<', made.text)
    assert password not in it.get("/admin").text, "shown once"
    assert it.post("/admin/add", "/admin", name="người MỚI", role="it").status_code == 422
    assert it.post("/admin/add", "/admin", name="x y", role="vua").status_code == 422
    assert it.post("/admin/add", "/admin", name="x y", role="it", units="99999").status_code == 422
    fresh = portal.browser()
    assert fresh.sign_in("Người mới", password).status_code == 303
    for path in ("/", "/batches", "/figures"):
        assert fresh.get(path).headers["location"] == "/account", path
    for given, new, again in (
        ("sai mật khẩu rồi", NEW, NEW),
        (password, "ngắn", "ngắn"),
        (password, NEW, "khác"),
        (password, password, password),
    ):
        fields = {"password": given, "fresh": new, "again": again}
        assert fresh.post("/account", "/account", **fields).status_code == 422
    done = fresh.post("/account", "/account", password=password, fresh=NEW, again=NEW)
    assert done.headers["location"] == "/login" and fresh.get("/").headers["location"] == "/login"
    rows(portal, "DELETE FROM sign_in_failure")
    fresh = portal.browser()
    assert fresh.sign_in("Người mới", password).status_code == 401
    assert fresh.sign_in("Người mới", NEW).status_code == 303
    assert (
        it.post("/admin/scope", "/admin", name="Người mới", role="reviewer", batches=BATCH).status_code == 303
    )
    assert fresh.get("/figures").status_code == 403
    assert it.post("/admin/scope", "/admin", name="tin", role="it").status_code == 422, (
        "nobody widens themselves"
    )
    again_made = it.post("/admin/password", "/admin", name="Người mới")
    assert 'class="secret"' in again_made.text and fresh.get("/").headers["location"] == "/login"
    log = portal.log.read_text(encoding="utf-8")
    assert password not in log and NEW not in log and "Người" not in log


def test_guessing_the_password_in_use_is_refused_after_a_few_tries(portal: Portal) -> None:
    browser = portal.signed_in("lan")
    fields = {"password": "sai mật khẩu rồi", "fresh": NEW, "again": NEW}
    codes = [browser.post("/account", "/account", **fields).status_code for _ in range(6)]
    assert codes[-1] == 429 and WORD not in portal.log.read_text(encoding="utf-8")


def test_what_the_command_line_makes_is_two_clicks_away(portal: Portal) -> None:
    machine, browser = portal.machine, portal.signed_in("tra")
    frozen = machine.json("figures", "freeze", "--as-of", "2024-12-31")["id"]
    figures = browser.get("/figures").text
    for path in ("/figures/frozen", "/figures/inventory", "/figures/board", "/lots"):
        assert f'href="{path}"' in figures, path
    assert frozen[:12] in browser.get("/figures/frozen").text
    assert browser.get(f"/figures/frozen/{frozen}").json()["as_of"] == "2024-12-31"
    checked = browser.post(f"/figures/frozen/{frozen}/verify", "/figures/frozen")
    assert "còn nguyên vẹn" in checked.text
    assert portal.signed_in("văn thư xã").get("/figures/frozen").status_code == 404, "it tells of every unit"
    board = browser.get("/figures/board")
    assert "<html" in board.text and board.headers["content-security-policy"].startswith("sandbox")
    out = machine.folder / "giải trình.csv"
    assert machine.run("quota", "--as-of", "2024-12-31", "--explain", out).returncode == 0
    link = re.search(r'href="(/figures/explained[^"]*)"', browser.get("/figures?as_of=2024-12-31").text)
    assert link
    table = browser.get(link[1].replace("&amp;", "&"))
    assert table.content == out.read_bytes() and "attachment" in table.headers["content-disposition"]
    own = portal.signed_in("văn thư xã").get("/figures/explained?as_of=2024-12-31").text
    units = {row["Đơn vị"] for row in csv.DictReader(io.StringIO(own.removeprefix("\ufeff")))}
    assert units <= {UNIT, "Xã Diên An", "Thị trấn Diên Khánh", "Xã Diên Toàn"}, units
    paper = papers_of(machine.home)["04.png"]
    assert f"/papers/{paper}/trace" in browser.get(f"/papers/{paper}").text
    trace = browser.get(f"/papers/{paper}/trace").text
    assert paper in trace and "056921001234" not in trace
    clear = browser.post(f"/papers/{paper}/trace", f"/papers/{paper}").text
    assert "056921001234" in clear
    assert events(portal, "identifier seen")[-1]["outcome"] == "trace"
    assert portal.signed_in("xã khác").get(f"/papers/{paper}/trace").status_code == 404


def test_lots_show_their_state_to_whom_they_concern(portal: Portal) -> None:
    machine = portal.machine
    with open_workspace(settings_of(machine.home), RULES) as workspace:
        book = machine.folder / "duyệt.xlsx"
        fill(exported(workspace, book), dict(RIGHT))
        take(workspace, book)
    number = machine.json("lots", "draw", BATCH, "--contractor", "Bưu điện")["id"]
    for name in ("vân", "thầu"):
        browser = portal.signed_in(name)
        assert "Bưu điện" in browser.get("/lots").text and "đang kiểm" in browser.get(f"/lots/{number}").text
        assert browser.get(f"/lots/{number}/minutes").status_code == 404, "it is not decided"
    for name in ("thầu khác", "xã này"):
        browser = portal.signed_in(name)
        assert "Bưu điện" not in browser.get("/lots").text
        assert browser.get(f"/lots/{number}").status_code == 404
    assert (
        machine.run(
            "lots", "decide", str(number), "--reject", "--note", "thử", "--operator", "chị Kiểm"
        ).returncode
        == 0
    )
    minutes = portal.signed_in("thầu").get(f"/lots/{number}/minutes")
    assert minutes.content.startswith(b"%PDF")


def test_a_run_outlives_the_web_page(portal: Portal, uploaded: str) -> None:
    machine, browser = portal.machine, portal.signed_in("vân")
    upload = opened(browser, "lô mới")  # files that come later join the batch
    scan = machine.folder / "thêm.png"
    drawn(page(birth("778/2021"))).save(scan, dpi=(300, 300))
    data = scan.read_bytes()
    number = declared(browser, upload, scan.name, data).json()["number"]
    assert piece(browser, upload, number, 0, data).json()["done"]
    assert browser.post(f"{upload}/finish", upload).status_code == 303
    assert browser.post(f"{uploaded}/acts/start", uploaded).status_code == 303
    assert portal.stop() == 0
    folder = machine.home / "uploads" / "lô mới"
    deadline = time.monotonic() + 60
    while not rows(portal, "SELECT 1 FROM batch_file WHERE name = 'thêm.png' AND status = 'read'"):
        assert time.monotonic() < deadline, [
            path.read_text() for path in (machine.home / "run-logs").iterdir()
        ]
        time.sleep(0.3)
    while rows(portal, "SELECT state FROM schedule WHERE batch = 'lô mới'") != [("done",)]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert sorted(path.name for path in folder.iterdir()) == [
        "hỏng.png",
        "khai sinh.png",
        "lo.toml",
        "thêm.png",
    ]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (machine.home / "run-logs").iterdir())
