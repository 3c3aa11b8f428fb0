"""Legal holds through the command line: who, why, what the server holds, and what trace and doctor then show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from minio import Minio
from minio.error import S3Error

import samples
from configs.settings import Settings
from schemas.events import Event
from storage.catalogue.documents import events_of as events_about
from storage.objects import s3_calls
from tests.kept_home import by_file
from tests.machine import Machine, names
from tests.servers import S3Server, versitygw
from workspace.opening import Workspace, open_workspace
from workspace.verifying import verify


def events_of(machine: Machine, paper: str, kind: str = "legal hold") -> list[dict[str, Any]]:
    trace = machine.json("trace", paper)
    return [event for event in trace["events"] if event["type"] == kind]


def test_a_hold_is_listed_with_who_and_why_until_it_is_released(machine: Machine) -> None:
    paper = by_file(machine)["a.png"]["id"]
    done = machine.run("hold", "set", paper, "--reason", "Tòa án yêu cầu", "--document", "12/CV-TA")
    assert done.returncode == 0, done.stderr
    assert "không có legal hold" in done.stdout
    (held,) = machine.json("hold", "list")
    assert (held["document"], held["reason"], held["operator"]) == (paper, "Tòa án yêu cầu", "chị Lan")
    assert held["backing"] == {"document": "12/CV-TA"} and held["on_server"] is None
    assert "Tòa án yêu cầu" in machine.run("hold", "list").stdout
    assert machine.run("hold", "release", paper, "--reason", "vụ án kết thúc").returncode == 0
    assert machine.json("hold", "list") == []
    assert names(events_of(machine, paper), "outcome") == ["set", "released"]
    page = machine.folder / "trace.html"
    assert machine.run("trace", paper, page).returncode == 0
    told = page.read_text(encoding="utf-8")
    assert all(word in told for word in ("giữ theo pháp lý", "đang giữ", "thôi giữ", "12/CV-TA"))
    again = machine.run("hold", "release", paper, "--reason", "vụ án kết thúc")
    assert again.returncode == 2 and "không đang bị giữ" in again.stderr


def test_a_hold_needs_its_reason_and_a_paper(machine: Machine) -> None:
    paper = by_file(machine)["a.png"]["id"]
    assert machine.run("hold", "set", paper).returncode == 2
    assert machine.run("hold", "set", paper, "--reason", " ").returncode == 2
    assert machine.run("hold", "set", "0" * 32, "--reason", "x").returncode == 2
    assert machine.json("hold", "list") == []


def test_a_hold_comes_back_with_a_rebuilt_catalogue(machine: Machine) -> None:
    paper = by_file(machine)["a.png"]["id"]
    assert machine.run("hold", "set", paper, "--reason", "thanh tra").returncode == 0
    for path in machine.home.glob("catalogue.db*"):
        path.unlink()
    assert machine.run("rebuild").returncode == 0
    assert names(machine.json("hold", "list"), "document") == [paper]


# -- on a server


def last_check(workspace: Workspace) -> Event:
    return events_about(workspace.database, ["house"])[-1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with versitygw(tmp_path_factory.mktemp("s3")) as running:
        yield running


def machine_on(server: S3Server, folder: Path, bucket: str, **more: str) -> Machine:
    return Machine(
        folder,
        SOHOA_STORE__KIND="s3",
        SOHOA_STORE__ENDPOINT=f"http://{server.endpoint}",
        SOHOA_STORE__BUCKET=bucket,
        SOHOA_S3_ACCESS_KEY=server.access_key,
        SOHOA_S3_SECRET_KEY=server.secret_key,
        **more,
    )


@pytest.mark.s3
def test_on_a_locking_server_papers_are_retained_and_held_and_verify_ends_cut_uploads(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "scans"
    samples.make(folder, 1, 7)
    scans = next(path for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "truth")
    locked = {"SOHOA_STORE__LOCK": "governance", "SOHOA_STORE__RETAIN_YEARS": "5"}
    machine = machine_on(server, tmp_path / "m", "kept", **locked)
    assert machine.run("digitize", scans, "--plain").returncode in {0, 3}
    (paper,) = machine.json("batch", "show", scans.name)["documents"]
    raw = Minio(
        endpoint=server.endpoint, access_key=server.access_key, secret_key=server.secret_key, secure=False
    )
    term = raw.get_object_retention(bucket_name="kept", object_name=paper["original"])
    assert term is not None and term.mode == "GOVERNANCE"
    told = {line["name"]: line["version"] for line in machine.json("doctor")}
    assert "khóa: có (đặt: governance 5)" in told["store keeping"]

    set_ = machine.json("hold", "set", paper["id"], "--reason", "thanh tra")
    assert set_["on_server"] == set_["objects"] >= 3
    version = raw.stat_object(bucket_name="kept", object_name=paper["original"]).version_id
    with pytest.raises(S3Error):
        raw.remove_object(bucket_name="kept", object_name=paper["original"], version_id=version)
    (held,) = machine.json("hold", "list")
    assert held["on_server"] == held["objects"]
    assert machine.json("hold", "release", paper["id"], "--reason", "xong")["on_server"] == 0

    private: Any = raw
    private._create_multipart_upload("kept", "originals/ab/cut", {})
    whole = machine.json("verify")
    assert whole["uploads"] == [] and whole["outcome"] == "success"  # younger than a day
    for name, value in machine.environment.items():
        if name.startswith("SOHOA_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setattr("workspace.verifying._CUT_AFTER", timedelta(seconds=-5))
    with open_workspace(Settings.load(home=machine.home)) as workspace:
        assert verify(workspace).uploads == ("originals/ab/cut",)
    assert list(s3_calls.open_uploads(raw, "kept")) == []
    with open_workspace(Settings.load(home=machine.home)) as workspace:
        event = last_check(workspace)
    assert event.detail["uploads_given_up"] == 1
    s3_calls.conditional_put(raw, "kept", paper["original"], b"other", {}, only_if_absent=False)
    damaged = machine.json("verify")
    assert [(each["key"], each["state"]) for each in damaged["damage"]] == [(paper["original"], "altered")]
    assert damaged["damage"][0]["version"] == version


@pytest.fixture
def raw(server: S3Server) -> Minio:
    """The server as somebody else meets it."""
    return Minio(
        endpoint=server.endpoint, access_key=server.access_key, secret_key=server.secret_key, secure=False
    )


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A batch of one paper."""
    folder = tmp_path / "scans"
    samples.make(folder, 1, 7)
    return next(path for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "truth")


@pytest.mark.s3
def test_verify_puts_right_from_earlier_versions_what_somebody_else_overwrote_or_deleted(
    server: S3Server, raw: Minio, scans: Path, tmp_path: Path
) -> None:
    machine = machine_on(server, tmp_path / "m", "healed", SOHOA_STORE__VERSIONS="required")
    assert machine.run("digitize", scans, "--plain").returncode in {0, 3}
    (paper,) = machine.json("batch", "show", scans.name)["documents"]
    good = raw.stat_object(bucket_name="healed", object_name=paper["original"]).version_id
    s3_calls.conditional_put(raw, "healed", paper["original"], b"other", {}, only_if_absent=False)
    raw.remove_object(bucket_name="healed", object_name=paper["pdfa"])
    done = machine.run("verify")
    assert done.returncode == 3
    assert f"Đã khôi phục từ phiên bản {good}" in done.stdout and "0 bị mất hoặc đã khác" in done.stdout
    repairs = events_of(machine, paper["id"], "repair")
    assert {each["detail"]["object"] for each in repairs} == {paper["original"], paper["pdfa"]}
    assert good in {each["detail"]["from_version"] for each in repairs}
    whole = machine.json("verify")
    assert (whole["outcome"], whole["damage"]) == ("success", [])
    assert machine.run("get", paper["id"], tmp_path / "out", "--original").returncode == 0


@pytest.mark.s3
def test_verify_stamps_retention_on_what_was_stored_before_the_lock_was_set_and_says_on_how_many(
    server: S3Server, raw: Minio, scans: Path, tmp_path: Path
) -> None:
    raw.make_bucket(bucket_name="later", object_lock=True)
    machine = machine_on(server, tmp_path / "m", "later")
    assert machine.run("digitize", scans, "--plain").returncode in {0, 3}
    (paper,) = machine.json("batch", "show", scans.name)["documents"]
    assert raw.get_object_retention(bucket_name="later", object_name=paper["original"]) is None
    machine.environment |= {"SOHOA_STORE__LOCK": "governance", "SOHOA_STORE__RETAIN_YEARS": "5"}
    checked = machine.json("verify")
    assert checked["retained"] == checked["objects"] > 5
    kept = ("originals/", "pdfa/", "documents/", "events/", "reports/", "figures/")
    for each in raw.list_objects(bucket_name="later", recursive=True):
        if str(each.object_name).startswith(kept):
            term = raw.get_object_retention(bucket_name="later", object_name=str(each.object_name))
            assert term is not None and term.mode == "GOVERNANCE", each.object_name
    assert machine.json("verify")["retained"] == 0


@pytest.mark.s3
def test_what_is_made_of_a_held_paper_is_held_too_and_verify_holds_what_was_missed(
    server: S3Server, raw: Minio, scans: Path, tmp_path: Path
) -> None:
    locked = {"SOHOA_STORE__LOCK": "governance", "SOHOA_STORE__RETAIN_YEARS": "5"}
    machine = machine_on(server, tmp_path / "m", "holding", **locked)
    assert machine.run("digitize", scans, "--plain").returncode in {0, 3}
    (paper,) = machine.json("batch", "show", scans.name)["documents"]
    before = machine.json("hold", "set", paper["id"], "--reason", "thanh tra")["objects"]
    assert machine.run("review", "set", paper["id"], "owner_name=Nguyễn Gia Hưng").returncode == 0
    (held,) = machine.json("hold", "list")
    assert held["on_server"] == held["objects"] > before
    raw.disable_object_legal_hold(bucket_name="holding", object_name=paper["original"])
    assert machine.json("verify")["held"] == 1
    assert machine.json("verify")["held"] == 0
    (held,) = machine.json("hold", "list")
    assert held["on_server"] == held["objects"]


@pytest.mark.s3
def test_doctor_names_what_a_bucket_lacks_of_what_is_configured(server: S3Server, tmp_path: Path) -> None:
    raw = Minio(
        endpoint=server.endpoint, access_key=server.access_key, secret_key=server.secret_key, secure=False
    )
    raw.make_bucket(bucket_name="plain")
    told = {line["name"]: line for line in machine_on(server, tmp_path / "a", "plain").json("doctor")}
    assert "không (đặt: auto)" in told["store keeping"]["version"]
    wanting = machine_on(
        server,
        tmp_path / "b",
        "plain",
        SOHOA_STORE__LOCK="compliance",
        SOHOA_STORE__RETAIN_YEARS="5",
    )
    lines = {line["name"]: line for line in wanting.json("doctor")}
    assert lines["store (s3)"]["found"] is False
    assert "plain" in lines["store (s3)"]["remedy"] and wanting.run("doctor").returncode == 5
