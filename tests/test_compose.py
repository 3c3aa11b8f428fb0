"""deploy/compose.yaml starts: its commands with its environment, on real servers, take a batch to its end."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from minio import Minio
from minio.error import S3Error

from flows.orchestra import QUIET
from schemas.version import VERSION
from tests.composed import Composed, composed, described
from tests.machine import ROOT, Machine

PAPERS = 4
OURS = {"s3-bucket", "prefect", "portal", "worker", "sohoa"}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """The services, up."""
    folder = tmp_path_factory.mktemp("composed")
    given = {"SOHOA_WORKERS": "1", "SOHOA_VERAPDF": "off", "SOHOA_OPERATOR": "chị Lan"}
    with composed(folder, given) as it:
        yield it


@pytest.fixture(scope="module")
def shown(up: Composed) -> dict[str, object]:
    """A small batch, taken to its end by the single command that the file's head names."""
    samples = up.folder / "samples"
    argv = [sys.executable, "-m", "samples", str(samples), "--papers", str(PAPERS), "--seed", "21", "--quiet"]
    subprocess.run([*argv, "--batches", "2021-so-xay-dung"], check=True, cwd=ROOT)
    done = up.once("sohoa", "digitize", str(samples / "2021-so-xay-dung"), "--json")
    assert done.returncode in {0, 3}, done.stderr
    (up.folder / "said").write_text(done.stderr, encoding="utf-8")
    return dict(json.loads(done.stdout))


def test_a_batch_is_read_by_the_workers_and_every_page_accounted_for(
    up: Composed, shown: dict[str, dict[str, int]]
) -> None:
    files, pages = shown["files"], shown["pages"]
    assert files["in"] == files["read"] > 0
    assert pages["in"] == pages["accounted"] >= PAPERS
    listed = up.once("sohoa", "batch", "list", "--json")
    assert [row["state"] for row in json.loads(listed.stdout)] == ["finished"]
    assert up.once("sohoa", "verify").returncode == 0
    doctor = up.once("sohoa", "doctor")
    assert doctor.returncode == 0, doctor.stdout


def test_one_id_leads_from_the_command_to_the_lines_of_the_workers(
    up: Composed, shown: dict[str, object]
) -> None:
    (run,) = set(re.findall(r"run=([0-9a-f]{32})", (up.folder / "said").read_text(encoding="utf-8")))
    logs = "\n".join(path.read_text(encoding="utf-8") for path in up.folder.glob("worker-*.log"))
    lines = [json.loads(line) for line in logs.splitlines() if line.startswith("{")]
    taken = [line for line in lines if line["event"] == "chunk_taken"]
    assert taken and {(line["run"], line["batch"]) for line in taken} == {(run, shown["batch"])}
    assert all(line["host"] and line["level"] == "info" and line["timestamp"] for line in taken)


def test_every_health_check_of_the_file_answers(up: Composed) -> None:
    assert [name for name in ("s3", "prefect", "portal", "worker") if not up.healthy(name)] == []
    assert up.services["postgresql"]["healthcheck"]["test"][1] == "pg_isready"


def test_setting_up_again_changes_nothing(up: Composed) -> None:
    for service in ("databases", "s3-account", "s3-bucket"):
        again = up.once(service)
        assert again.returncode == 0, again.stdout + again.stderr


def test_sohoas_keys_cannot_remove_an_original_nor_change_the_bucket(
    up: Composed, shown: dict[str, list[dict[str, str]]]
) -> None:
    original = shown["documents"][0]["original"]
    access, secret = ((up.secrets / name).read_text().strip() for name in ("s3_access_key", "s3_secret_key"))
    client = Minio(
        endpoint=f"127.0.0.1:{up.ports['s3']}",
        access_key=access,
        secret_key=secret,
        secure=False,
        region="us-east-1",
    )
    assert client.stat_object(bucket_name="sohoa", object_name=original).version_id
    for forbidden in (
        lambda: client.remove_object(bucket_name="sohoa", object_name=original),
        lambda: client.remove_bucket(bucket_name="sohoa"),
        lambda: client.set_bucket_policy(bucket_name="sohoa", policy="{}"),
        lambda: client.make_bucket(bucket_name="khac"),
    ):
        with pytest.raises(S3Error) as refused:
            forbidden()
        assert refused.value.code == "AccessDenied"


def test_the_bucket_is_copied_into_a_folder_that_sohoa_works_with_and_back(
    up: Composed, shown: dict[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    def copied(way: str, folder: Path, **more: str) -> str:
        argv = [sys.executable, str(ROOT / "deploy" / "s3" / "mirror.py"), way, str(folder)]
        own = {**up.environment("sohoa"), **more}
        return subprocess.run(argv, env=own, capture_output=True, text=True, check=True).stdout

    store = tmp_path / "store"
    assert int(copied("to-folder", store).split()[0]) > 3 * len(shown["documents"])
    assert copied("to-folder", store) == "0 new\n" == copied("to-bucket", store)
    alone = Machine(tmp_path / "alone", SOHOA_STORE__ROOT=str(store))
    assert alone.run("rebuild").returncode == 0
    codes = [paper["code"] for paper in alone.json("batch", "show", "2021-so-xay-dung")["documents"]]
    assert codes == [paper["code"] for paper in shown["documents"]]
    assert alone.run("verify").returncode == 0
    other = {**up.environment("s3-bucket"), "S3_BUCKET": "moi"}
    assert subprocess.run(up.argv("s3-bucket"), env=other, check=False).returncode == 0
    assert int(copied("to-bucket", store, SOHOA_STORE__BUCKET="moi").split()[0]) > 0
    back = tmp_path / "back"
    copied("to-folder", back, SOHOA_STORE__BUCKET="moi")
    names = sorted(path.relative_to(back).as_posix() for path in back.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file())
    assert all((back / name).read_bytes() == (store / name).read_bytes() for name in names)


def test_the_database_roles_are_asked_for_their_password_and_reach_their_own_alone(up: Composed) -> None:
    assert up.database is not None
    url = up.database.url_of("sohoa")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, passfile="/dev/null")
    passfile = str(up.secrets / "pgpass_sohoa")
    with psycopg.connect(url, passfile=passfile) as connection:
        found = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
        assert found.fetchone() == (False, False, False)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(up.database.url_of("prefect"), passfile=passfile)


def test_secrets_are_files_of_their_owner_and_the_file_names_each_of_them(up: Composed) -> None:
    named = {Path(each["file"]).name for each in up.spec["secrets"].values()}
    assert named == {path.name for path in up.secrets.iterdir()}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o400 for path in up.secrets.iterdir())
    text = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    for path in up.secrets.iterdir():
        if path.name != "s3_access_key":
            assert path.read_text().strip() not in text
    for service in up.services.values():
        assert set(service.get("secrets", [])) <= set(up.spec["secrets"])


def test_images_are_pinned_by_version_and_nothing_of_this_machine_stands_in_the_file() -> None:
    spec = described({})
    for name, service in spec["services"].items():
        image, _, tag = service["image"].partition(":")
        assert re.match(r"v?\d+(\.\d+)+", tag), (name, tag)
        assert image.count("/") <= 1 and "." not in image
        assert service["logging"]["options"]["max-size"]
        if name in OURS:
            assert service["image"] == f"sohoa:{VERSION}"
            assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert set(spec["services"]["prefect"]["environment"].items()) >= set(QUIET.items())
    assert spec["services"]["worker"]["stop_signal"] == "SIGINT"
    assert spec["networks"]["inside"] == {"internal": True}
    assert all("container_name" not in service for service in spec["services"].values())


def test_the_image_is_built_from_the_locks_and_runs_as_an_ordinary_user() -> None:
    text = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    assert text.count("FROM debian:12") == text.count("FROM ") == 2
    assert re.search(r"^USER sohoa$", text, re.M) and "HEALTHCHECK" in text
    setup = (ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8")
    assert "scripts/setup.sh runtime" in text and "--require-hashes" in setup
    tools = (ROOT / "scripts" / "test_tools.sh").read_text(encoding="utf-8")
    version, digest = (
        re.search(rf"^verapdf_{each}=(\S+)$", tools, re.M)[1]  # type: ignore[index]
        for each in ("version", "sha256")
    )
    assert f"{digest}  /build/lib/cli-{version}.jar" in text
    ignored = (ROOT / "deploy" / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".git", "deploy/secrets", "var"} <= set(ignored)
    assert shutil.which("sh") and not re.search(r"https?://", text)
