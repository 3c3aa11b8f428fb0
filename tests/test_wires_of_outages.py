"""A store or database that is away, mistyped or refusing: seen before a page is read, waited for, told in one line."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

import samples
from tests.machine import Machine
from tests.servers import free_port, versitygw


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch of one paper."""
    folder = tmp_path_factory.mktemp("scans")
    samples.make(folder, 1, 7)
    return next(path for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "truth")


def test_doctor_makes_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    done = machine.run("doctor")
    assert done.returncode == 0, done.stdout
    assert "lần chạy đầu sẽ tạo" in done.stdout
    assert not machine.home.exists()


def test_a_store_of_an_unknown_kind_is_named(tmp_path: Path, scans: Path) -> None:
    done = Machine(tmp_path, SOHOA_STORE__KIND="s4").run("digitize", scans, "--plain")
    assert done.returncode == 1 and "s4" in done.stderr and "local, s3" in done.stderr


def test_a_store_that_is_down_is_seen_before_reading_and_said_in_a_line(tmp_path: Path, scans: Path) -> None:
    environment = {
        "SOHOA_STORE__KIND": "s3",
        "SOHOA_STORE__ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "SOHOA_S3_ACCESS_KEY": "key",
        "SOHOA_S3_SECRET_KEY": "secret-key",
        "SOHOA_OUTAGE_MINUTES": "0.08",  # longer than the client's own tries
    }
    machine = Machine(tmp_path, **environment)
    done = machine.run("digitize", scans, "--plain")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 3, done.stderr
    assert "store_away" in done.stderr
    quiet = Machine(tmp_path, **environment, SOHOA_LOG_LEVEL="ERROR").run("digitize", scans, "--plain")
    assert quiet.returncode == 1 and "store_away" not in quiet.stderr
    assert "chưa làm 1" in machine.run("batch", "show", scans.name).stdout or not machine.json(
        "batch", "list"
    )


@pytest.mark.s3
def test_a_mistyped_bucket_is_not_made_by_doctor_and_a_store_that_comes_back_is_waited_for(
    tmp_path: Path, scans: Path
) -> None:
    port = free_port()
    environment = {
        "SOHOA_STORE__KIND": "s3",
        "SOHOA_STORE__ENDPOINT": f"http://127.0.0.1:{port}",
        "SOHOA_S3_ACCESS_KEY": "key",
        "SOHOA_S3_SECRET_KEY": "secret-key",
    }
    machine = Machine(tmp_path / "m", **environment)
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(machine.run("digitize", scans, "--plain")))
    waiting.start()
    time.sleep(6)
    assert not answers  # it waits
    with versitygw(tmp_path / "s3", port=port, keys=("key", "secret-key")):
        waiting.join(120)
        assert answers and answers[0].returncode in {0, 3}, answers[0].stderr
        assert answers[0].stderr.count("store_away") == 1 and "store_back" in answers[0].stderr
        assert machine.json("batch", "show", scans.name)["files"]["read"] == 1
        wrong = Machine(tmp_path / "w", **environment, SOHOA_STORE__BUCKET="sohao").run("doctor")
        assert wrong.returncode == 5 and "sohao" in wrong.stdout
        again = Machine(tmp_path / "w", **environment, SOHOA_STORE__BUCKET="sohao").run("doctor")
        assert again.returncode == 5  # nobody made it meanwhile
        keys = {}
        for name, word in (("ACCESS", "key"), ("SECRET", "secret-key")):
            (tmp_path / name).write_text(f"{word}\n", encoding="utf-8")
            keys[f"SOHOA_STORE__{name}_KEY_FILE"] = str(tmp_path / name)
        shown = {key: value for key, value in environment.items() if "S3_" not in key}
        assert Machine(tmp_path / "f", **shown).run("doctor").returncode == 5
        assert Machine(tmp_path / "f", **shown, **keys).run("doctor").returncode == 0
