"""Scans through the browser: in pieces, gone on with, within bounds, under hostile names, whole or not at all; axe-core."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import sync_playwright

from portal.upload_names import batch_name, file_name
from portal.uploads import MOST_PIECE, Uploads
from schemas.batches import BatchSheet
from schemas.errors import UsageError
from schemas.rules import Limits
from tests.portal_home import WORD, Browser, Portal, papers_of, portal_over
from tests.reviewed_batch import BATCH

CHROMIUM = ["--no-sandbox", "--disable-dev-shm-usage"]
PNG = b"\x89PNG\r\n\x1a\n"
AXE = Path(__file__).parent / "tools" / "axe.min.js"


@pytest.fixture(scope="module")
def portal(digitised: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with portal_over(digitised, tmp_path_factory.mktemp("upload")) as running:
        yield running


def opened(browser: Browser, name: str, **fields: str) -> str:
    """The address of an upload."""
    done = browser.post("/batches/new", "/batches/new", name=name, **fields)
    assert done.status_code == 303, done.text
    return done.headers["location"]


def declared(browser: Browser, upload: str, name: str, data: bytes, **fields: str) -> httpx.Response:
    said = {"name": name, "size": str(len(data)), "sha256": hashlib.sha256(data).hexdigest(), **fields}
    return browser.post(f"{upload}/files", upload, **said)


def piece(browser: Browser, upload: str, number: int, offset: int, data: bytes) -> httpx.Response:
    return browser.http.post(
        f"{upload}/files/{number}?offset={offset}",
        content=data,
        headers={"X-Form-Token": browser.token(upload), "Content-Type": "application/octet-stream"},
    )


def sent(browser: Browser, upload: str, name: str, data: bytes) -> dict[str, Any]:
    known = declared(browser, upload, name, data).json()
    answer = piece(browser, upload, known["number"], known["offset"], data)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def aside(portal: Portal) -> list[str]:
    folder = portal.machine.home / "uploads" / ".dang-tai"
    return sorted(path.name for path in folder.rglob("*") if path.suffix in {".part", ".png", ".pdf"})


def test_a_half_upload_goes_on_where_it_was_and_is_handed_over_whole(portal: Portal) -> None:
    browser = portal.signed_in("vân")
    data = PNG + os.urandom(9_000_000)
    upload = opened(browser, "Hộp 77", box="77", owning_unit="Xã Diên Khánh")
    first = declared(browser, upload, "trang 1.png", data).json()
    assert (first["offset"], first["done"]) == (0, False)
    assert piece(browser, upload, 1, 0, data[:4_000_000]).json()["offset"] == 4_000_000
    target = portal.machine.home / "uploads" / "Hộp 77"
    assert not target.exists(), "nothing is seen before all of it is there"
    refused = browser.post(f"{upload}/finish", upload)
    assert refused.status_code == 422 and "trang 1.png" in refused.text
    again = portal.signed_in("vân")  # a page loaded again, another day
    told = declared(again, upload, "trang 1.png", data).json()
    assert (told["number"], told["offset"]) == (1, 4_000_000)
    assert piece(again, upload, 1, 0, data[:1000]).json() == {"offset": 4_000_000}
    assert piece(again, upload, 1, 4_000_000, data[4_000_000:8_000_000]).status_code == 200
    assert piece(again, upload, 1, 8_000_000, data[8_000_000:]).json()["done"]
    assert "trang 1.png" in again.get(upload).text
    assert again.post(f"{upload}/finish", upload).headers["location"] == "/batches/H%E1%BB%99p%2077"
    assert (target / "trang 1.png").read_bytes() == data
    assert (target.stat().st_mode & 0o777, (target / "trang 1.png").stat().st_mode & 0o777) == (0o700, 0o600)
    sheet = (target / "lo.toml").read_text(encoding="utf-8")
    assert 'box = "77"' in sheet and 'operator = "vân"' in sheet
    assert "Hộp 77" in again.get("/batches").text and again.get(upload).status_code == 404


def test_what_is_no_scan_is_refused_by_name_before_a_byte_is_kept(portal: Portal) -> None:
    browser = portal.signed_in("tin")
    upload = opened(browser, "hộp-rác")
    before = aside(portal)
    answer = declared(browser, upload, "hóa đơn.docx", b"PK\3\4")
    assert answer.status_code == 422 and "«hóa đơn.docx»" in answer.json()["message"]
    for data in (b"MZ" + b"\0" * 5000, b"<html>" * 100, b"P"):
        number = declared(browser, upload, "ảnh.png", data).json()["number"]
        answer = piece(browser, upload, number, 0, data)
        assert answer.status_code == 422 and "«ảnh.png»" in answer.json()["message"]
    lie = declared(browser, upload, "b.png", PNG + b"x" * 100, sha256="0" * 64).json()["number"]
    assert piece(browser, upload, lie, 0, PNG + b"x" * 100).status_code == 422
    short = declared(browser, upload, "c.png", PNG + b"x").json()["number"]
    assert piece(browser, upload, short, 0, PNG + b"x" * 100).status_code == 422, "longer than declared"
    assert aside(portal) == before and browser.get(upload).text.count("data-number") == 0
    assert browser.post(f"{upload}/finish", upload).status_code == 422
    assert browser.post(f"{upload}/drop", upload).headers["location"] == "/batches/new"


def test_sizes_are_bounded_before_the_work(portal: Portal) -> None:
    browser = portal.signed_in("tin")
    upload = opened(browser, "hộp-lớn")
    for size in ("0", "-1", "2000000001", "9" * 30, "x"):
        assert declared(browser, upload, "a.png", b"", size=size).status_code == 422, size
    full = declared(browser, upload, "a.png", b"x", size="1900000000")
    if full.status_code == 422:
        assert "không đủ chỗ" in full.json()["message"]
    data = PNG + b"x" * MOST_PIECE
    number = declared(browser, upload, "b.png", data).json()["number"]
    assert piece(browser, upload, number, 0, data).status_code == 413
    assert piece(browser, upload, number, 99, data[:10]).status_code == 409
    token = browser.token(upload)
    kind = {"X-Form-Token": token, "Content-Type": "text/plain"}
    assert (
        browser.http.post(f"{upload}/files/{number}?offset=0", content=b"x", headers=kind).status_code == 415
    )
    assert browser.http.post(f"{upload}/files/{number}?offset=0", content=PNG).status_code == 403
    for each in range(4):
        opened(browser, f"thêm {each}")
    assert browser.post("/batches/new", "/batches/new", name="thêm 9").status_code == 422
    for path in set(re.findall(r"/uploads/[0-9a-f]{32}", browser.get("/batches/new").text)):
        browser.post(f"{path}/drop", path)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\quét\\a.PDF", "a.PDF"),
        ("a\0b.png", "ab.png"),
        ("hóa\u202egnp.pdf", "hóagnp.pdf"),
        ("..png", "tep.png"),
        (".ẩn.png", "ẩn.png"),
        ("a<b>|c?.tif", "a_b__c_.tif"),
        ("đ" * 300 + ".jpeg", "đ" * 90 + ".jpeg"),
        ("Tre\u0302n.png", "Trên.png"),
    ],
)
def test_a_hostile_name_is_made_safe(given: str, kept: str) -> None:
    assert file_name(given) == kept


@pytest.mark.parametrize(
    "given", ["", "  ", "a/b", "..", ".x", "new", "a\\b", "x" * 101, "a\0", "a\u202eb", "a:b"]
)
def test_a_batch_that_no_folder_should_be_called_is_refused(given: str) -> None:
    with pytest.raises(UsageError):
        batch_name(given)


def test_hostile_names_stay_within_the_batch_and_are_shown_as_given(portal: Portal) -> None:
    browser = portal.signed_in("vân")
    upload = opened(browser, "hộp-tên")
    names = [
        "../../x.png",
        "/etc/x.png",
        "a\u202egnp.png",
        "<img src=x onerror=alert(1)>.png",
        "é.png",
        "é.png",
        "X.PNG",
    ]
    kept = [sent(browser, upload, name, PNG + bytes([at]))["name"] for at, name in enumerate(names)]
    assert len({each.casefold() for each in kept}) == len(names)
    page = browser.get(upload).text
    assert "\u202e" not in page and "<img" not in page and "\\u202e" in page
    assert browser.post(f"{upload}/finish", upload).status_code == 303
    folder = portal.machine.home / "uploads" / "hộp-tên"
    assert sorted(path.name for path in folder.iterdir() if path.suffix.lower() == ".png") == sorted(kept)
    assert not (portal.machine.home / "x.png").exists()


def test_a_contractor_adds_to_its_own_batches_alone_and_nobody_to_anothers_upload(portal: Portal) -> None:
    contractor = portal.signed_in("thầu khác")
    refused = contractor.post("/batches/new", "/batches/new", name="hộp-100")
    assert refused.status_code == 422 and "hộp-100" in refused.text
    upload = opened(contractor, "hộp-99")
    sent(contractor, upload, "1.png", PNG + b"1")
    for other in ("vân", "thầu"):
        browser = portal.signed_in(other)
        assert browser.get(upload).status_code == 404
        assert browser.http.post(f"{upload}/finish", data={"token": browser.token()}).status_code == 404
    assert contractor.post(f"{upload}/finish", upload).status_code == 303
    more = opened(contractor, "hộp-99")  # files that come later join it
    sent(contractor, more, "1.png", PNG + b"2")
    assert contractor.post(f"{more}/finish", more).status_code == 303
    folder = portal.machine.home / "uploads" / "hộp-99"
    assert sorted(path.name for path in folder.iterdir()) == ["1 (2).png", "1.png", "lo.toml"]
    assert "hộp-99" in contractor.get("/batches").text and "/acts/" not in contractor.get("/batches").text
    assert portal.signed_in("thầu").post("/batches/new", "/batches/new", name=BATCH).status_code == 422, (
        "it lies in another folder"
    )
    assert portal.signed_in("lan").get("/batches/new").status_code == 403


def test_uploads_that_were_left_are_swept_and_each_act_is_an_event(portal: Portal) -> None:
    browser = portal.signed_in("vân")
    upload = opened(browser, "bỏ quên")
    folder = portal.machine.home / "uploads" / ".dang-tai" / upload.rpartition("/")[2]
    long_ago = time.time() - 8 * 86400
    os.utime(folder, (long_ago, long_ago))
    other = opened(portal.signed_in("vân"), "mới")
    assert not folder.exists() and browser.get(upload).status_code == 404
    browser.post(f"{other}/drop", other)
    database = sqlite3.connect(portal.machine.home / "catalogue.db", timeout=30)
    told = [json.loads(row[0]) for row in database.execute("SELECT data FROM event WHERE type = 'upload'")]
    database.close()
    outcomes = {(each["subject"], each["outcome"]) for each in told}
    assert {("bỏ quên", "swept"), ("mới", "dropped"), ("Hộp 77", "handed over")} <= outcomes
    handed = next(each for each in told if each["outcome"] == "handed over" and each["subject"] == "Hộp 77")
    assert (handed["agent"], handed["detail"]["files"]) == ("vân", 1)


def test_into_a_watched_inbox_a_batch_comes_whole_with_its_marker(tmp_path: Path) -> None:
    from configs.settings import Settings

    settings = Settings(home=tmp_path / "home", inbox=tmp_path / "inbox")
    uploads = Uploads(settings, Limits(free_disk_bytes=0))
    held = uploads.open("hộp-1", "an", "an", BatchSheet())
    data = PNG + b"x"
    uploads.declare(held, "a.png", len(data), hashlib.sha256(data).hexdigest())
    uploads.add(held, 1, 0, data)
    uploads.hand_over(held)
    assert sorted(path.name for path in (tmp_path / "inbox" / "hộp-1").iterdir()) == ["SAN-SANG", "a.png"]
    with pytest.raises(UsageError, match="disk full"):
        uploads = Uploads(settings, Limits(free_disk_bytes=1 << 60))
        uploads.declare(uploads.open("hộp-2", "an", "an", BatchSheet()), "a.png", 9, "0" * 64)


@pytest.mark.browser
def test_the_page_sends_files_and_no_page_has_a_barrier_of_weight(portal: Portal, tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    (scans / "một.png").write_bytes(PNG + os.urandom(5_000_000))
    (scans / "hai.pdf").write_bytes(b"%PDF-1.7\n" + os.urandom(1000))
    (scans / "ba.exe").write_bytes(b"MZ")
    paper = papers_of(portal.machine.home)["04.png"]
    shots = Path(os.environ.get("SOHOA_BENCH") or tmp_path)
    found: list[tuple[str, str, str]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))

        def look(name: str) -> None:
            # By the debugger, past the page's own policy, which forbids scripts of others.
            page.evaluate(AXE.read_text(encoding="utf-8"))
            told = page.evaluate("axe.run().then(each => each.violations)")
            weighty = [each for each in told if each["impact"] in {"serious", "critical"}]
            found.extend((name, each["id"], node["html"][:150]) for each in weighty for node in each["nodes"])
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 844})
                page.screenshot(path=shots / f"{name}-{width}.png", full_page=True)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)

        def enter(person: str) -> None:
            page.context.clear_cookies()
            page.goto(f"{portal.address}/login")
            page.fill("#name", person)
            page.fill("#password", WORD)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{portal.address}/")

        page.goto(f"{portal.address}/login")
        look("login")
        enter("vân")
        page.goto(f"{portal.address}/batches/new")
        page.fill("#name", "từ trình duyệt")
        look("upload-new")
        page.click("main form button")
        page.wait_for_selector("#files")
        page.set_input_files("#files", sorted(scans.iterdir()))
        page.wait_for_selector("#finish:not([disabled])", timeout=20000)
        assert page.locator("#rows tr").count() == 3
        assert "không phải bản quét" in page.inner_text("#rows")
        look("upload")
        page.reload()
        page.set_input_files("#files", [scans / "một.png"])
        page.wait_for_timeout(200)
        page.wait_for_selector("#finish:not([disabled])")
        assert page.locator("#rows tr").count() == 2, "known again after a reload"
        page.click("#finish")
        page.wait_for_url("**/batches/t*")
        look("batch-waiting")
        for name, path in {
            "home": "/",
            "batches": "/batches",
            "batch": f"/batches/{BATCH}",
            "paper": f"/papers/{paper}",
            "search": "/search",
            "figures": "/figures",
            "inventory": "/figures/inventory",
            "frozen": "/figures/frozen",
            "lots": "/lots",
            "reports": "/reports",
            "alerts": "/alerts",
            "account": "/account",
        }.items():
            page.goto(portal.address + path)
            look(name)
        enter("tin")
        page.goto(f"{portal.address}/admin")
        page.click("summary >> nth=0")
        look("admin")
        browser.close()
    assert found == [] and [each for each in complaints if "422" not in each] == []
    folder = portal.machine.home / "uploads" / "từ trình duyệt"
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".toml"} == {
        path.name: path.read_bytes() for path in scans.iterdir() if path.suffix != ".exe"
    }


def test_axe_core_is_the_one_that_its_notice_names() -> None:
    digest = hashlib.sha256(AXE.read_bytes()).hexdigest()
    assert digest in (AXE.parent / "NOTICE").read_text(encoding="utf-8")


def test_an_empty_file_is_said_to_be_empty_and_a_large_one_too_large_by_how_much(portal: Portal) -> None:
    browser = portal.signed_in("vân")
    upload = opened(browser, "tệp rỗng")
    empty = declared(browser, upload, "a.pdf", b"").json()["message"]
    assert "rỗng" in empty and "Tách" not in empty
    large = declared(browser, upload, "b.pdf", b"x", size=str(10**13)).json()["message"]
    assert "2.000 MB" in large and "rỗng" not in large
