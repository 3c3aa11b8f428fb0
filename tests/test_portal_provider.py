"""Signing in by the province's own sign-in: who comes in, and every answer of it that is not believed."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests import portal_home
from tests.machine import Machine
from tests.oidc_provider import CLIENT, SECRET, Provider, certified_provider, small_provider
from tests.portal_home import WORD, Browser, Portal, portal_over
from tests.servers import free_port

GO, BACK = "/login/provider", "/login/provider/back"


def asks(folder: Path, issuer: str, **more: str) -> dict[str, str]:
    """The settings of a portal with that provider."""
    secret = folder / "secret"
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    given = {"ISSUER": issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET_FILE": str(secret), **more}
    return {f"SOHOA_PORTAL__OIDC__{key}": value for key, value in given.items()}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with small_provider() as running:
        yield running


@pytest.fixture(scope="module")
def portal(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("provider")
    (folder / "empty").mkdir()
    with portal_over(folder / "empty", folder / "portal", **asks(folder, provider.issuer)) as running:
        yield running


@pytest.fixture(autouse=True)
def honest(provider: Provider) -> None:
    provider.calm()


def away(browser: Browser) -> str:
    """Go to the provider and sign in there. Returns the way back, as the provider gives it."""
    gone = browser.get(GO)
    assert gone.status_code == 303, gone.text
    answered = httpx.get(gone.headers["location"])
    assert answered.status_code == 302
    return answered.headers["location"]


def comes_in(browser: Browser) -> bool:
    return browser.get("/batches").status_code == 200


def told(portal: Portal) -> list[dict[str, Any]]:
    """Details of the sign-ins that were recorded, the last one last."""
    with sqlite3.connect(portal.machine.home / "catalogue.db") as connection:
        rows = connection.execute("SELECT data FROM event WHERE type = 'sign in' ORDER BY rowid").fetchall()
    held = [json.loads(row[0]) for row in rows]
    return [{"who": each["subject"], "outcome": each["outcome"], **each["detail"]} for each in held]


def test_who_has_an_account_here_comes_in_with_the_role_that_it_has_here(
    portal: Portal, provider: Provider
) -> None:
    provider.name, provider.lies = "VÂN", {"roles": ["it"], "groups": ["administrators"]}
    browser = portal.browser()
    assert f'href="{GO}"' in browser.get("/login").text
    done = browser.get(away(browser))
    assert done.status_code == 200 and 'content="0;url=/"' in done.text
    assert comes_in(browser) and browser.get("/admin").status_code == 403
    last = told(portal)[-1]
    assert (last["who"], last["outcome"], last["way"]) == ("vân", "signed_in", "provider")


def test_the_name_may_come_from_what_the_provider_tells_about_the_same_person(
    portal: Portal, provider: Provider
) -> None:
    provider.userinfo = {"sub": "7", "preferred_username": "lan"}
    browser = portal.browser()
    assert browser.get(away(browser)).status_code == 200 and comes_in(browser)
    provider.userinfo = {"sub": "8", "preferred_username": "lan"}
    browser = portal.browser()
    assert browser.get(away(browser)).status_code == 403 and not comes_in(browser)


LIES = {
    "nonce": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "audience": {"aud": "another"},
    "no audience": {"aud": None},
    "for several, made for another": {"aud": [CLIENT, "another"], "azp": "another"},
    "for several, made for nobody": {"aud": [CLIENT, "another"]},
    "issuer": {"iss": "https://elsewhere.example"},
    "expired": {"exp": int(time.time()) - 3600},
    "never expires": {"exp": None},
    "of the future": {"iat": int(time.time()) + 3600},
    "no person": {"sub": None},
    "no name": {"preferred_username": None},
    "a name that is none": {"preferred_username": ["vân"]},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_lies_is_refused(portal: Portal, provider: Provider, lie: str) -> None:
    provider.lies = LIES[lie]
    refused(portal)


def test_a_token_signed_by_another_key_or_by_none_is_refused(portal: Portal, provider: Provider) -> None:
    provider.key = provider.foreign
    refused(portal)
    provider.calm()
    provider.unsigned = True
    refused(portal)


def refused(portal: Portal) -> None:
    forget_floods(portal)
    browser = portal.browser()
    done = browser.get(away(browser))
    assert done.status_code == 403 and "không đáng tin" in done.text
    assert not comes_in(browser)


def forget_floods(portal: Portal) -> None:
    """As after a quarter of an hour: the suite signs in more often than one address may."""
    with sqlite3.connect(portal.machine.home / "catalogue.db", timeout=30) as connection:
        connection.execute("DELETE FROM sign_in_failure")


def test_who_has_no_account_here_or_a_disabled_one_stays_out(portal: Portal, provider: Provider) -> None:
    forget_floods(portal)
    for name in ("người lạ", "tra"):
        provider.name = name
        if name == "tra":
            assert portal.machine.run("users", "disable", "tra").returncode == 0
        browser = portal.browser()
        done = browser.get(away(browser))
        assert done.status_code == 403 and f"«{name}» chưa được dùng ở đây" in done.text
        assert not comes_in(browser)
        assert told(portal)[-1]["outcome"] == "failed"
    assert [each["who"] for each in told(portal)[-2:]] == ["unknown", "tra"]


def test_a_way_back_is_good_once_and_in_the_browser_that_left(portal: Portal) -> None:
    forget_floods(portal)
    one, other = portal.browser(), portal.browser()
    back = away(one)
    away(other)
    for stranger in (other, portal.browser()):
        done = stranger.get(back)
        assert done.status_code == 400 and "Bấm đăng nhập lại" in done.text and not comes_in(stranger)
    held = dict(one.http.cookies)
    assert one.get(back).status_code == 200
    again = portal.browser()
    again.http.cookies.update(held)
    assert again.get(back).status_code == 400 and not comes_in(again)


def test_a_forged_state_a_refusal_and_a_foreign_issuer_are_refused(portal: Portal) -> None:
    forget_floods(portal)
    browser = portal.browser()
    state = parse_qs(urlsplit(away(browser)).query)["state"][0]
    assert browser.get(f"{BACK}?code=x&state={'0' * 43}").status_code == 400
    for query, status in (("error=access_denied", 403), ("code=x&iss=https://elsewhere.example", 403)):
        browser = portal.browser()
        state = parse_qs(urlsplit(away(browser)).query)["state"][0]
        assert browser.get(f"{BACK}?{query}&state={state}").status_code == status
    assert not comes_in(browser)


def test_a_code_that_the_provider_does_not_know_is_refused(portal: Portal) -> None:
    forget_floods(portal)
    browser = portal.browser()
    state = parse_qs(urlsplit(away(browser)).query)["state"][0]
    assert browser.get(f"{BACK}?code=made-up&state={state}").status_code == 403 and not comes_in(browser)


def test_the_browser_sends_a_challenge_and_never_the_secret(portal: Portal) -> None:
    browser = portal.browser()
    gone = browser.get(GO)
    asked = {key: values[0] for key, values in parse_qs(urlsplit(gone.headers["location"]).query).items()}
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert asked["redirect_uri"] == f"{portal.address}{BACK}"
    assert {"state", "nonce"} <= asked.keys() and asked["state"] != asked["nonce"]
    assert "secret" not in gone.headers["location"] and "verifier" not in gone.headers["location"]
    cookie = gone.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert re.search(r"sohoa-away=([^;]+)", cookie)[1] not in gone.headers["location"]  # type: ignore[index]


def test_too_many_ways_back_from_one_address_are_slowed_down(portal: Portal) -> None:
    forget_floods(portal)
    browser = portal.browser()
    answers = [browser.get(f"{BACK}?code=x&state=y").status_code for _ in range(21)]
    assert answers == [400] * 20 + [429]
    forget_floods(portal)


def test_the_log_has_neither_code_nor_state_nor_name(portal: Portal, provider: Provider) -> None:
    forget_floods(portal)
    browser = portal.browser()
    query = parse_qs(urlsplit(back := away(browser)).query)
    browser.get(back)
    log = portal.log.read_text(encoding="utf-8")
    assert query["code"][0] not in log and query["state"][0] not in log and "vân" not in log


def test_without_local_passwords_only_the_break_glass_account_has_one(
    provider: Provider, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    closed = asks(tmp_path, provider.issuer, LOCAL_PASSWORDS="false", BREAK_GLASS="Tin")
    with portal_over(tmp_path / "empty", tmp_path / "portal", **closed) as portal:
        assert "Tài khoản khẩn cấp" in portal.browser().get("/login").text
        refused = portal.browser().sign_in("vân")
        assert refused.status_code == 401 and "không đúng" in refused.text
        assert portal.browser().sign_in("tin", WORD).status_code == 303
        made = portal.machine.run("users", "add", "mới", "--role", "reviewer", "--no-password")
        assert made.returncode == 0, made.stderr
        provider.name = "mới"
        browser = portal.browser()
        assert browser.get(away(browser)).status_code == 200 and comes_in(browser)
        page = browser.get("/account")
        assert "do hệ thống đăng nhập của tỉnh giữ" in page.text and 'name="fresh"' not in page.text
        changed = browser.post(
            "/account", password=WORD, fresh="mật khẩu khác hẳn", again="mật khẩu khác hẳn"
        )
        assert changed.status_code == 403
        provider.down = True
        # What the provider told about itself is still known, its keys too: only the answer is missing.
        assert portal.browser().sign_in("tin", WORD).status_code == 303


def test_a_first_password_is_not_asked_for_who_came_from_the_provider(
    portal: Portal, provider: Provider
) -> None:
    forget_floods(portal)
    it = portal.signed_in("tin")
    shown = it.post("/admin/add", "/admin", name="người mới", role="reviewer").text
    once = re.search(r"\b([a-z2-9]{4}(?:-[a-z2-9]{4}){3})\b", shown)
    assert once is not None
    provider.name = "người mới"
    browser = portal.browser()
    assert browser.get(away(browser)).status_code == 200 and comes_in(browser)
    browser = portal.browser()
    browser.sign_in("người mới", once[1])
    assert browser.get("/batches").headers["location"] == "/account"


def test_a_provider_that_is_down_is_told_in_words_and_passwords_go_on(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    nobody = f"http://127.0.0.1:{free_port()}"
    with portal_over(tmp_path / "empty", tmp_path / "portal", **asks(tmp_path, nobody)) as portal:
        done = portal.browser().get(GO)
        assert done.status_code == 503 and "Không liên lạc được" in done.text
        assert comes_in(portal.signed_in("vân"))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"ISSUER": "http://sso.example"}, "ISSUER"),
        ({"CLIENT_ID": ""}, "CLIENT_ID"),
        ({"CLIENT_SECRET_FILE": "/nowhere"}, "CLIENT_SECRET_FILE"),
        ({"LOCAL_PASSWORDS": "false"}, "BREAK_GLASS"),
    ],
)
def test_half_a_set_up_is_refused_before_anybody_is_served(
    tmp_path: Path, wrong: dict[str, str], named: str
) -> None:
    machine = Machine(tmp_path / "m", **asks(tmp_path, "https://sso.example", **wrong))
    done = machine.run("portal", "--port", str(free_port()), timeout=60)
    assert done.returncode == 5 and named in done.stderr and "docs/portal.md" in done.stderr


def test_without_a_provider_its_pages_do_not_exist(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with portal_over(tmp_path / "empty", tmp_path / "portal") as portal:
        browser = portal.browser()
        assert browser.get(GO).status_code == browser.get(BACK).status_code == 404
        assert GO not in browser.get("/login").text


def test_the_certified_provider_lets_people_in(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portal_home, "free_port", lambda: port)
        with (
            certified_provider(tmp_path, f"http://127.0.0.1:{port}{BACK}") as issuer,
            portal_over(tmp_path / "empty", tmp_path / "portal", **asks(tmp_path, issuer)) as portal,
        ):
            browser = portal.browser()
            done = browser.get(signed_in_there(browser.get(GO).headers["location"], "lan"))
            assert done.status_code == 200, portal.log.read_text(encoding="utf-8")
            assert comes_in(browser) and "lan" in browser.get("/").text


def signed_in_there(address: str, name: str) -> str:
    """Fill in the forms of the certified provider until it sends the browser back."""
    with httpx.Client(timeout=30) as client:
        answer = client.get(address)
        for _ in range(12):
            if answer.is_redirect:
                address = str(answer.next_request.url if answer.next_request else "")
                if BACK in address:
                    return address
                answer = client.get(address)
            else:
                target = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
                prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
                assert target and prompt, answer.text
                answer = client.post(target[1], data={"prompt": prompt[1], "login": name, "password": "any"})
    raise AssertionError("it never sent the browser back")
