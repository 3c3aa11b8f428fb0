"""The look-up API: a paper that the state holds is not asked for again; a look-up is recorded, and is no re-use."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from sqlalchemy import text

from portal.keys import RateLimit
from portal.links import LinkExpired, Links, Place
from schemas.api_keys import ApiKey
from schemas.clock import VIETNAM
from storage.catalogue import coded_papers, lookup_records
from storage.catalogue.database import Database
from storage.catalogue.lookup_records import LookupRecord
from tests.backdated_home import REVOKED_HEAD, imported, table
from tests.desk_software import Desk, served
from tests.kept_home import by_file, flip, object_path
from tests.machine import Machine, names
from tests.papers import KQ, new_catalogue, paper, store
from workspace.looking_up import Asked, LookUps

OWNER = "056221001234"
NOW = datetime.now(UTC)
REUSE_HEAD = "Cấp;Đơn vị;Kỳ từ ngày;Kỳ đến ngày;Hồ sơ tiếp nhận;Hồ sơ có thành phần tái sử dụng;Minh chứng\n"


def new_key(machine: Machine, *options: str, system: str = "Một cửa tỉnh") -> str:
    scopes = () if "--scope" in options else ("--scope", "lookup", "--scope", "reuse")
    key: str = machine.json("keys", "add", system, *scopes, *options)["key"]
    return key


def confirmation(code: str, **changes: Any) -> dict[str, Any]:
    body = {
        "dossier": "000.21.25.H32-260301-0001",
        "component": "000.00.00.G15-KQ000031",
        "code": code,
        "desk": "Bộ phận Một cửa xã Diên Khánh",
        "at": datetime.now(VIETNAM).isoformat(timespec="seconds"),
    }
    return {**body, **changes}


def rows_of(machine: Machine, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(machine.home / "catalogue.db")) as catalogue:
        return catalogue.execute(f"SELECT * FROM {table}").fetchall()


def chained(machine: Machine) -> str:
    return "".join(path.read_text("utf-8") for path in machine.home.glob("store/events/house/*.json"))


def test_a_paper_is_found_each_way_and_its_link_gives_the_very_file_until_its_code_is_void(
    machine: Machine,
) -> None:
    held = by_file(machine)["b.png"]
    with served(machine.home) as address:
        desk = Desk(address, new_key(machine))
        (by_code,) = desk.found(code=held["code"])
        (by_number,) = desk.found(result_type="KQ.G15.000031", number=" 0132 / 2021")
        by_owner = desk.found(owner_id="056 221 001 234")
        assert sorted(names(by_owner, "code")) == sorted(
            each["code"] for each in by_file(machine).values() if each["code"]
        )
        assert by_code["document_id"] == by_number["document_id"] == held["id"]
        assert {name: by_code[name] for name in ("code", "result_type", "name", "number", "agency")} == {
            "code": held["code"],
            "result_type": "KQ.G15.000031",
            "name": by_code["GiayToKetQua"]["TenGiayTo"],
            "number": "132/2021",
            "agency": "Ủy ban nhân dân xã Diên An",
        }
        assert by_code["validity"]["state"] == "in_force"
        assert by_code["GiayToKetQua"]["MaGiayToKetQua"] == held["code"]
        url = by_code["pdfa"]["url"]
        for personal in (OWNER, held["id"], held["code"], "132"):
            assert personal not in url.partition("pdfa/")[2].partition(".")[0]
        given = httpx.get(address + url)
        assert given.headers["content-type"] == "application/pdf"
        assert given.headers["cache-control"] == "private, no-store"
        assert given.content == object_path(machine, held["pdfa"]).read_bytes()
        done = machine.run("code", "void", held["code"], "--reason", "đọc sai số")
        assert done.returncode == 0, done.stderr
        gone = httpx.get(address + url)
        assert (gone.status_code, gone.json()["code"]) == (410, "paper_gone")
        assert desk.found(code=held["code"]) == []
        assert held["code"] not in names(desk.found(owner_id=OWNER), "code")


def test_a_link_ends_after_its_time_with_its_key_and_serves_no_other_key(machine: Machine) -> None:
    code = by_file(machine)["a.png"]["code"]
    with served(machine.home, link_minutes=1 / 60) as address:
        (found,) = Desk(address, new_key(machine)).found(code=code)
        time.sleep(2.1)
        late = httpx.get(address + found["pdfa"]["url"])
        assert (late.status_code, late.json()["code"]) == (410, "link_expired")
    with served(machine.home) as address:
        mine, other = Desk(address, new_key(machine)), Desk(address, new_key(machine, system="Khác"))
        (found,) = mine.found(code=code)
        url = found["pdfa"]["url"]
        expires = datetime.fromisoformat(found["pdfa"]["expires"])
        assert timedelta(minutes=9) < expires - datetime.now(UTC) <= timedelta(minutes=10)
        assert other.get(url).status_code == 403
        assert mine.get(url).status_code == 200
        place, _, rest = url.rpartition("/")[2].partition("-0.")
        for token in (f"{place}-1.{rest}", url.rpartition("/")[2][:-1], "x", "..%2f..%2fetc", "%00"):
            assert httpx.get(f"{address}/api/v1/pdfa/{token}").status_code == 404
        assert machine.run("keys", "revoke", "Một cửa tỉnh").returncode == 0
        assert httpx.get(address + url).status_code == 410
        assert mine.lookup(code=code).status_code == 401


def test_links_are_read_back_and_expire() -> None:
    place = Place("a" * 32, 7)
    assert Links(b"k" * 32, 60).place(Links(b"k" * 32, 60).token(place)) == place
    assert Links(b"k" * 32, 60).place(Links(b"q" * 32, 60).token(place)) is None
    with pytest.raises(LinkExpired):
        Links(b"k" * 32, -1).place(Links(b"k" * 32, 60).token(place))


def test_a_key_asks_only_about_papers_of_its_units_and_those_merged_into_them(machine: Machine) -> None:
    held = by_file(machine)["a.png"]
    with served(machine.home) as address:
        # Diên An went into Diên Khánh on 1/7/2025.
        inside = Desk(address, new_key(machine, "--unit", "Xã Diên Khánh"))
        outside = Desk(address, new_key(machine, "--unit", "Phường Nha Trang"))
        agency = Desk(address, new_key(machine, "--unit", "Sở Xây dựng"))
        assert names(inside.found(code=held["code"]), "document_id") == [held["id"]]
        for desk in (outside, agency):
            assert desk.found(code=held["code"]) == desk.found(owner_id=OWNER) == []
            refused = desk.reuse(**confirmation(held["code"]))
            assert refused.status_code == 422
            assert names(refused.json()["fields"], "code") == ["code_unknown"]
    listed = {tuple(key["units"]) for key in machine.json("keys", "list")}
    assert ("Sở Xây dựng",) in listed and all(len(unit) == 1 for unit in listed)


def test_no_key_a_wrong_one_and_one_without_the_scope_are_refused(machine: Machine) -> None:
    code = by_file(machine)["a.png"]["code"]
    with served(machine.home) as address:
        key = new_key(machine, "--scope", "reuse")
        last = "A" if key[-1] != "A" else "B"
        for wrong in (None, "x", "x" * 60, key[:-1] + last, key + "x", key.replace("sohoa", "SOHOA")):
            answer = Desk(address, wrong).lookup(code=code)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        refused = Desk(address, key).lookup(code=code)
        assert (refused.status_code, refused.json()["code"]) == (403, "key_lacks_scope")
        looks = Desk(address, new_key(machine, "--scope", "lookup", system="Khác"))
        assert looks.reuse(**confirmation(code)).status_code == 403


def test_a_key_is_held_to_its_rate_and_told_when_to_come_again(machine: Machine) -> None:
    with served(machine.home) as address:
        slow, other = Desk(address, new_key(machine, "--rate", "2")), Desk(address, new_key(machine))
        codes = [slow.lookup(owner_id=OWNER).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        wait = int(slow.lookup(owner_id=OWNER).headers["retry-after"])
        assert 1 <= wait <= 30
        assert other.lookup(owner_id=OWNER).status_code == 200


def test_a_bucket_is_full_again_after_a_minute() -> None:
    at = [0.0]
    limit = RateLimit(lambda: at[0])
    key = ApiKey(
        id="k", system="s", secret_sha256=None, scopes=("lookup",), rate=3, created_at="", created_by=""
    )
    assert [limit.seconds_to_wait(key) for _ in range(4)] == [0, 0, 0, 20]
    at[0] = 20
    assert [limit.seconds_to_wait(key) for _ in range(2)] == [0, 20]
    at[0] = 3600
    assert [limit.seconds_to_wait(key) for _ in range(4)] == [0, 0, 0, 20]


DEEP = b"[" * 8000 + b"]" * 8000
BODIES: list[tuple[bytes, int, str, str]] = [
    (b"", 422, "", "json"),
    (b"{", 422, "", "json"),
    (b"[]", 422, "", "not_object"),
    (b"null", 422, "", "not_object"),
    (DEEP[:15000], 422, "", "json"),
    (DEEP, 422, "", "json"),
    (b'{"purpose":"p","purpose":"q","code":"x"}', 422, "", "json"),
    (b'{"purpose":NaN}', 422, "", "json"),
    (b'{"purpose":"\\ud800","owner_id":"056221001234"}', 422, "", "json"),
    (b'\xff\xfe{"purpose":"p"}', 422, "", "json"),
    (b'{"owner_id":"056221001234"}', 422, "purpose", "missing"),
    (b'{"owner_id":"056221001234","purpose":"  "}', 422, "purpose", "empty"),
    (b'{"owner_id":"056221001234","purpose":7}', 422, "purpose", "not_text"),
    (b'{"owner_id":56221001234,"purpose":"p"}', 422, "owner_id", "not_text"),
    (b'{"owner_id":"1\' OR 1=1 --","purpose":"p"}', 422, "owner_id", "owner_form"),
    (b'{"owner_id":"%","purpose":"p"}', 422, "owner_id", "owner_form"),
    (b'{"owner_id":"' + b"1" * 5000 + b'","purpose":"p"}', 422, "owner_id", "too_long"),
    (b'{"code":"<script>","purpose":"p"}', 422, "code", "code_form"),
    (b'{"result_type":"KQ.G15.000031","purpose":"p"}', 422, "number", "type_and_number"),
    (b'{"number":"1","purpose":"p"}', 422, "number", "type_and_number"),
    (b'{"result_type":"G15","number":"1","purpose":"p"}', 422, "result_type", "result_type_form"),
    (b'{"result_type":"KQ.G15.000031","number":"...","purpose":"p"}', 422, "number", "empty"),
    (b'{"result_type":"KQ.G15.000031","number":"1\\u0000","purpose":"p"}', 422, "number", "not_plain"),
    (b'{"purpose":"p"}', 422, "owner_id", "one_way"),
    (b'{"owner_id":"056221001234","code":".KQ.G15.000031.1.01","purpose":"p"}', 422, "owner_id", "one_way"),
    (b'{"owner_id":"056221001234","purpose":"p","unit":"x"}', 422, "unit", "unknown_field"),
    (b'{"purpose":"' + b"p" * 17000 + b'"}', 413, "", ""),
]


@pytest.fixture(scope="module")
def asking(home: Path, forks: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from tests.command_forks import quick_machine

    machine = quick_machine(forks, home, tmp_path_factory.mktemp("asking"))
    key = new_key(machine, "--rate", "6000")
    with served(machine.home) as address:
        yield machine, Desk(address, key)


@pytest.mark.parametrize(("body", "status", "field", "code"), BODIES)
def test_a_body_that_cannot_be_used_is_refused_field_by_field(
    asking: tuple[Machine, Desk], body: bytes, status: int, field: str, code: str
) -> None:
    _, desk = asking
    answer = desk.post("/api/v1/lookup", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["code"] == ("malformed" if status == 422 else "too_large")
    assert [(each["field"], each["code"]) for each in told["fields"]] == ([(field, code)] if code else [])
    for each in told["fields"]:
        assert each["message"] != f"field_{code}" and "{" not in each["message"]


def test_other_content_and_bodies_without_a_declared_length_are_refused(
    asking: tuple[Machine, Desk],
) -> None:
    _, desk = asking
    good = json.dumps({"owner_id": OWNER, "purpose": "p"}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""):
        answer = desk.post("/api/v1/lookup", content=good, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (415, "not_json")
    json_type = {"Content-Type": "Application/JSON; charset=UTF-8"}
    assert desk.post("/api/v1/lookup", content=good, headers=json_type).status_code == 200
    endless = desk.post(
        "/api/v1/lookup",
        content=(b" " * 4096 for _ in range(8)),
        headers={"Content-Type": "application/json"},
    )
    assert endless.status_code == 413
    assert desk.get("/api/v1/lookup").status_code == 405
    assert desk.get("/api/v1/lookup", params={"owner_id": OWNER}).status_code == 405


def test_a_look_up_is_recorded_without_the_owner_and_is_no_reuse(asking: tuple[Machine, Desk]) -> None:
    machine, desk = asking
    before = len(rows_of(machine, "lookup"))
    purpose = f"khai sinh cho {OWNER}"
    found = desk.found(owner_id=OWNER, purpose=purpose, dossier="H32-260301-0009")
    desk.found(owner_id=OWNER)
    desk.get(found[0]["pdfa"]["url"])
    database = Database(f"sqlite:///{machine.home / 'catalogue.db'}")
    with closing(database):
        first, second, fetched = lookup_records.all_of(database)[before:]
    assert first.answered == tuple(names(found, "document_id"))
    assert (first.system, first.asked_by, first.dossier) == ("Một cửa tỉnh", "owner_id", "H32-260301-0009")
    assert first.asked_hash == second.asked_hash != hashlib.sha256(OWNER.encode()).hexdigest()
    assert (fetched.asked_by, fetched.asked_hash, fetched.answered) == ("pdfa", first.id, first.answered[:1])
    assert OWNER not in str(rows_of(machine, "lookup")) and "056*******34" in first.purpose
    assert machine.json("reuse", "list")["confirmed"]["dossiers"] == 0


def test_look_ups_lie_in_the_chain_with_one_event_an_hour_and_are_rebuilt(machine: Machine) -> None:
    with served(machine.home) as address:
        desk = Desk(address, new_key(machine))
        for _ in range(3):
            desk.found(owner_id=OWNER)
    events = [row for row in rows_of(machine, "event") if row[2] == "look-ups"]
    assert events == []
    database = Database(f"sqlite:///{machine.home / 'catalogue.db'}")
    with closing(database):
        assert not lookup_records.end_hours(database)
        assert lookup_records.end_hours(database, all_of_them=True)
        assert not lookup_records.end_hours(database, all_of_them=True)
    (event,) = [json.loads(row[7]) for row in rows_of(machine, "event") if row[2] == "look-ups"]
    assert (event["agent"], event["detail"]["lookups"]) == ("Một cửa tỉnh", 3)
    before = sorted(rows_of(machine, "lookup"))
    machine.run("keys", "add", "Khác", "--scope", "lookup")  # sends what waits
    assert OWNER not in chained(machine).replace(by_file(machine)["a.png"]["code"], "")
    rebuilt(machine)
    assert sorted(rows_of(machine, "lookup")) == before


def rebuilt(machine: Machine) -> None:
    for file in machine.home.glob("catalogue.db*"):
        file.unlink()
    done = machine.run("rebuild", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_reuse_is_confirmed_once_for_a_component_of_a_dossier(machine: Machine) -> None:
    papers = by_file(machine)
    first, second = papers["a.png"]["code"], papers["b.png"]["code"]
    with served(machine.home) as address:
        desk = Desk(address, new_key(machine))
        body = confirmation(first)
        new, again = desk.reuse(**body), desk.reuse(**{**body, "dossier": body["dossier"].lower() + " "})
        assert (new.status_code, new.json()["new"]) == (201, True)
        assert (again.status_code, again.json()["new"]) == (200, False)
        assert again.json()["recorded"] == new.json()["recorded"]
        assert new.json()["TaiLieuNop"]["MaKetQuaThayThe"] == first
        other = desk.reuse(**{**body, "code": second})
        assert (other.status_code, other.json()["code"]) == (409, "other_code")
        assert desk.reuse(**{**body, "component": "khác", "code": second}).status_code == 201
        for field, value, code in (
            ("at", "2026-03-01", "moment_form"),
            ("at", "2026-03-01T08:00:00", "moment_form"),
            ("at", "0001-01-01T00:00:00+14:00", "moment_form"),
            ("at", (datetime.now(UTC) + timedelta(hours=1)).isoformat(), "in_future"),
            ("code", "056221001234.KQ.G15.000031.999/2021.01", "code_unknown"),
            ("desk", "", "empty"),
        ):
            wrong = desk.reuse(**{**body, field: value})
            assert wrong.status_code == 422
            assert [(each["field"], each["code"]) for each in wrong.json()["fields"]] == [(field, code)]
        assert len(rows_of(machine, "confirmed_reuse")) == 2
        assert machine.run("code", "void", second, "--reason", "đọc sai số").returncode == 0
        void = desk.reuse(**confirmation(second, dossier="H32-260301-0002"))
        assert names(void.json()["fields"], "code") == ["code_void"]
    events = machine.json("trace", papers["a.png"]["id"])["events"]
    assert "re-use" in names(events, "type")
    assert "xác nhận tái sử dụng" in trace_page(machine, papers["a.png"]["id"])


def trace_page(machine: Machine, paper_id: str) -> str:
    out = machine.folder / "vết.html"
    assert machine.run("trace", paper_id, out).returncode == 0
    return out.read_text("utf-8")


def test_confirmed_reuse_is_listed_by_unit_and_month_and_imported_counts_win(
    machine: Machine, tmp_path: Path
) -> None:
    papers = by_file(machine)
    with served(machine.home) as address:
        desk = Desk(address, new_key(machine))
        for dossier, day, component, code in (
            ("H32-1", "2025-08-05", "a", papers["a.png"]["code"]),
            ("H32-1", "2025-09-02", "b", papers["b.png"]["code"]),
            ("H32-2", "2025-08-31", "a", papers["a.png"]["code"]),
            ("H32-3", "2025-10-01", "a", papers["a.png"]["code"]),
        ):
            at = f"{day}T23:30:00+07:00"
            done = desk.reuse(**confirmation(code, dossier=dossier, component=component, at=at))
            assert done.status_code == 201, done.text
        unknown = confirmation(papers["a.png"]["code"], dossier="H32-4", desk="Quầy số 3")
        assert desk.reuse(**{**unknown, "at": "2025-11-01T08:00:00+07:00"}).status_code == 201
        desk.found(owner_id=OWNER)

    def keys(report: dict[str, Any]) -> list[tuple[Any, ...]]:
        names_ = ("unit", "month", "dossiers", "components", "counted_by_import")
        return [tuple(unit[name] for name in names_) for unit in report["confirmed"]["units"]]

    report = machine.json("reuse", "list")
    assert sorted(keys(report), key=str) == [
        ("Xã Diên Khánh", "2025-08", 2, 3, 0),
        ("Xã Diên Khánh", "2025-10", 1, 1, 0),
        (None, "2025-11", 1, 1, 0),
    ]
    assert report["shares"][0]["numerator"] is None
    row = "xã;Xã Diên Khánh;01/07/2025;30/09/2025;100;90;Báo cáo 7"
    imported(machine, "reuse", table(tmp_path, "hs.csv", REUSE_HEAD, row))
    report = machine.json("reuse", "list")
    told = report["confirmed"]
    assert (told["dossiers"], told["counted_by_import"], told["beside_imports"]) == (4, 2, 2)
    assert (report["shares"][0]["numerator"], report["shares"][0]["denominator"]) == (90, 100)
    assert machine.json("reuse", "list", "--to", "2025-09-30")["confirmed"]["dossiers"] == 2
    said = machine.run("reuse", "list").stdout
    assert "lấy số liệu nhập" in said and "2025-08" in said and "chưa xác định" in said
    rebuilt(machine)
    assert machine.json("reuse", "list")["confirmed"] == told


def test_keys_are_printed_once_and_their_secret_is_in_no_event(machine: Machine) -> None:
    key = new_key(machine, "--unit", "Xã Diên Khánh")
    secret = key.split("_", 2)[2]
    digest = hashlib.sha256(secret.encode()).hexdigest()
    assert digest in str(rows_of(machine, "api_key"))
    assert secret not in str(rows_of(machine, "api_key"))
    (listed,) = machine.json("keys", "list")
    assert (listed["system"], listed["rate"], listed["state"]) == ("Một cửa tỉnh", 60, "in_use")
    assert machine.run("keys", "revoke", listed["id"]).returncode == 0
    assert machine.run("keys", "revoke", listed["id"]).returncode == 2
    new_key(machine)
    outputs = chained(machine) + machine.run("keys", "list").stdout + str(rows_of(machine, "event"))
    assert secret not in outputs and digest not in outputs
    assert outputs.count('"api key"') >= 3
    rebuilt(machine)
    states = [(each["system"], each["state"]) for each in machine.json("keys", "list")]
    assert states == [("Một cửa tỉnh", "revoked"), ("Một cửa tỉnh", "without_secret")]
    with served(machine.home) as address:
        assert Desk(address, key).lookup(owner_id=OWNER).status_code == 401


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--scope"),
        (("--scope", "quota"), "quota"),
        (("--scope", "lookup", "--unit", "Xã Không Có"), "Xã Không Có"),
        (("--scope", "lookup", "--rate", "0"), "sohoa keys add"),
    ],
)
def test_a_key_that_would_open_nothing_known_is_refused(
    machine: Machine, options: tuple[str, ...], said: str
) -> None:
    done = machine.run("keys", "add", "Một cửa", *options)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert machine.json("keys", "list") == []


def test_a_revoked_paper_is_told_as_such_and_a_damaged_one_is_not_answered(
    machine: Machine, tmp_path: Path
) -> None:
    papers = by_file(machine)
    row = "Xã Diên An;Giấy khai sinh;131/2021;02/01/2024;thu hồi;45/QĐ-UBND;02/01/2024;Trần Văn B"
    with served(machine.home) as address:
        desk = Desk(address, new_key(machine))
        (before,) = desk.found(code=papers["a.png"]["code"])
        imported(machine, "revocations", table(tmp_path, "thu.csv", REVOKED_HEAD, row))
        (after,) = desk.found(code=papers["a.png"]["code"])
        assert before["validity"]["state"] == "in_force"
        assert after["validity"] == {"state": "expired", "basis": "revoked", "until": "2024-01-01"}
        (other,) = desk.found(code=papers["b.png"]["code"])
        url = other["pdfa"]["url"]
        flip(object_path(machine, papers["b.png"]["pdfa"]))
        assert httpx.get(address + url).status_code == 410
        machine.run("verify")
        assert desk.found(code=papers["b.png"]["code"]) == []


def test_the_openapi_page_is_true_of_what_is_answered(asking: tuple[Machine, Desk]) -> None:
    machine, desk = asking
    page = httpx.get(desk.address + "/api/v1/openapi.json").json()
    code = by_file(machine)["a.png"]["code"]
    answers = [
        ("/api/v1/lookup", desk.lookup(owner_id=OWNER)),
        ("/api/v1/lookup", desk.lookup()),
        ("/api/v1/lookup", Desk(desk.address, None).lookup()),
        ("/api/v1/reuse", desk.reuse(**confirmation(code))),
        ("/api/v1/reuse", desk.reuse(**confirmation(code))),
        ("/api/v1/reuse", desk.reuse(**confirmation(by_file(machine)["b.png"]["code"]))),
        ("/api/v1/reuse", desk.reuse()),
    ]
    assert {answer.status_code for _, answer in answers} >= {200, 201, 401, 409, 422}
    for path, answer in answers:
        told = page["paths"][path]["post"]["responses"][str(answer.status_code)]
        schema = {**told["content"]["application/json"]["schema"], "components": page["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json())
    asked = {**page["components"]["schemas"]["LookupBody"], "components": page["components"]}
    check = jsonschema.Draft202012Validator(asked)
    check.validate({"owner_id": OWNER, "purpose": "p"})
    assert not check.is_valid({"owner_id": OWNER})
    assert "http" not in json.dumps(page).replace('"type": "http"', "")


def test_a_look_up_goes_over_indexes_alone(tmp_path: Path) -> None:
    database = new_catalogue(tmp_path)
    with closing(database):
        for number in range(4):
            store(database, paper(f"tờ {number}", number=f"{number + 1}/2021"), file=f"{number}.pdf")
        one = "SELECT document_id FROM code WHERE state = 'issued' AND "
        plans = {
            "owner IN ('1', '2')": "(owner=?)",
            "printed = 'x'": "(printed=?)",
            f"result_type = '{KQ}' AND number_key = '1/2021'": "(result_type=? AND number_key=?)",
        }
        with database.read() as connection:
            for condition, index in plans.items():
                plan = str(connection.execute(text(f"EXPLAIN QUERY PLAN {one}{condition}")).all())
                assert "SEARCH code USING INDEX" in plan and index in plan, plan
        # Not sent to a store yet: the codes are not relied on.
        assert coded_papers.by_number(database, KQ, "02 / 2021") == []
        with database.write() as connection:
            connection.execute(text("UPDATE event SET exported = true"))
        (found,) = coded_papers.by_number(database, KQ, "02 / 2021")
        assert found.document.value("number") == "2/2021"
        answers, more = LookUps(database).find(Asked(code=found.code), ())
        assert [each.row.document.id for each in answers] == [found.document.id] and not more


def test_an_hour_of_look_ups_is_told_system_by_system(tmp_path: Path) -> None:
    database = new_catalogue(tmp_path)
    with closing(database):
        for system in ("A", "A", "B"):
            made = LookupRecord("", "", f"key{system}", system, "code", "h", "p", None, ())
            lookup_records.enter(database, made._replace(id=f"{time.monotonic_ns():032x}"))
        assert lookup_records.end_hours(database, all_of_them=True)
        with database.read() as connection:
            events = connection.execute(text("SELECT data FROM event")).scalars().all()
    told = [json.loads(event) for event in events]
    assert sorted((each["agent"], each["detail"]["lookups"]) for each in told) == [("A", 2), ("B", 1)]
