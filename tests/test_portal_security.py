"""What the web page must withstand: every route by role and scope, forged forms, guessing, traversal, hostile content."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.routing import Route

from portal import second_factor
from portal.answering import HEADERS
from portal.app import MODULES, build
from portal.house import House
from portal.rights import Right
from portal.visits import page
from schemas.people import Role
from tests.machine import Machine
from tests.portal_home import PEOPLE, WORD, Browser, Portal, papers_of, portal_over
from tests.reviewed_batch import BATCH, OTHER, copy_of

PUBLIC = {"/login", "/login/provider", "/login/provider/back", "/health", "/metrics"}
# What each page needs; the suite fails where a page is added without a line here.
NEEDS: dict[tuple[str, str], Right | None] = {
    ("GET", "/"): None,
    ("POST", "/logout"): None,
    ("GET", "/batches"): Right.LOOK,
    ("GET", "/batches/{name}"): Right.LOOK,
    ("GET", "/batches/{name}/progress"): Right.LOOK,
    ("GET", "/papers/{document_id}"): Right.LOOK,
    ("GET", "/papers/{document_id}/clear"): Right.LOOK,
    ("POST", "/papers/{document_id}/clear"): Right.CLEAR,
    ("POST", "/papers/{document_id}/pdfa"): Right.CLEAR,
    ("GET", "/papers/{document_id}/pages/{number}"): Right.LOOK,
    ("GET", "/review"): Right.CORRECT,
    ("POST", "/review/next"): Right.CORRECT,
    ("GET", "/review/{document_id}"): Right.CORRECT,
    ("POST", "/review/{document_id}"): Right.CORRECT,
    ("POST", "/review/{document_id}/foresee"): Right.CORRECT,
    ("POST", "/review/{document_id}/as"): Right.CORRECT,
    ("POST", "/review/{document_id}/hold"): Right.CORRECT,
    ("POST", "/review/{document_id}/leave"): Right.CORRECT,
    ("POST", "/review/{document_id}/pages"): Right.CORRECT,
    ("POST", "/batches/{name}/unit"): Right.CORRECT,
    ("POST", "/batches/{name}/box"): Right.CORRECT,
    ("GET", "/speed"): Right.MEASURE,
    ("GET", "/carpets"): Right.CORRECT,
    ("POST", "/carpets"): Right.CORRECT,
    ("GET", "/carpets/one"): Right.CORRECT,
    ("POST", "/carpets/hold"): Right.CORRECT,
    ("POST", "/carpets/leave"): Right.CORRECT,
    ("GET", "/carpets/{document_id}/{target}"): Right.CORRECT,
    ("GET", "/search"): Right.LOOK,
    ("POST", "/search"): Right.LOOK,
    ("GET", "/batches/new"): Right.UPLOAD,
    ("POST", "/batches/new"): Right.UPLOAD,
    ("GET", "/uploads/{upload}"): Right.UPLOAD,
    ("POST", "/uploads/{upload}/files"): Right.UPLOAD,
    ("POST", "/uploads/{upload}/files/{number}"): Right.UPLOAD,
    ("POST", "/uploads/{upload}/files/{number}/drop"): Right.UPLOAD,
    ("POST", "/uploads/{upload}/drop"): Right.UPLOAD,
    ("POST", "/uploads/{upload}/finish"): Right.UPLOAD,
    ("POST", "/batches/{name}/acts/{act}"): Right.SCHEDULE,
    ("GET", "/papers/{document_id}/trace"): Right.LOOK,
    ("POST", "/papers/{document_id}/trace"): Right.CLEAR,
    ("GET", "/lots"): Right.LOOK,
    ("GET", "/lots/{number}"): Right.LOOK,
    ("GET", "/lots/{number}/minutes"): Right.LOOK,
    ("GET", "/figures"): Right.FIGURES,
    ("GET", "/figures/explained"): Right.FIGURES,
    ("GET", "/figures/board"): Right.FIGURES,
    ("GET", "/figures/frozen"): Right.FIGURES,
    ("GET", "/figures/frozen/{frozen}"): Right.FIGURES,
    ("POST", "/figures/frozen/{frozen}/verify"): Right.FIGURES,
    ("GET", "/figures/inventory"): Right.FIGURES,
    ("POST", "/figures/inventory"): Right.DECLARE,
    ("GET", "/figures/inventory/template"): Right.FIGURES,
    ("GET", "/figures/inventory/{submission}/table"): Right.FIGURES,
    ("POST", "/figures/inventory/{submission}/approve"): Right.ISSUE,
    ("POST", "/figures/inventory/{submission}/return"): Right.ISSUE,
    ("GET", "/reports"): Right.LOOK,
    ("GET", "/reports/batches/{name}/{sha256}"): Right.LOOK,
    ("GET", "/reports/periods/{report}/{suffix}"): Right.FIGURES,
    ("GET", "/alerts"): Right.WATCH,
    ("GET", "/admin"): Right.ADMINISTER,
    ("POST", "/admin/disable"): Right.ADMINISTER,
    ("POST", "/admin/add"): Right.ADMINISTER,
    ("POST", "/admin/password"): Right.ADMINISTER,
    ("POST", "/admin/scope"): Right.ADMINISTER,
    ("GET", "/account"): None,
    ("POST", "/account"): None,
}
# Forms that say nothing of use here, and are refused for it where the right is there.
INCOMPLETE = {
    "/batches/{name}/unit",
    "/batches/{name}/box",
    "/carpets",
    "/batches/new",
    "/figures/inventory",
    "/admin/add",
    "/account",
}
# Files and pages made elsewhere: shown in a sandbox, or kept.
SEALED = {
    "/papers/{document_id}/trace",
    "/figures/explained",
    "/figures/board",
    "/figures/inventory/template",
}
HOLDS = {
    "vân": "look figures clear watch correct upload schedule declare",
    "lan": "look clear correct",
    "phê": "look figures clear watch issue measure",
    "tin": "look figures watch administer upload schedule measure",
    "tra": "look figures clear watch measure",
    "xã này": "look clear correct",
    "xã khác": "look clear correct",
    "thầu": "look clear correct upload",
    "thầu khác": "look clear correct upload",
}
# Who sees a paper of Xã Diên An in the batch.
SEES = {"vân", "lan", "phê", "tin", "tra", "xã này", "thầu"}


@pytest.fixture(scope="module")
def portal(digitised: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with portal_over(digitised, tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture
def paper(portal: Portal) -> str:
    """A paper of Xã Diên An, whose owner's number is 056921001234."""
    return papers_of(portal.machine.home)["04.png"]


@pytest.fixture(autouse=True)
def forgiven(portal: Portal) -> Iterator[None]:
    """All tests sign in from one address."""
    yield
    execute(portal, "DELETE FROM sign_in_failure")


def execute(portal: Portal, statement: str, *values: Any) -> list[Any]:
    database = sqlite3.connect(portal.machine.home / "catalogue.db", timeout=30)
    rows = database.execute(statement, values).fetchall()
    database.commit()
    database.close()
    return rows


def events(portal: Portal, kind: str) -> list[dict[str, Any]]:
    rows = execute(portal, "SELECT data FROM event WHERE type = ? ORDER BY at, sequence", kind)
    return [json.loads(row[0]) for row in rows]


def own_routes() -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for module in MODULES
        for route in module.routes()
        if isinstance(route, Route)
        for method in (route.methods or ())
        if method != "HEAD"
    }


def filled(path: str, paper: str) -> str:
    given = {
        "{name}": BATCH,
        "{document_id}": paper,
        "{target}": "issue_date",
        "{sha256}": "0" * 64,
        "{report}": "x",
        "{suffix}": "pdf",
        "{upload}": "0" * 32,
        "{number}": "1",
        "{act}": "dance",
        "{frozen}": "0" * 64,
        "{submission}": "0" * 32,
    }
    for sign, value in given.items():
        path = path.replace(sign, value)
    return path


def sent(browser: Browser, method: str, path: str) -> httpx.Response:
    if method == "POST" and re.search(r"/files/\d+$", path):
        kind = {"X-Form-Token": browser.token(), "Content-Type": "application/octet-stream"}
        return browser.http.post(path + "?offset=0", content=b"x", headers=kind)
    if method == "POST":
        return browser.post(path, words="Diên An", name="không có/ai")
    return browser.get(path)


def test_the_table_names_every_route() -> None:
    assert own_routes() == NEEDS.keys() | {("GET", path) for path in PUBLIC} | {("POST", "/login")}


@pytest.mark.parametrize("name", list(PEOPLE))
def test_every_route_is_answered_by_role_and_scope(portal: Portal, paper: str, name: str) -> None:
    browser = portal.signed_in(name)
    for (method, path), right in NEEDS.items():
        if path == "/logout":
            continue
        answer = sent(browser, method, filled(path, paper))
        told = (name, method, path, answer.status_code)
        if right is not None and right not in HOLDS[name].split():
            assert answer.status_code == 403, told
        elif method == "POST" and path in INCOMPLETE:
            assert answer.status_code == 422, told
        elif re.search("{(sha256|report|upload|act|frozen|submission)}|/lots/{number}", path):
            assert answer.status_code == 404, told
        elif path.startswith("/admin/"):
            assert answer.status_code == 404, told
        elif "{" in path and name not in SEES:
            assert answer.status_code == 404, told
        else:
            assert answer.status_code in ({200, 204, 409} if path.startswith("/review/") else {200, 303}), (
                told
            )


def test_nobody_gets_anything_without_signing_in(portal: Portal, paper: str) -> None:
    browser = portal.browser()
    for method, path in NEEDS:
        answer = browser.http.request(method, filled(path, paper))
        if method == "GET":
            assert (answer.status_code, answer.headers["location"]) == (303, "/login"), path
        else:
            assert answer.status_code == 401 and not answer.text, path


def test_a_paper_of_others_is_answered_like_one_that_never_was(portal: Portal, paper: str) -> None:
    browser = portal.signed_in("xã khác")
    theirs, none = (
        re.sub(r"[0-9a-f]{12}", "", browser.get(f"/papers/{each}").text) for each in (paper, "0" * 32)
    )
    assert theirs == none
    assert "<h2>" not in browser.post("/search", words="khai sinh").text
    assert BATCH not in browser.get("/batches").text + browser.get("/reports").text


def test_a_contractor_finds_its_own_batch_alone_and_may_not_look_at_figures(portal: Portal) -> None:
    browser = portal.signed_in("thầu")
    assert OTHER not in browser.get("/batches").text
    found = set(re.findall(r"/papers/([0-9a-f]{32})", browser.post("/search", words="khai sinh").text))
    assert found and found <= set(papers_of(portal.machine.home).values())
    other = papers_of(portal.machine.home, OTHER)["05.png"]
    assert browser.get(f"/papers/{other}").status_code == 404
    assert other not in browser.post("/search", words=other).text.replace(f'value="{other}"', "")
    assert browser.get("/figures").status_code == 403


def test_a_form_is_taken_from_a_page_of_its_own_session_only(portal: Portal, paper: str) -> None:
    browser, other = portal.signed_in("vân"), portal.signed_in("lan")
    good = browser.token()
    for method, path in own_routes():
        if method != "POST":
            continue
        address = filled(path, paper)
        for token in ("", "0" * 64, other.token()):
            answer = browser.http.post(address, data={"token": token})
            assert answer.status_code == 403, path
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            assert browser.http.post(address, data={"token": good}, headers=headers).status_code == 403, path
    assert browser.get("/").status_code == 200, "still signed in"


def test_a_session_begins_with_a_new_secret_and_ends_for_good(portal: Portal) -> None:
    browser = portal.browser()
    planted = "A" * 43
    browser.http.cookies.set("sohoa", planted)
    browser.sign_in("vân")
    cookie = browser.http.cookies.get("sohoa", domain="127.0.0.1") or ""
    held = {each.value for each in browser.http.cookies.jar if each.name == "sohoa"} - {planted}
    assert held and cookie != planted
    (fresh,) = held
    assert not execute(portal, "SELECT 1 FROM session WHERE digest = ?", fresh), "the table has no secret"
    out = portal.signed_in("vân")
    secret = out.http.cookies["sohoa"]
    assert out.post("/logout").status_code == 303
    again = portal.browser()
    again.http.cookies.set("sohoa", secret)
    assert again.get("/").status_code == 303


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(portal: Portal) -> None:
    cookie = portal.browser().sign_in("vân").headers.get_list("set-cookie")[0].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
    assert "max-age" not in cookie and "expires" not in cookie


def test_a_session_ends_unused_and_in_any_case(portal: Portal) -> None:
    for column, seconds in (("seen", 31 * 60), ("started", 13 * 3600)):
        browser = portal.signed_in("tra")
        assert browser.get("/").status_code == 200
        execute(portal, f"UPDATE session SET {column} = {column} - ? WHERE account = 'tra'", seconds)
        assert browser.get("/").status_code == 303, column


def test_a_page_that_asks_by_itself_does_not_keep_a_session_open(portal: Portal) -> None:
    browser = portal.signed_in("tra")
    execute(portal, "UPDATE session SET seen = seen - 600 WHERE account = 'tra'")
    before = execute(portal, "SELECT seen FROM session WHERE account = 'tra'")
    assert browser.get(f"/batches/{BATCH}/progress").status_code == 200
    assert execute(portal, "SELECT seen FROM session WHERE account = 'tra'") == before
    browser.get("/")
    assert execute(portal, "SELECT seen FROM session WHERE account = 'tra'") != before


def test_guessing_is_refused_after_a_few_tries_even_with_the_right_password(portal: Portal) -> None:
    browser = portal.browser()
    assert [browser.sign_in("phê", "sai mật khẩu rồi").status_code for _ in range(5)] == [401] * 5
    refused = browser.sign_in("phê")
    assert refused.status_code == 429 and refused.headers["retry-after"]
    spoofed = browser.http.post(
        "/login",
        data={"token": browser.token("/login"), "name": "phê", "password": WORD},
        headers={"X-Forwarded-For": "10.1.2.3"},
    )
    assert spoofed.status_code == 429
    assert portal.browser().sign_in("PHÊ").status_code == 429, "another browser, another spelling"
    assert portal.browser().sign_in("tra").status_code == 303, "others are not locked out"
    (row,) = execute(portal, "SELECT address, at FROM sign_in_failure LIMIT 1")
    for at in range(15):
        execute(portal, "INSERT INTO sign_in_failure (account, address, at) VALUES (?, ?, ?)", f"{at}", *row)
    assert portal.browser().sign_in("tra").status_code == 429, "an address that guesses names"
    execute(portal, "UPDATE sign_in_failure SET at = at - 901")
    assert portal.browser().sign_in("phê").status_code == 303


def test_guesses_side_by_side_do_not_slip_through(portal: Portal) -> None:
    async def guess() -> list[int]:
        browser = portal.browser()
        token = browser.token("/login")
        async with httpx.AsyncClient(
            base_url=portal.address, cookies=dict(browser.http.cookies), timeout=60
        ) as client:
            data = {"token": token, "name": "phê", "password": "sai mật khẩu rồi"}
            done = await asyncio.gather(*(client.post("/login", data=data) for _ in range(12)))
        return [each.status_code for each in done]

    assert sorted(set(asyncio.run(guess()))) == [401, 429]
    (count,) = execute(portal, "SELECT count(*) FROM sign_in_failure")[0]
    assert count <= 12


def test_an_unknown_name_takes_as_long_and_is_told_the_same(portal: Portal) -> None:
    def told(name: str) -> tuple[str, float]:
        browser = portal.browser()
        token = browser.token("/login")
        begun = time.perf_counter()
        answer = browser.http.post("/login", data={"token": token, "name": name, "password": "sai mật khẩu"})
        words = re.sub(r'value="[0-9a-f]*"', "", answer.text)
        return words, time.perf_counter() - begun

    known, unknown = [told("vân") for _ in range(3)], [told(f"không ai {at}") for at in range(3)]
    assert {words for words, _ in known} == {words for words, _ in unknown}
    assert min(seconds for _, seconds in unknown) > 0.4 * min(seconds for _, seconds in known)


def test_a_second_factor_is_asked_for_and_each_code_is_good_once(portal: Portal) -> None:
    key = portal.machine.json("users", "totp", "tra")["key"]
    try:
        assert portal.browser().sign_in("tra").status_code == 401
        code = second_factor.code_at(key, int(time.time()) // 30)
        assert portal.browser().sign_in("tra", "sai mật khẩu rồi", code).status_code == 401
        assert portal.browser().sign_in("tra", WORD, code).status_code == 303
        assert portal.browser().sign_in("tra", WORD, code).status_code == 401
    finally:
        portal.machine.run("users", "totp", "tra", "--off")
    assert portal.browser().sign_in("tra").status_code == 303


def test_who_is_disabled_or_has_a_new_password_is_out_at_once(portal: Portal, tmp_path: Path) -> None:
    secret = tmp_path / "p"
    secret.write_text(WORD, encoding="utf-8")
    browser = portal.signed_in("thầu khác")
    assert portal.machine.run("users", "password", "thầu khác", "--password-file", secret).returncode == 0
    assert browser.get("/").status_code == 303
    browser, it = portal.signed_in("thầu khác"), portal.signed_in("tin")
    assert it.post("/admin/disable", "/admin", name="thầu khác").status_code == 303
    assert browser.get("/").status_code == 303
    assert portal.browser().sign_in("thầu khác").status_code == 401
    assert it.post("/admin/disable", "/admin", name="TIN").status_code == 422, "nobody disables themselves"
    assert portal.machine.run("users", "password", "thầu khác", "--password-file", secret).returncode == 0
    told = [each for each in events(portal, "account") if each["outcome"] == "disabled"]
    assert told[-1]["agent"] == "tin" and told[-1]["subject"] == "thầu khác"


def test_identifiers_are_hidden_until_the_button_is_pressed_and_each_look_is_an_event(
    portal: Portal, paper: str
) -> None:
    owner = "056921001234"
    browser = portal.signed_in("tra")
    assert owner not in browser.get(f"/papers/{paper}").text
    before = len(events(portal, "identifier seen"))
    assert owner in browser.post(f"/papers/{paper}/clear", f"/papers/{paper}").text
    pdfa = browser.post(f"/papers/{paper}/pdfa", f"/papers/{paper}")
    assert pdfa.content.startswith(b"%PDF") and "attachment" in pdfa.headers["content-disposition"]
    assert browser.get(f"/papers/{paper}/clear").headers["location"] == f"/papers/{paper}"
    looks = events(portal, "identifier seen")[before:]
    assert [(each["agent"], each["subject"], each["outcome"]) for each in looks] == [
        ("tra", paper, "fields"),
        ("tra", paper, "pdfa"),
    ]
    assert owner not in browser.post("/search", words="khai sinh").text
    it = portal.signed_in("tin").get(f"/papers/{paper}").text
    assert owner not in it and "/clear" not in it and "/pdfa" not in it


def test_sign_ins_are_events_and_what_was_typed_for_a_name_is_in_none(portal: Portal) -> None:
    browser = portal.signed_in("lan")
    browser.post("/logout")
    portal.browser().sign_in("lan", "sai mật khẩu rồi")
    portal.browser().sign_in("Mật khẩu gõ nhầm ô", WORD)
    outcomes = [(each["subject"], each["outcome"]) for each in events(portal, "sign in")]
    for wanted in (("lan", "signed_in"), ("lan", "signed_out"), ("lan", "failed"), ("unknown", "failed")):
        assert wanted in outcomes
    stored = "".join(
        path.read_text(encoding="utf-8")
        for path in (portal.machine.home / "store" / "events" / "house").iterdir()
    )
    assert "gõ nhầm" not in stored and '"signed_out"' in stored


def test_the_log_names_routes_and_neither_people_nor_what_was_asked_for(portal: Portal, paper: str) -> None:
    browser = portal.signed_in("vân")
    browser.post("/search", words="Nguyễn Văn Kín 056921001234")
    browser.get(f"/papers/{paper}?q=056921001234")
    browser.get("/không-có-trang-này")
    lines = portal.lines()
    assert {"id", "method", "route", "status", "ms"} <= lines[-1].keys()
    text = portal.log.read_text(encoding="utf-8")
    for secret in ("Kín", "056921001234", paper, "vân", "không-có", BATCH):
        assert secret not in text


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../app.py", "/static/..%2f..%2fapp.py", "/static/%2e%2e/house.py", "/static/NOTICE"),
        *("/static//etc/passwd", "/papers/..%2f..%2fcatalogue.db", "/batches/..%2f..", "/batches/%00"),
        *(
            "/reports/batches/..%2f..%2fx/" + "0" * 64,
            "//evil.example/",
            "/login/../../x",
            "/papers/" + "F" * 32,
        ),
        "/batches/" + "x" * 3000,
    ],
)
def test_no_path_leads_out_of_the_page(portal: Portal, path: str) -> None:
    browser = portal.signed_in("tin")
    answer = httpx.get(portal.address + path, cookies=dict(browser.http.cookies))
    assert answer.status_code == 404, answer.status_code
    assert "evil.example" not in answer.text and "location" not in answer.headers


def test_no_answer_sends_the_browser_elsewhere(portal: Portal) -> None:
    browser = portal.browser()
    token = browser.token("/login")
    answer = browser.http.post(
        "/login?next=https://evil.example",
        data={"token": token, "name": "vân", "password": WORD, "next": "//evil.example"},
    )
    assert answer.headers["location"] == "/"
    foreign = httpx.get(portal.address + "/login", headers={"Host": "evil.example"})
    assert foreign.status_code == 400 and "evil.example" not in foreign.text


def test_every_answer_has_the_headers_and_no_page_has_a_script_or_style_of_its_own(
    portal: Portal, paper: str
) -> None:
    browser = portal.signed_in("vân")
    tin = portal.signed_in("tin")
    for path in SEALED:
        assert browser.get(filled(path, paper)).headers["content-security-policy"].startswith("sandbox"), path
    reads = [path for method, path in NEEDS if method == "GET" and path not in SEALED]
    pages = [browser.get(filled(path, paper)) for path in reads]
    pages += [
        tin.get("/admin"),
        portal.browser().get("/login"),
        browser.get("/nope"),
        browser.post("/search", words="a"),
    ]
    for answer in [*pages, browser.get("/health"), browser.http.delete("/batches")]:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, answer.url
        assert answer.headers["cache-control"] == "no-store" and "server" not in answer.headers
    for answer in pages:
        assert len(answer.content) <= 150_000
        assert not re.search(
            r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", answer.text
        ), answer.url
        assert not re.search(r"""(?:src|href|action)=["'](?!/|#|\?)""", answer.text), answer.url
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "default-src 'none'" in policy


def test_files_of_the_page_are_named_by_their_content_and_kept_for_good(portal: Portal) -> None:
    page_ = portal.browser().get("/login").text
    (css,) = re.findall(r'href="(/static/[^"]+[.]css)"', page_)
    answer = httpx.get(portal.address + css)
    assert (
        "immutable" in answer.headers["cache-control"]
        and answer.headers["x-content-type-options"] == "nosniff"
    )
    assert "@import" not in answer.text and "http" not in answer.text


def test_the_vendored_library_is_the_one_that_its_notice_names() -> None:
    import hashlib

    folder = Path(__file__).parents[1] / "portal" / "static"
    digest = hashlib.sha256((folder / "htmx.min.js").read_bytes()).hexdigest()
    assert digest in (folder / "NOTICE").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=" + b"x" * 70_000, 413),
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"&".join([b"a=1"] * 900), 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"a=%ff%fe", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "a=ư".encode(), 400),
    ],
)
def test_a_form_that_is_none_is_refused_with_a_page(
    portal: Portal, headers: dict[str, str], content: bytes, status: int
) -> None:
    answer = portal.signed_in("vân").http.post("/search", headers=headers, content=content)
    assert answer.status_code == status and "<h1>" in answer.text


def test_html_in_a_name_or_a_value_is_shown_and_never_acted_upon(portal: Portal, paper: str) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    done = portal.machine.run("review", "set", paper, f"owner_name={bad}")
    assert done.returncode == 0, done.stderr
    name = '"><img src=x onerror=alert(3)> \u202egnp.exe'
    row = execute(portal, "SELECT path, state, findings, created_at, updated_at FROM batch LIMIT 1")[0]
    execute(
        portal,
        "INSERT INTO batch (name, path, state, findings, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
        *(name, *row),
    )
    try:
        browser = portal.signed_in("vân")
        hostile = [browser.get(f"/papers/{paper}"), browser.post("/search", words="khai sinh")]
        hostile += [browser.get("/batches"), browser.post("/search", words=bad, unit=bad)]
        hostile.append(browser.get(f"/batches/{quote(name)}"))
        for answer in hostile:
            assert "<script>" not in answer.text and "<img" not in answer.text and "\u202e" not in answer.text
        assert "&lt;script&gt;" in hostile[0].text
    finally:
        execute(portal, "DELETE FROM batch WHERE name = ?", name)


def test_an_unexpected_error_is_a_page_with_an_id_that_is_in_the_log_and_nothing_more(
    digitised: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Any) -> Any:
        raise ValueError("số 056921001234")

    module: Any = SimpleNamespace(routes=lambda: [page("/fail", fail, None, public=True)])
    with copy_of(digitised, tmp_path) as workspace:
        app = build(House(workspace), [module])

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.get("/fail")

        answer = asyncio.run(asked())
    logged = capsys.readouterr()
    text = logged.out + logged.err
    assert answer.status_code == 500 and "056921001234" not in answer.text + text
    assert "ValueError" not in answer.text and "ValueError" in text
    (number,) = re.findall(r'class="hash">([0-9a-f]{12})<', answer.text)
    assert number in text


@pytest.mark.parametrize(
    "options", [["--host", "0.0.0.0"], ["--host", "::"], ["--host", "192.0.2.1"], ["--tls-cert", "x.pem"]]
)
def test_it_does_not_listen_beyond_this_machine_without_tls(machine: Machine, options: list[str]) -> None:
    done = machine.run("portal", *options)
    assert done.returncode == 5 and "--tls-key" in done.stderr


def test_behind_a_proxy_cookies_are_for_tls_alone_and_its_word_is_believed(
    digitised: Path, tmp_path: Path
) -> None:
    options = ("--behind-proxy", "127.0.0.1")
    with portal_over(digitised, tmp_path, *options, SOHOA_METRICS_KEY="k" * 32) as portal:
        headers = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https", "Host": "sohoa.tinh.vi"}
        door = httpx.get(f"{portal.address}/login", headers=headers)
        cookie = door.headers["set-cookie"]
        assert cookie.startswith("__Host-sohoa") and "secure" in cookie.lower()
        assert "max-age" in door.headers["strict-transport-security"]
        token = re.findall(r'name="token" value="([0-9a-f]*)"', door.text)[0]
        data = {"token": token, "name": "vân", "password": WORD}
        done = httpx.post(
            f"{portal.address}/login", data=data, headers={**headers, "Cookie": cookie.partition(";")[0]}
        )
        assert done.status_code == 303
        assert events(portal, "sign in")[-1]["detail"]["address"] == "10.9.8.7"
        assert httpx.get(f"{portal.address}/metrics").status_code == 403
        key = {"Authorization": "Bearer " + "k" * 32}
        assert "sohoa_papers" in httpx.get(f"{portal.address}/metrics", headers=key).text
        assert portal.stop() == 0


def test_there_is_a_person_of_every_role_in_the_matrix() -> None:
    assert {role for role, _, _ in PEOPLE.values()} == set(Role)
